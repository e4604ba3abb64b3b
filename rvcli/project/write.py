"""Writes the files of a project."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template

from rvcli import keys
from rvcli.errors import UsageError
from rvcli.filesystem import is_local, to_path
from rvcli.project import blocks
from rvcli.project.proposal import Proposal
from rvcli.utils.files import atomic_path

_TASK_WORDS = {
    keys.SEMANTIC_SEGMENTATION: "Give every pixel a class",
    keys.OBJECT_DETECTION: "Find objects, and draw a box around each",
    keys.CHIP_CLASSIFICATION: "Give every cell a class",
}
_ADVICE = {
    keys.SEMANTIC_SEGMENTATION: "Label all of an area: what no polygon covers there is learned as"
    " something else. More labels from other places make a model better than other options do.",
    keys.OBJECT_DETECTION: "Label all objects of an area: what has no box there is learned as"
    " something else. Where boxes are missed, lower `score_thresh` in `experiment.py`; where"
    " there are too many, raise it.",
    keys.CHIP_CLASSIFICATION: "Cells are squares of `chip_size` pixels, side by side from the upper"
    " left corner of the image.",
}


def slug(name: str) -> str:
    """Return a name as the id of an experiment: lower case, with hyphens."""
    found = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return found or "project"


def project_files(proposal: Proposal, directory: Path, *, plugin: bool) -> dict[str, str]:
    """Return the text of each file of a project by its path in the directory.

    Args:
        proposal: what it is about.
        directory: where it will be; paths of imagery are relative to it, if they are inside.
        plugin: with a plugin, and tests for it.
    """
    words = _words(proposal, directory, plugin)
    files = {
        "rv.toml": "rv.toml",
        "experiment.py": "experiment.py",
        "tests/test_experiment.py": "test_experiment.py",
        "README.md": "README.md",
        ".gitignore": "gitignore",
    }
    if plugin:
        name = _plugin(proposal)
        files[f"plugins/{name}.py"] = f"{name}.py"
        files[f"tests/test_{name}.py"] = f"test_{name}.py"
    found = {path: _template(name).substitute(words) for path, name in files.items()}
    found["scenes.csv"] = _scenes(proposal, directory)
    return {**found, **proposal.area_files}


def existing(files: Mapping[str, str], directory: Path) -> list[str]:
    """List the files that are there already, with other content."""
    return [
        name
        for name, text in files.items()
        if (path := directory / name).exists() and _content(path) != text
    ]


def write_files(files: Mapping[str, str], directory: Path, *, force: bool) -> list[str]:
    """Write files, each whole or not at all, and return their names, sorted.

    Raises:
        UsageError: some are there already, and not forced.
        NotWritableError: a file cannot be written.
    """
    there = [] if force else existing(files, directory)
    if there:
        shown = ", ".join(there[:10]) + (f" and {len(there) - 10} more" if there[10:] else "")
        raise UsageError(
            f"{directory} has files that would be overwritten: {shown}",
            hint="choose another directory, as in rv init my-project; or give --force to replace"
            " them",
        )
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as part:
            part.write_text(text, encoding="utf-8")
    return sorted(files, key=lambda name: ("/" in name, name))


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _template(name: str) -> Template:
    folder = resources.files("rvcli.project") / "templates"
    return Template((folder / f"{name}.tmpl").read_text(encoding="utf-8"))


def _plugin(proposal: Proposal) -> str:
    is_map = proposal.task == keys.SEMANTIC_SEGMENTATION
    return "area_evaluator" if is_map else "count_evaluator"


def _words(proposal: Proposal, directory: Path, plugin: bool) -> dict[str, str]:
    """Return what the templates' names stand for."""
    name = slug(directory.absolute().name)
    plugin_name = _plugin(proposal)
    builder = f'rv.EvaluatorConfig.builder("{plugin_name.upper()}")'
    plugin_lines = [
        "        # From the plugin that rv.toml names.",
        f"        own = {builder}.with_class_map(task.class_map).build()",
    ]
    key = blocks.backend_key(proposal)
    is_map = proposal.task == keys.SEMANTIC_SEGMENTATION
    summary = f"{_TASK_WORDS[proposal.task]}: {_listed(proposal.class_names)}."
    path = f"plugins/{plugin_name}.py"
    return {
        "summary": summary,
        "other_chip_size": str(max(16, proposal.chip_size // 2)),
        "classes": blocks.classes(proposal),
        "method": name.replace("-", "_"),
        "id": name,
        "chip_size": str(proposal.chip_size),
        "task": proposal.task,
        "task_options": blocks.task_options(proposal),
        "plugin": "\n".join(plugin_lines) if plugin else "",
        "evaluators": "[figures, own]" if plugin else "[figures]",
        "backend": blocks.backend(proposal),
        "backend_doc": "" if key.startswith("PYTORCH") else ": no GPU is needed",
        "backend_key": key,
        "bands": blocks.bands(proposal),
        "labels": blocks.labels(proposal),
        "labels_doc": _plain(blocks.labels_doc(proposal)),
        "things": "boxes" if proposal.task == keys.OBJECT_DETECTION else "cells",
        "testing_names": "plugin_loaded" if plugin else "temporary_registry",
        "context": f'plugin_loaded(HERE / "{path}")' if plugin else "temporary_registry()",
        "plugins": f'\n[PLUGINS]\nfiles = ["{path}"]\n' if plugin else "",
        "plugin_words": ", and the plugin" if plugin else "",
        "plugin_row": f"| `{path}` | a plugin: an evaluator to start from |\n" if plugin else "",
        "area_row": "| `areas/` | the parts of the image for training and validation |\n"
        if proposal.area_files
        else "",
        "image": _shell(_relative(proposal.scenes[-1].image, directory)),
        "output": "map.tif" if is_map else "map.geojson",
        "advice": _ADVICE[proposal.task],
    }


def _scenes(proposal: Proposal, directory: Path) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["split", "id", "image", "labels", "area"])
    for scene in proposal.scenes:
        uris = (_relative(scene.image, directory), _relative(scene.labels, directory))
        writer.writerow([scene.split, scene.id, *uris, scene.area])
    return text.getvalue()


def _relative(uri: str, directory: Path) -> str:
    """Return a path relative to the project if it lies there, else an absolute one."""
    if not is_local(uri):
        return uri
    path = Path(os.path.abspath(to_path(uri)))  # noqa: PTH100 - links stay as they are
    try:
        return path.relative_to(directory.absolute()).as_posix()
    except ValueError:
        return str(path)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(_plain(name) for name in names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown


def _plain(text: str) -> str:
    """Return a text that means nothing to Python or Markdown."""
    return re.sub(r"[^\w .,:'-]", "_", text)


def _shell(path: str) -> str:
    import shlex

    return shlex.quote(path)
