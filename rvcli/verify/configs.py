"""Prove a config and its builder: build, mutate, round-trip, copy."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from rvcli import registry
from rvcli.config import Config, config_from_message
from rvcli.config.families import TYPE_FIELDS
from rvcli.errors import MissingDependencyError
from rvcli.registry import Entry
from rvcli.verify.compare import LOST, TYPE, Difference, differences
from rvcli.verify.entities import check_entity
from rvcli.verify.faults import Stage
from rvcli.verify.io import check_io
from rvcli.verify.place import is_inherited_from_rv, place_of_class, place_of_method
from rvcli.verify.report import Finding, Notes
from rvcli.verify.samples import NoSampleError, arguments_for, sample_for

_STRUCT_HINT = (
    "a Struct knows only floats, texts, lists and dicts: convert back in the builder's from_proto,"
    " such as int(...) or tuple(...), or declare the field, which does it for you"
)


def check_config(entry: Entry, notes: Notes, stage: Stage) -> None:
    """Prove one registered config."""
    component = f"{entry.group} {entry.key}"
    try:
        builder = registry.current().get_config_builder(entry.group, entry.key)()
    except MissingDependencyError as e:
        notes.skipped("builder", e.message, component)
        return
    except Exception as e:
        finding = stage.finding(e, "making its builder", code="builder-fails", component=component)
        notes.concluded("builder", [finding], component)
        return
    notes.passed("builder", component)
    filled, findings = _fill(builder, component, stage)
    notes.concluded("builder methods", findings, component)
    built = {}
    problems: list[Exception] = []
    for name, candidate in (("defaults", builder), ("made-up values", filled)):
        try:
            built[name] = candidate.build()
        except Exception as e:
            problems.append(e)
    if not built:
        _conclude_unbuilt(problems, notes, component, stage)
        return
    notes.passed("build", component)
    defaults = built.get("defaults")
    known: set[tuple[str, ...]] = set()
    for name, config in built.items():
        found = [f for f in _round_trip(entry, config, defaults, stage) if _gist(f) not in known]
        known |= {_gist(finding) for finding in found}
        notes.concluded(f"round trip of {name}", found, component)
        if not found:
            copied = _copy_through_builder(config, component, stage)
            found = [f for f in copied if _gist(f) not in known]
            known |= {_gist(finding) for finding in found}
            notes.concluded(f"copy of {name} through its builder", found, component)
    best = next(reversed(built.values()))
    notes.concluded("inputs and outputs", check_io(best, component, stage), component)
    check_entity(entry, built, notes, stage)


def _conclude_unbuilt(
    problems: list[Exception], notes: Notes, component: str, stage: Stage
) -> None:
    """A config that needs values which cannot be made up is no fault; a broken one is."""
    error = problems[-1]
    finding = stage.finding(error, "building it", code="build-fails", component=component)
    if finding.code in ("import-missing", "abstract", "relative-file"):
        notes.concluded("build", [finding], component)
    else:
        notes.skipped("build", f"neither defaults nor made-up values do: {error}", component)


def _fill(builder: Any, component: str, stage: Stage) -> tuple[Any, list[Finding]]:
    """Call every `with_` method of the plugin with made-up values.

    Returns:
        The builder with all values that could be set, and what is wrong with its methods.
    """
    findings: list[Finding] = []
    filled = builder
    config_class = getattr(builder, "config_class", None)
    declared = isinstance(config_class, type) and issubclass(config_class, Config)
    if declared and config_class is not None and config_class.is_declared():
        filled = builder.set(**_declared_samples(config_class))
    for name in sorted(n for n in dir(type(builder)) if n.startswith("with_")):
        if is_inherited_from_rv(type(builder), name):
            continue
        result, finding = _call(builder, name, component)
        if finding is not None:
            findings.append(finding)
        elif result is not None:
            after, _ = _call(filled, name, component)
            filled = after if after is not None else filled
    return filled, findings


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


def _call(builder: Any, name: str, component: str) -> tuple[Any, Finding | None]:
    """Call one method; return the new builder, or None where it cannot be tried."""
    method = getattr(builder, name)
    arguments = arguments_for(method, _values(builder))
    if arguments is None:
        return None, None
    before = _frozen(builder)
    try:
        result = method(**arguments)
    except Exception:
        return None, None  # the values are made up; it may well refuse them
    where = place_of_method(builder, name)
    if _frozen(builder) != before:
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


def _frozen(builder: Any) -> str:
    """Return the state of a builder as text; what cannot be copied counts by its type."""
    try:
        # `config` may be an attribute of the class, which all builders share.
        state = {**vars(builder), "config": getattr(builder, "config", None)}
        return repr(sorted(copy.deepcopy(state).items(), key=lambda item: item[0]))
    except Exception:
        return repr(sorted((name, type(value)) for name, value in vars(builder).items()))


def _round_trip(entry: Entry, config: Any, defaults: Any, stage: Stage) -> Iterator[Finding]:
    """Send a config through its message as JSON text, and compare."""
    from google.protobuf.json_format import MessageToJson, Parse

    component = f"{entry.group} {entry.key}"
    try:
        message = config.to_proto()
        text = MessageToJson(message)
    except Exception as e:
        where = place_of_method(config, "to_proto")
        yield stage.finding(
            e, "writing its message", code="message-fails", component=component, where=where
        )
        return
    key = getattr(message, TYPE_FIELDS[entry.group], None)
    if key != entry.key:
        yield Finding(
            "wrong-key",
            f"to_proto writes {TYPE_FIELDS[entry.group]} {key!r}, but it is registered as"
            f" {entry.key!r}: the message cannot be read back",
            "use one name for both",
            place_of_method(config, "to_proto"),
            component,
        )
        return
    try:
        again = config_from_message(entry.group, Parse(text, type(message)()))
    except Exception as e:
        yield stage.finding(e, "reading its message", code="message-fails", component=component)
        return
    if type(again) is not type(config):
        yield Finding(
            "wrong-class",
            f"a {type(config).__name__} comes back as a {type(again).__name__}",
            "build the same class in from_proto",
            place_of_class(config),
            component,
        )
        return
    known = vars(defaults) if defaults is not None else {}
    for difference in differences(_public(config), _public(again)):
        yield _lost_or_changed(difference, config, known, text, component)


def _lost_or_changed(
    difference: Difference, config: Any, defaults: dict[str, Any], text: str, component: str
) -> Finding:
    path, name = difference.path, difference.name
    before, after = difference.before, difference.after
    builder = type(config.to_builder()) if _has_builder(config) else type(config)
    reader = place_of_method(builder, "from_proto")
    if difference.kind == TYPE:
        return Finding(
            "type-changed",
            f"{path} changes type on the way through the message: {_short(before)}"
            f" ({type(before).__name__}) becomes {_short(after)} ({type(after).__name__})",
            _STRUCT_HINT,
            reader,
            component,
        )
    back_to_default = name in defaults and not differences(defaults[name], after)
    if difference.kind == LOST or back_to_default:
        written = f'"{name}"' in text or f'\\"{name}\\"' in text
        return Finding(
            "field-lost",
            f"{path} is lost on the way through the message: {_short(before)} becomes"
            f" {_short(after)}; "
            + ("it is written but not read" if written else "it is not written"),
            "write every field in to_proto, and read it in the builder's from_proto",
            reader if written else place_of_method(config, "to_proto"),
            component,
        )
    return Finding(
        "value-changed",
        f"{path} changes on the way through the message: {_short(before)} becomes {_short(after)}",
        "read in from_proto what to_proto wrote",
        reader,
        component,
    )


def _copy_through_builder(config: Any, component: str, stage: Stage) -> Iterator[Finding]:
    """A builder that starts from a config must keep all of it."""
    try:
        again = config.to_builder().build()
    except Exception as e:
        yield stage.finding(
            e, "building it anew from itself", code="builder-loses", component=component
        )
        return
    for difference in differences(_public(config), _public(again)):
        yield Finding(
            "builder-loses",
            f"{difference.path} is lost when the config is built anew from itself:"
            f" {_short(difference.before)} becomes {_short(difference.after)}",
            "copy every field of `prev` in the builder's __init__",
            place_of_method(config.to_builder(), "__init__"),
            component,
        )


def _gist(finding: Finding) -> tuple[str, ...]:
    """What tells two findings apart that were made with different values."""
    return finding.code, finding.where or "", finding.message.partition(" ")[0]


def _has_builder(config: Any) -> bool:
    try:
        config.to_builder()
    except Exception:
        return False
    return True


def _public(config: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(config).items() if not name.startswith("_")}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
