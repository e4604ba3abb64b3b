"""All that is registered, as people look it up: where it comes from, what it needs and takes."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rvcli import keys, registry
from rvcli.config.describe import FieldRow, describe
from rvcli.config.documented import (
    first_paragraph,
    inner_classes,
    paragraphs,
    signature_of,
    written_methods,
)
from rvcli.config.example import example, is_declared
from rvcli.errors import RegistryError, RvError, nearest
from rvcli.registry import Entry

# A package of each extra that nothing else brings.
PROBES = {
    "local": "rasterio",
    "torch": "torch",
    "keras": "keras",
    "dask": "distributed",
    "fsspec": "fsspec",
}


@dataclass(frozen=True)
class Row:
    """A key in one line.

    Attributes:
        group: of the key.
        key: under which it is registered.
        origin: "rvcli", or the URI, module or distribution of a plugin.
        extra: the pip extra that it needs to work; empty if none.
        installed: that extra is.
        doc: what it does, one line.
        problem: why it cannot be loaded, or empty.
    """

    group: str
    key: str
    origin: str
    extra: str
    installed: bool
    doc: str
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Method:
    """A method of a builder beyond those that follow from fields."""

    signature: str
    doc: str


@dataclass(frozen=True)
class Options:
    """A class of options that a field holds."""

    name: str
    doc: str
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True)
class Page:
    """All that is known of a key.

    Attributes:
        row: it in one line.
        component: name of the config class, or of what else is registered.
        doc: paragraphs of its docstring.
        declared: its fields are known; else it is written the classic way, or is no config.
        fields: the fields.
        options: what fields with options of their own hold.
        methods: of the builder.
        example: Python or shell that uses it; empty if there is none.
        note: what else there is to know, or empty.
    """

    row: Row
    component: str
    doc: tuple[str, ...]
    declared: bool
    fields: tuple[FieldRow, ...] = ()
    options: tuple[Options, ...] = ()
    methods: tuple[Method, ...] = ()
    example: str = ""
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        plain = asdict(self)
        return {**plain.pop("row"), **plain}


def rows(group: str | None = None) -> list[Row]:
    """List what is registered, by group and key.

    Raises:
        RegistryError: there is no such group.
    """
    groups = keys.GROUPS if group is None else (find_group(group),)
    entries = registry.current().entries()
    return [
        _row(entry)
        for wanted in groups
        for entry in sorted((e for e in entries if e.group == wanted), key=lambda e: e.key)
    ]


def find_group(name: str) -> str:
    """Return a group by its name in any case, also in the plural.

    Raises:
        RegistryError: there is none.
    """
    wanted = name.upper().replace("-", "_").replace(" ", "_")
    for candidate in (wanted, wanted.removesuffix("S")):
        if candidate in keys.GROUPS:
            return candidate
    near = nearest(wanted, list(keys.GROUPS))
    groups = ", ".join(keys.GROUPS)
    hint = f"did you mean {near}?" if near else f"there are {groups}"
    raise RegistryError(f"there is no group {name!r}", hint=hint)


def find(key: str, group: str | None = None) -> list[Entry]:
    """Return what a key means, in the order of groups.

    Args:
        key: in any case; the name of a config class does as well.
        group: in which it is to be looked for; all if None.

    Raises:
        RegistryError: there is no such key; the hint names the nearest.
    """
    groups = keys.GROUPS if group is None else (find_group(group),)
    every = [e for wanted in groups for e in registry.current().entries(wanted)]
    wanted = key.upper().replace("-", "_")
    found = [e for e in every if key == e.key or wanted == e.key.upper()]
    found = found or [e for e in every if key.lower() in _class_names(e)]
    if found:
        return found
    known = sorted({_short(e.key) for e in every})
    found = [e for e in every if key.lower() == _short(e.key).lower()]
    if found:
        return found
    near = nearest(wanted, known) or nearest(key, known)
    place = f"no {groups[0]}" if group is not None else "nothing"
    raise RegistryError(
        f"{place} is called {key!r}",
        hint=f"did you mean {near}?" if near else "rv keys lists all that there is",
    )


def page(entry: Entry) -> Page:
    """Return all that is known of a key; what cannot be loaded is told as a problem."""
    row = _row(entry)
    if row.problem:
        return Page(row, str(entry.component), (), False, note=row.problem)
    component = entry.load()
    if entry.group in keys.CONFIG_GROUPS:
        return _of_config(entry, row)
    if entry.group == keys.COMMAND:
        found = _of_config(entry, row)
        run = f"rv run local experiment.py {entry.key.lower()}"
        note = "Experiments make this config: set what it holds on them."
        return Page(
            row, found.component, found.doc, found.declared, found.fields, example=run, note=note
        )
    shown = tuple(paragraphs(inspect.getdoc(component)))
    name = getattr(component, "__name__", str(component))
    return Page(row, name, shown, False, example=_shell(entry, component), note=_aux(component))


def _row(entry: Entry) -> Row:
    extra = entry.extra or ""
    doc, problem = "", ""
    try:
        doc = first_paragraph(inspect.getdoc(_described(entry)))
    except RvError as e:
        problem = e.message + (f"; {e.hint}" if e.hint else "")
    except Exception as e:
        # Of plugins: whatever their modules raise when they are imported.
        problem = f"{type(e).__name__}: {e}"
    return Row(entry.group, entry.key, str(entry.origin), extra, is_installed(extra), doc, problem)


def is_installed(extra: str) -> bool:
    """Tell whether a pip extra is installed, without importing what it brings."""
    probe = PROBES.get(extra)
    return probe is None or importlib.util.find_spec(probe) is not None


def _described(entry: Entry) -> Any:
    """Return the class whose docstring says what a component does."""
    component = entry.load()
    if entry.group in (*keys.CONFIG_GROUPS, keys.COMMAND):
        builder = registry.current().get_config_builder(entry.group, entry.key)
        return getattr(builder, "config_class", None) or builder
    return component


def _class_names(entry: Entry) -> set[str]:
    """Return the names of the classes of a built-in config, in lower case, from where it is."""
    component = entry.component
    name = component.rpartition(":")[2] if isinstance(component, str) else ""
    name = name or getattr(component, "__name__", "")
    return {name.lower(), name.removesuffix("Builder").lower()}


def _short(key: str) -> str:
    """Return the last name of a key that is a place in code."""
    return key.rpartition(":")[2]


def _of_config(entry: Entry, row: Row) -> Page:
    builder: Any = registry.current().get_config_builder(entry.group, entry.key)
    config_class: Any = getattr(builder, "config_class", None)
    name = str(getattr(config_class or builder, "__name__", builder))
    doc = tuple(paragraphs(inspect.getdoc(config_class or builder)))
    if is_declared(builder):
        options = tuple(
            Options(inner.__name__, first_paragraph(inner.__doc__), tuple(describe(inner)))
            for inner in inner_classes(config_class)
            if inner.__name__ != "ClassMap"
        )
        code = example(entry.group, entry.key, config_class) if entry.group != keys.COMMAND else ""
        methods = _methods(written_methods(builder))
        older = "" if config_class.key == entry.key else f"An older name of {config_class.key}."
        fields = tuple(describe(config_class))
        return Page(row, name, doc, True, fields, options, methods, code, older)
    methods = _methods(
        (f"{method}{signature_of(getattr(builder, method))}", _doc(builder, method))
        for method in sorted(dir(builder))
        if method.startswith("with_") and callable(getattr(builder, method))
    )
    return Page(
        row,
        name,
        doc,
        False,
        methods=methods,
        example=example(entry.group, entry.key),
        note="It is written the classic way, so that its fields are not known: these are the"
        " methods of its builder.",
    )


def _methods(found: Iterable[tuple[str, str]]) -> tuple[Method, ...]:
    return tuple(Method(signature, doc) for signature, doc in found)


def _doc(builder: Any, method: str) -> str:
    return first_paragraph(getattr(builder, method).__doc__)


def _shell(entry: Entry, component: Any) -> str:
    if entry.group == keys.EXPERIMENT_RUNNER:
        return f"rv run {entry.key.lower()} experiment.py"
    if entry.group == keys.AUX_COMMAND:
        needed = getattr(component.command_options, "required_fields", None) or []
        values = ", ".join(f'{name}="..."' for name in needed)
        lines = [
            "import rvcli as rv",
            "",
            "command = (",
            f'    rv.CommandConfig.builder("{entry.key}")',
            '    .with_root_uri("out")',
            f"    .with_config({values})",
            "    .build()",
            ")",
        ]
        return "\n".join(lines)
    return ""


def _aux(component: Any) -> str:
    options = getattr(component, "command_options", None)
    needed = getattr(options, "required_fields", None)
    return f"Its config needs: {', '.join(needed)}." if needed else ""
