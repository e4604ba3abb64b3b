"""Prove a config and its builder: build, mutate, round-trip, copy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rvcli import registry
from rvcli.config import config_from_message
from rvcli.config.families import TYPE_FIELDS
from rvcli.errors import MissingDependencyError
from rvcli.registry import Entry
from rvcli.verify.builders import fill, frozen, is_incomplete
from rvcli.verify.compare import LOST, TYPE, Difference, differences
from rvcli.verify.entities import check_entity
from rvcli.verify.faults import Stage
from rvcli.verify.io import check_io
from rvcli.verify.place import place_of_class, place_of_method
from rvcli.verify.report import Finding, Notes

DEFAULTS = "defaults"
MADE_UP = "made-up values"
GUESSES = "guesses"

_LOSSES = ("field-lost", "builder-loses")
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
    findings: list[Finding] = []
    candidates = {
        DEFAULTS: builder,
        MADE_UP: fill(builder, component, findings, guess=False),
        GUESSES: fill(builder, component, findings, guess=True),
    }
    notes.concluded("builder methods", dict.fromkeys(findings), component)
    built = {}
    tried: set[str] = set()
    problems: list[Exception] = []
    for name, candidate in candidates.items():
        state = frozen(candidate)
        if state in tried:
            continue
        tried.add(state)
        try:
            built[name] = candidate.build()
        except Exception as e:
            problems.append(e)
    if not built:
        _conclude_unbuilt(problems, notes, component, stage)
        return
    notes.passed("build", component)
    _check_round_trips(entry, built, notes, stage)
    sound = {name: config for name, config in built.items() if name != GUESSES}
    if not sound:
        notes.skipped("create", "only guessed values build it", component)
        return
    best = next(reversed(sound.values()))
    notes.concluded("inputs and outputs", check_io(best, component, stage), component)
    check_entity(entry, sound, notes, stage)


def _check_round_trips(entry: Entry, built: Mapping[str, Any], notes: Notes, stage: Stage) -> None:
    component = f"{entry.group} {entry.key}"
    known: set[tuple[str, ...]] = set()
    for name, config in built.items():
        for title, findings in (
            (f"round trip of {name}", _round_trip(entry, config, built.get(DEFAULTS), stage)),
            (f"copy of {name} through its builder", _copy(config, component, stage)),
        ):
            found = []
            for finding in findings:
                if _gist(finding) not in known:
                    known.add(_gist(finding))
                    found.append(finding)
            if name == GUESSES:
                # A guess may be of the wrong kind, but to lose it is wrong anyway.
                found = [finding for finding in found if finding.code in _LOSSES]
            notes.concluded(title, found, component)
            if found:
                break


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


def _round_trip(entry: Entry, config: Any, defaults: Any, stage: Stage) -> Iterator[Finding]:
    """Send a config through its message as JSON text, and compare."""
    from google.protobuf.json_format import MessageToJson, Parse

    component = f"{entry.group} {entry.key}"
    try:
        message = config.to_proto()
        text = MessageToJson(message)
    except Exception as e:
        if is_incomplete(config, e):
            return
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
        if is_incomplete(config, e):
            return
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


def _copy(config: Any, component: str, stage: Stage) -> Iterator[Finding]:
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
    return finding.code, finding.where or "", re.split(r"[\[. ]", finding.message)[0]


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
