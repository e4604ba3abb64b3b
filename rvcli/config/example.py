"""An example of how a config is built, made from the declarations of its fields."""

from __future__ import annotations

import typing
from typing import Any, Literal

from rvcli import keys, registry
from rvcli.config.builder import ConfigBuilder
from rvcli.config.config import Config
from rvcli.config.convert import accepts_none
from rvcli.config.declared import Declared
from rvcli.config.documented import is_written
from rvcli.config.field import MISSING, Field

# What experiments call the configs that are given to others.
_FAMILY_NAMES = {
    keys.TASK: "TaskConfig",
    keys.BACKEND: "BackendConfig",
    keys.RASTER_SOURCE: "RasterSourceConfig",
    keys.VECTOR_SOURCE: "VectorSourceConfig",
    keys.LABEL_SOURCE: "LabelSourceConfig",
    keys.LABEL_STORE: "LabelStoreConfig",
    keys.RASTER_TRANSFORMER: "RasterTransformerConfig",
    keys.AUGMENTOR: "AugmentorConfig",
    keys.ANALYZER: "AnalyzerConfig",
    keys.EVALUATOR: "EvaluatorConfig",
}
_SHORTEST = {
    keys.RASTER_SOURCE: (
        '"image.tif"',
        'rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri("image.tif").build()',
    ),
    keys.VECTOR_SOURCE: (
        '"labels.geojson"',
        'rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE).with_uri("labels.geojson").build()',
    ),
}
_BY_TYPE: dict[Any, Any] = {bool: True, int: 1, float: 0.5, str: "text", list: [], dict: {}}
# So many fields that have a default are shown.
_MOST_DEFAULTS = 3


def family_name(group: str) -> str:
    """Return the class, as `rv` names it, whose `builder` takes the keys of a group."""
    return _FAMILY_NAMES[group]


def key_in_code(key: str) -> str:
    """Return what Python calls a key: a name of rv, or a text."""
    return f"rv.{key}" if getattr(keys, key, None) == key else repr(key).replace("'", '"')


def example(group: str, key: str, config_class: type[Declared] | None = None) -> str:
    """Return Python that builds a config: all required fields, and some others at their default.

    Args:
        group: of the config.
        key: of the config.
        config_class: whose fields are declared; None if nothing is known of them.
    """
    lines = ["import rvcli as rv", ""]
    calls: list[str] = []
    if group == keys.BACKEND or (config_class is not None and _wants(config_class, keys.TASK)):
        lines += _task(key)
        calls.append(".with_task(task)")
    if isinstance(config_class, type) and issubclass(config_class, Config):
        # Of two keys of a config one is of older releases.
        key = config_class.key or key
        builder_class = registry.current().get_config_builder(group, key)
        calls += _calls(config_class, builder_class)
    start = f"rv.{family_name(group)}.builder({key_in_code(key)})"
    lines += ["config = (", f"    {start}", *(f"    {call}" for call in [*calls, ".build()"]), ")"]
    return "\n".join(lines)


def _calls(config_class: type[Declared], builder_class: Any) -> list[str]:
    types_by_name = config_class.field_types()
    required, others = [], []
    for spec in config_class.fields():
        if spec.group == keys.TASK:
            continue
        if spec.required:
            required.append(_call(spec, types_by_name[spec.name], builder_class))
        elif spec.example is not MISSING:
            others.append(f".with_{spec.name}({_code(spec.example)})")
        elif _is_plain(spec) and spec.owner is config_class:
            others.append(f".with_{spec.name}({_code(spec.make_default())})")
    return [*required, *others[:_MOST_DEFAULTS]]


def _call(spec: Field, annotation: Any, builder_class: Any) -> str:
    if _is_class_map(annotation):
        return _classes(spec, builder_class)
    if spec.group is not None:
        return f".with_{spec.name}({_of_group(spec, annotation, builder_class)})"
    value = _value(spec, annotation) if spec.example is MISSING else spec.example
    return f".with_{spec.name}({_code(value)})"


def _classes(spec: Field, builder_class: Any) -> str:
    if hasattr(builder_class, "with_classes"):
        return '.with_classes({"building": (1, "red"), "background": (2, "gray")})'
    return f'.with_{spec.name}(rv.ClassMap.construct_from(["building", "background"]))'


def _of_group(spec: Field, annotation: Any, builder_class: Any) -> str:
    """Return code for what is of a family: a URI where that will do, else a config."""
    method = getattr(builder_class, f"with_{spec.name}", None)
    takes_uri = method is not None and is_written(method)
    short, long = _SHORTEST.get(spec.group or "", ("None", "None"))
    one = short if takes_uri else long
    return f"[{one}]" if typing.get_origin(annotation) in (list, tuple) else one


def _value(spec: Field, annotation: Any) -> Any:
    """Return a value of a type that passes the check of a field, as far as can be told."""
    wanted = _first_type(annotation)
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is Literal:
        return arguments[0]
    if spec.check is not None and (allowed := spec.check.schema.get("enum")):
        return allowed[0]
    if origin in (list, set, frozenset, tuple):
        items = [a for a in arguments if a is not Ellipsis] or [str]
        made = [_value(Field(name=spec.name), item) for item in items]
        return tuple(made) if origin is tuple else made
    if origin is dict and arguments:
        return {_value(Field(), arguments[0]): _value(Field(), arguments[1])}
    if wanted is str and spec.name.endswith(("uri", "uris", "path")):
        return "file.json"
    value = _BY_TYPE.get(wanted, "text")
    for candidate in (value, 1, 2, 0.5, 0, 100):
        if type(candidate) is type(value) and (spec.check is None or spec.check.test(candidate)):
            return candidate
    return value


def _first_type(annotation: Any) -> Any:
    options = [a for a in typing.get_args(annotation) if a is not type(None)]
    return options[0] if accepts_none(annotation) and options else annotation


def _is_class_map(annotation: Any) -> bool:
    return getattr(_first_type(annotation), "__name__", "") == "ClassMap"


def _is_plain(spec: Field) -> bool:
    value = spec.make_default()
    return isinstance(value, (bool, int, float, str)) and value != ""


def _wants(config_class: type[Declared], group: str) -> bool:
    return any(spec.group == group for spec in config_class.fields())


def _task(key: str) -> list[str]:
    """Return the lines of a task that goes with a backend, by the name of that."""
    task = next((task for task in keys.TASKS if task in key), keys.SEMANTIC_SEGMENTATION)
    task = keys.OBJECT_DETECTION if "BOXES" in key else task
    task = keys.CHIP_CLASSIFICATION if key == keys.KERAS_CLASSIFICATION else task
    return [f'task = rv.TaskConfig.builder(rv.{task}).with_classes(["building", "other"]).build()']


def _code(value: Any) -> str:
    """Return a value as Python, texts in double quotes."""
    if isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_code, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_code, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_code(k)}: {_code(v)}' for k, v in value.items())}}}"
    return repr(value)


def is_declared(builder_class: Any) -> bool:
    """Tell whether a builder is of a config that declares its fields."""
    config_class = getattr(builder_class, "config_class", None)
    return (
        isinstance(builder_class, type)
        and issubclass(builder_class, ConfigBuilder)
        and isinstance(config_class, type)
        and issubclass(config_class, Config)
        and config_class.is_declared()
        and config_class.key is not None
    )
