"""`stac-mlm.json` of a predict package: what the model takes, gives, and was made from.

A STAC item with the extension Machine Learning Model 1.4:
https://github.com/stac-extensions/mlm
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rvcli import keys
from rvcli.filesystem import base_name, is_local
from rvcli.records import versions_now
from rvcli.stac.model_facts import ModelFacts, read_model_facts
from rvcli.stac.training import Training, training_before
from rvcli.stac.vocabulary import (
    CLASSIFICATION,
    EXPERIMENT,
    IDENTITY,
    JSON_TYPE,
    MLM,
    PROCESSING,
    STAC_VERSION,
    TASK,
    classes,
    derived_from,
    href,
    media_type,
    software,
)

MODEL_ITEM_FILE = "stac-mlm.json"
TRAINING_DATA = "rv:training_data"
_MOST_LINKS = 100
_MOST_HYPERPARAMETERS = 50
_MOST_VALUES = 20
_LONGEST_TEXT = 200

_TASKS = {
    keys.SEMANTIC_SEGMENTATION: "semantic-segmentation",
    keys.CHIP_CLASSIFICATION: "scene-classification",
    keys.OBJECT_DETECTION: "object-detection",
}
# What a model gives for a batch of chips: shape (-1 is any number), names of axes, dtype, words.
_CHIP = -2
_RESULTS: dict[str, tuple[list[int], list[str], str, str]] = {
    keys.SEMANTIC_SEGMENTATION: (
        [-1, _CHIP, _CHIP],
        ["batch", "height", "width"],
        "uint8",
        "Class id of each pixel; 0 where there is no data.",
    ),
    keys.CHIP_CLASSIFICATION: ([-1, 1], ["batch", "class"], "uint8", "Class id of each chip."),
    keys.OBJECT_DETECTION: (
        [-1, -1, 6],
        ["batch", "object", "value"],
        "float64",
        "ymin, xmin, ymax, xmax in pixels, class id and score of each object.",
    ),
}
# Framework as the extension calls it -> the package whose version is in records.
_PACKAGES = {"PyTorch": "torch", "Keras": "keras", "scikit-learn": "sklearn"}
# As the extension advises for what a model is good for. When it was trained is left out: equal
# trainings make equal packages, and a record says when.
_ANY_TIME = {
    "datetime": None,
    "start_datetime": "1900-01-01T00:00:00Z",
    "end_datetime": "9999-12-31T23:59:59Z",
}
_DTYPES = frozenset(
    f"{kind}{bits}" for kind in ("int", "uint", "float") for bits in (8, 16, 32, 64)
) - {"float8"}
_SEMVER = re.compile(r"\d+\.\d+\.\d+(?:\+[0-9A-Za-z.-]+)?")
_NOT_HYPER = re.compile(r"(?:_uris?|_type|^debug|_dir|_interval|_tensorboard)$")


def write_model_item(bundle_dir: str, bundle_config: Any) -> None:
    """Write the item into a package that is otherwise whole.

    Args:
        bundle_dir: local directory of the files of the package.
        bundle_config: of the bundle command, its URIs as it was given them.
    """
    folder = Path(bundle_dir)
    training = training_before(bundle_config)
    facts = read_model_facts(folder / _model_name(folder, bundle_config.backend))
    item = model_item(bundle_config, folder, facts, training)
    text = json.dumps(item, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / MODEL_ITEM_FILE).write_text(text + "\n", encoding="utf-8")


def model_item(config: Any, folder: Path, facts: ModelFacts, training: Training) -> dict[str, Any]:
    """Return the item of a model.

    Args:
        config: of the bundle command.
        folder: with the files of the package.
        facts: what the model file says.
        training: what records say.
    """
    record = training.record
    bands = _bands(config.scene.raster_source, facts)
    pretrained, source = _origin(facts, record)
    item_id = training.experiment_id or str(config.task.task_type).lower()
    properties = {
        "title": f"{item_id}: {_task(config)}",
        "mlm:name": _name(item_id),
        "mlm:architecture": facts.architecture or _architecture(config.backend),
        "mlm:tasks": [_task(config)],
        "mlm:framework": facts.framework,
        "mlm:framework_version": _version(facts, training),
        "mlm:memory_size": facts.size_bytes,
        "mlm:total_parameters": facts.parameters,
        "mlm:accelerator_constrained": False,
        "mlm:accelerator_summary": "Predicts on any processor; nothing else is needed."
        if not config.backend.uses_gpu
        else "Predicts on any processor, faster where there is a GPU.",
        "mlm:batch_size_suggestion": int(config.task.predict_batch_size),
        "mlm:pretrained": pretrained,
        "mlm:pretrained_source": source,
        "mlm:input": [_input(config, facts, bands, folder)],
        "mlm:output": [_output(config)],
        "mlm:hyperparameters": _hyperparameters(facts, record),
        "processing:software": software(_versions(facts, training)),
        TASK: str(config.task.task_type),
        EXPERIMENT: training.experiment_id,
        "rv:training_scenes": training.scenes,
        "rv:training_files": len(training.imagery),
        TRAINING_DATA: [
            {"name": base_name(uri), IDENTITY: identity}
            for uri, identity in training.imagery[:_MOST_LINKS]
        ],
        "bands": bands,
    }
    area = training.area
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [MLM, CLASSIFICATION, PROCESSING],
        "id": item_id,
        **({"geometry": None} if area is None else area.to_dict()),
        "properties": {
            **{k: v for k, v in properties.items() if isinstance(v, bool) or v},
            **_ANY_TIME,
            # Whatever hardware will do.
            "mlm:accelerator": "cuda" if config.backend.uses_gpu else None,
            **({} if pretrained in (None, True) else {"mlm:pretrained_source": None}),
        },
        # Paths of one machine mean nothing on another, and may tell what is nobody's business.
        "links": [
            derived_from(uri, "training data", **{IDENTITY: identity})
            for uri, identity in training.imagery[:_MOST_LINKS]
            if not is_local(uri)
        ],
        "assets": _assets(folder, facts, bands),
    }


def _model_name(folder: Path, backend: Any) -> str:
    """Return the name of the model file in the package."""
    named = getattr(backend, "model_uri", None) or getattr(
        getattr(backend, "backend_opts", None), "model_uri", None
    )
    name = str(named or "").rstrip("/").rpartition("/")[2]
    if name and (folder / name).exists():
        return name
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    others = [n for n in files if not n.endswith((".json", ".py"))]
    return (others or files or [""])[0]


def _task(config: Any) -> str:
    return _TASKS.get(str(config.task.task_type), "classification")


def _architecture(backend: Any) -> str:
    return str(getattr(backend, "model_arch", None) or backend.backend_type)


def _name(text: str) -> str:
    """Return a name of the letters that the extension has for models."""
    name = re.sub(r"[^a-zA-Z0-9_.\-\s]+", "-", text).strip("-_. ")
    name = name if name[:1].isalpha() else f"model-{name}".rstrip("-")
    return name if len(name) >= 3 else f"model-{name}"


def _versions(facts: ModelFacts, training: Training) -> dict[str, str]:
    """Return the versions of what trained the model.

    Not those of all that the process had imported: other runners have more commands in one.
    """
    known = training.record.versions if training.record is not None else versions_now()
    names = ("rvcli", "python", "numpy", _PACKAGES.get(facts.framework))
    return {name: version for name, version in known.items() if name in names}


def _version(facts: ModelFacts, training: Training) -> str:
    known = training.record.versions if training.record is not None else {}
    version = facts.version or str(known.get(_PACKAGES.get(facts.framework, ""), ""))
    parts = version.count(".")
    version = version if parts >= 2 else f"{version}.0" if parts == 1 else ""
    return version if _SEMVER.fullmatch(version) else ""


def _origin(facts: ModelFacts, record: Any) -> tuple[bool | None, str]:
    """Tell whether training started from another model, if that is known, and from which."""
    backend = record.draft["config"].get("backend") or {} if record is not None else {}
    source = str(backend.get("pretrained_model_uri") or "")
    if source:
        return True, base_name(source) if is_local(source) else href(source)
    if not facts.framework:
        return None, ""
    source = facts.initial_weights
    return (False, "") if source in ("", "random") else (True, source)


def _bands(raster_source: Any, facts: ModelFacts) -> list[dict[str, Any]]:
    """Return the bands of an image that are read, in the order of the model's channels."""
    order = getattr(raster_source, "channel_order", None)
    if not order:
        order = range(facts.bands or 0)
    elif facts.bands is not None and facts.bands != len(order):
        # Transformers make other channels of what is read.
        return [{"name": f"channel{i + 1}"} for i in range(facts.bands)]
    return [{"name": f"band{number + 1}"} for number in order]


def _input(
    config: Any, facts: ModelFacts, bands: list[dict[str, Any]], folder: Path
) -> dict[str, Any]:
    size = int(getattr(config.task, "chip_size", 0) or -1)
    dtype = facts.dtypes[0] if facts.dtypes else "other"
    scaling = _scaling(config.scene.raster_source, facts, folder)
    by = "the statistics of the training imagery, to uint8" if scaling else "nothing"
    return {
        "name": "imagery",
        "bands": [band["name"] for band in bands],
        "input": {
            "shape": [-1, len(bands) or -1, size, size],
            "dim_order": ["batch", "channel", "height", "width"],
            "data_type": dtype if dtype in _DTYPES else "other",
        },
        "description": "Windows of an image, at the resolution that was trained on; rv predict"
        f" reads them, and scales them by {by}. A pixel of zeros has no data.",
        "value_scaling": scaling or None,
        "resize_type": None,
    }


def _scaling(raster_source: Any, facts: ModelFacts, folder: Path) -> list[dict[str, Any]]:
    """Return by what each channel is scaled before the model sees it."""
    for transformer in getattr(raster_source, "transformers", None) or ():
        uri = getattr(transformer, "stats_uri", None)
        if transformer.transformer_type == keys.STATS_TRANSFORMER and uri:
            path = folder / str(uri).rstrip("/").rpartition("/")[2]
            return _z_scores(path, raster_source.channel_order)
    return []


def _z_scores(path: Path, order: list[int] | None) -> list[dict[str, Any]]:
    try:
        stats = json.loads(path.read_text("utf-8"))
        means, stds = stats["means"], stats["stds"]
        pairs = [(float(means[i]), float(stds[i])) for i in order or range(len(means))]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return []
    if not all(math.isfinite(v) for pair in pairs for v in pair):
        return []
    return [{"type": "z-score", "mean": mean, "stddev": std} for mean, std in pairs]


def _output(config: Any) -> dict[str, Any]:
    task_type = str(config.task.task_type)
    size = int(getattr(config.task, "chip_size", 0) or -1)
    default = ([-1, -1], ["batch", "value"], "other", "What a task of a plugin predicts.")
    shape, axes, dtype, words = _RESULTS.get(task_type, default)
    class_map = getattr(config.task, "class_map", None)
    items = class_map.get_items() if class_map is not None else ()
    return {
        "name": "predictions",
        "tasks": [_task(config)],
        "result": {
            "shape": [size if n == _CHIP else n for n in shape],
            "dim_order": axes,
            "data_type": dtype,
        },
        "description": words,
        "classification:classes": classes(items),
    }


def _hyperparameters(facts: ModelFacts, record: Any) -> dict[str, Any]:
    """Return how was trained, without places and other things that do not matter."""
    config = record.draft["config"] if record is not None else {}
    given = {**dict(facts.options), **(config.get("backend") or {})}
    found = {}
    for name, value in sorted(given.items()):
        if value in (None, [], {}) or _NOT_HYPER.search(name):
            continue
        if re.fullmatch(r"[0-9a-zA-Z_.-]+", name):
            found[name] = _bounded(value)
    return dict(list(found.items())[:_MOST_HYPERPARAMETERS])


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(k): _bounded(v) for k, v in list(value.items())[:_MOST_VALUES]}
    if isinstance(value, (list, tuple)):
        return [_bounded(v) for v in value[:_MOST_VALUES]]
    return value


def _assets(
    folder: Path, facts: ModelFacts, bands: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    model: dict[str, Any] = {
        "href": f"./{facts.name}",
        "type": media_type(facts.name) or "application/octet-stream",
        "title": "model",
        "roles": ["mlm:model", "mlm:weights"],
        "mlm:artifact_type": facts.artifact,
    }
    if bands:
        model["bands"] = bands
    found = {"model": model}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in (facts.name, MODEL_ITEM_FILE):
            kind = JSON_TYPE if path.suffix == ".json" else media_type(name)
            role = "mlm:source_code" if path.suffix in (".py", ".whl") else "metadata"
            asset = {"href": f"./{name}", "type": kind, "title": path.stem, "roles": [role]}
            found[re.sub(r"[^0-9A-Za-z_-]+", "_", name)] = {k: v for k, v in asset.items() if v}
    return found
