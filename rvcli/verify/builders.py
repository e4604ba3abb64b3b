"""Prove a builder: call its methods with made-up values; none may change the builder."""

from __future__ import annotations

import copy
from typing import Any

from rvcli import keys
from rvcli.config import Config
from rvcli.registry import current
from rvcli.verify.place import is_inherited_from_rv, place_of_method
from rvcli.verify.report import Finding
from rvcli.verify.samples import NoSampleError, arguments_for, sample_for

SAMPLE_CLASSES = ["sample", "other"]


def is_incomplete(config: Any, error: BaseException) -> bool:
    """Tell whether a config fails only since nobody has set what it needs."""
    lacks = any(value is None for value in vars(config).values())
    return lacks and isinstance(error, (AttributeError, TypeError)) and "NoneType" in str(error)


def fill(builder: Any, component: str, findings: list[Finding], *, guess: bool) -> Any:
    """Call every `with_` method of the plugin with made-up values.

    Returns:
        The builder with all values that could be set; what is wrong with its methods is added
        to `findings`.
    """
    filled = _with_usual_values(builder)
    config_class = getattr(builder, "config_class", None)
    if (
        isinstance(config_class, type)
        and issubclass(config_class, Config)
        and config_class.key is not None
        and config_class.is_declared()
    ):
        filled = filled.set(**_declared_samples(config_class))
    for name in sorted(n for n in dir(type(builder)) if n.startswith("with_")):
        if is_inherited_from_rv(type(builder), name):
            continue
        result, finding = _call(builder, name, component, guess)
        if finding is not None:
            findings.append(finding)
        elif result is not None:
            after, _ = _call(filled, name, component, guess)
            filled = after if after is not None else filled
    return filled


def sample_task() -> Any:
    """Return the config of a task with two classes."""
    builder = current().get_config_builder(keys.TASK, keys.SEMANTIC_SEGMENTATION)()
    return builder.with_classes(SAMPLE_CLASSES).build()


def _with_usual_values(builder: Any) -> Any:
    """Give a builder the task, and a task its classes, as experiments do."""
    for name, value in (("with_task", sample_task()), ("with_classes", SAMPLE_CLASSES)):
        try:
            builder = getattr(builder, name)(value) or builder
        except Exception:
            continue  # it has no such method, or wants another task
    return builder


def _declared_samples(config_class: type[Config]) -> dict[str, Any]:
    """Return a value for each field that takes a plain one, other than its default."""
    samples = {}
    types_by_name = config_class.field_types()
    for spec in config_class.fields():
        if spec.group is not None:
            continue
        default = spec.make_default()
        try:
            wanted = sample_for(spec.name, types_by_name[spec.name], default)
        except NoSampleError:
            continue
        for candidate in (wanted, default, 1, 2, 0.5, 0):
            if type(candidate) is not type(wanted):
                continue
            if spec.check is None or spec.check.test(candidate):
                samples[spec.name] = candidate
                break
    return samples


def _call(builder: Any, name: str, component: str, guess: bool) -> tuple[Any, Finding | None]:
    """Call one method; return the new builder, or None where it cannot be tried."""
    method = getattr(builder, name)
    arguments = arguments_for(method, _values(builder), guess=guess)
    if arguments is None:
        return None, None
    before = frozen(builder)
    try:
        result = method(**arguments)
    except Exception:
        return None, None  # the values are made up; it may well refuse them
    where = place_of_method(builder, name)
    if frozen(builder) != before:
        return None, Finding(
            "builder-mutates",
            f"{name} changes the builder that it is called on, so that builders which were"
            " branched from it change too",
            "start with `b = deepcopy(self)`, change b, and return it",
            where,
            component,
        )
    if result is None:
        return None, Finding(
            "builder-returns-nothing",
            f"{name} returns None, so that no call can follow it",
            "return the changed copy of the builder",
            where,
            component,
        )
    return result, None


def _values(builder: Any) -> dict[str, Any]:
    values = getattr(builder, "config", None)
    return dict(values) if isinstance(values, dict) else {}


def frozen(builder: Any) -> str:
    """Return the state of a builder as text; what cannot be copied counts by its type."""
    try:
        # `config` may be an attribute of the class, which all builders share.
        state = {**vars(builder), "config": getattr(builder, "config", None)}
        return repr(sorted(copy.deepcopy(state).items(), key=lambda item: item[0]))
    except Exception:
        return repr(sorted((name, type(value)) for name, value in vars(builder).items()))
