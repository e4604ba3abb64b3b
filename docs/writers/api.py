"""The pages on classes and functions, from their docstrings."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Iterator
from enum import Enum
from types import FunctionType, ModuleType
from typing import Any

import griffe

import rvcli.config
import rvcli.testing
import rvcli.utils.files
from rvcli.config import Config
from rvcli.names import HOMES
from writers.markdown import code, table

# Titles of sections, and the homes below rvcli of what they hold; the first that fits counts.
SECTIONS = {
    "Experiments": ("experiment",),
    "Configs": ("config",),
    "Tasks": ("task",),
    "Backends": ("backend",),
    "Raster sources": ("data.raster_source",),
    "Raster transformers": ("data.raster_transformer",),
    "Vector sources": ("data.vector_source",),
    "Label sources": ("data.label_source",),
    "Label stores": ("data.label_store",),
    "Augmentors": ("augmentor",),
    "Analyzers": ("analyzer",),
    "Evaluators": ("evaluation",),
    "Commands": ("command",),
    "File systems": ("filesystem",),
    "Runners": ("runner",),
    "Labels": ("data.label",),
    "Scenes": ("data",),
    "Values": ("core",),
    "Predict packages": ("predictor",),
    "Profile and registry": ("profile", "registry", "cli"),
    "Errors": ("errors",),
}
# Named beside a default that has no short text.
_LONG_DEFAULT = 60


def api_page() -> Iterator[str]:
    """Yield the paragraphs of the page on what `import rvcli as rv` gives."""
    yield "# API"
    yield (
        "What `import rvcli as rv` gives to experiments and plugins. Configs that have a key, and"
        " the options of their builders, are in [Configs](configs.md), what plugins' tests use in"
        " [API for tests](testing.md). Each name is imported from its module on first use."
    )
    yield (
        "A method marked *abstract* has to be written by whoever derives from the class; the others"
        " may be. `tmp_dir` is a directory of the command that is removed when it ends."
    )
    for title, names in sections().items():
        yield f"## {title}"
        for name in names:
            yield from _entry(f"rv.{name}", getattr(rvcli, name), HOMES[name])
        if title == "Configs":
            yield from _entry("Field", rvcli.config.Field, "rvcli.config")
            yield "### Checks"
            yield "Conditions for `check=` of a field, from `rvcli.config`."
            rows = [[f"`{name}`", check.text] for name, check in _checks()]
            yield table(["check", "the value"], rows)
    yield "## Files"
    yield "`from rvcli.utils import files`; [Files](../how-to/files.md) says which URIs there are."
    for name, function in _functions(rvcli.utils.files):
        yield from _callable(f"files.{name}", function)


def testing_page() -> Iterator[str]:
    """Yield the paragraphs of the page on what the tests of plugins use."""
    yield "# API for tests"
    yield "What `rvcli.testing` has for the tests of plugins: a registry to play in, and contracts."
    _, _, example = inspect.cleandoc(rvcli.testing.__doc__ or "").partition("\n\n")
    yield code(example, "python")
    for name in rvcli.testing.__all__:
        value = getattr(rvcli.testing, name)
        yield from _entry(name, value, value.__module__)


def sections() -> dict[str, list[str]]:
    """Return the names of each section: all public ones that no other page has."""
    found: dict[str, list[str]] = {title: [] for title in SECTIONS}
    for name, home in HOMES.items():
        value = getattr(rvcli, name)
        if not _is_elsewhere(name, value):
            found[_section(home)].append(name)
    return found


def _is_elsewhere(name: str, value: Any) -> bool:
    if isinstance(value, type) and issubclass(value, Config):
        return bool(value.key)
    # A builder has what its config declares.
    return name.endswith("ConfigBuilder") and name != "ConfigBuilder"


def _section(home: str) -> str:
    for title, homes in SECTIONS.items():
        if any(f"{home}.".startswith(f"rvcli.{start}.") for start in homes):
            return title
    raise SystemExit(f"docs/writers/api.py has no section for {home}")


def _entry(name: str, value: Any, home: str) -> Iterator[str]:
    """Yield what there is to say of a class or function."""
    if not isinstance(value, type):
        yield from _callable(name, getattr(value, "callback", value), level="###")
        return
    yield f"### {name.removeprefix('rv.')}"
    bases = [base.__name__ for base in value.__bases__ if base.__module__.startswith("rvcli")]
    yield f"`{home}`" + (f", a {', '.join(f'`{base}`' for base in bases)}" if bases else "")
    yield from _docstring(value.__doc__)
    if issubclass(value, Enum):
        yield "One of " + ", ".join(f"`{member.name}`" for member in value) + "."
    elif not issubclass(value, (Config, Exception)) and not inspect.isabstract(value):
        signature = _signature(value)
        if signature not in ("", "()", "(*args, **kwargs)"):
            yield f"Made by `{name}{signature}`."
    for method, function, kind in _methods(value):
        yield from _callable(method, function, kind=kind)


def _checks() -> Iterator[tuple[str, rvcli.config.Check]]:
    config = rvcli.config
    for name in ("positive", "not_negative", "not_empty"):
        yield name, getattr(config, name)
    yield "between(low, high)", config.between("low", "high")  # type: ignore[arg-type]
    yield "one_of(...)", config.one_of("...")


def _methods(value: type) -> Iterator[tuple[str, Any, str]]:
    """Yield the public methods that a class defines and says something of, as written."""
    for owner in (value, *_unnamed(value)):
        for name, member in vars(owner).items():
            if name.startswith("_") or (owner is not value and name in vars(value)):
                continue
            function, kind = _unwrap(member)
            if function is None or not function.__doc__:
                continue
            if getattr(function, "__isabstractmethod__", False):
                kind = f"{kind}, abstract" if kind else "abstract"
            yield name, function, kind


def _unnamed(value: type) -> list[type]:
    """Return the bases from which a class has methods that no other entry shows."""
    shown = {getattr(rvcli, name) for name in HOMES}
    if issubclass(value, Config) and value is not Config:
        shown.update(Config.__mro__)
    bases = value.__mro__[1:]
    return [base for base in bases if base.__module__.startswith("rvcli.") and base not in shown]


def _unwrap(member: Any) -> tuple[Any, str]:
    if isinstance(member, classmethod):
        return member.__func__, "class method"
    if isinstance(member, staticmethod):
        return member.__func__, "static method"
    if isinstance(member, property):
        return member.fget, "property"
    if isinstance(member, functools.cached_property):
        return member.func, "property"
    return (member, "") if isinstance(member, FunctionType) else (None, "")


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for name, value in vars(module).items():
        is_own = isinstance(value, FunctionType) and value.__module__ == module.__name__
        if is_own and not name.startswith("_") and value.__doc__:
            yield name, value


def _callable(name: str, function: Any, *, kind: str = "", level: str = "") -> Iterator[str]:
    signature = "" if kind.startswith("property") else _signature(function)
    mark = f" ({kind})" if kind else ""
    if level:
        yield f"{level} {name.removeprefix('rv.')}"
    yield f"**`{name}{signature}`**{mark}"
    yield from _docstring(function.__doc__)


def _signature(value: Any) -> str:
    """Return how a function is called, with annotations as they are written."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    own = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    gives = signature.return_annotation
    gives = signature.empty if isinstance(value, type) else _annotation(gives)
    return str(inspect.Signature([_plain(p) for p in own], return_annotation=gives))


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return a parameter that reads the same on every machine, annotations as they are written."""
    parameter = parameter.replace(annotation=_annotation(parameter.annotation))
    text = "" if parameter.default is parameter.empty else repr(parameter.default)
    if text.startswith("<") or len(text) > _LONG_DEFAULT:
        return parameter.replace(default=_Raw("..."))
    return parameter


def _annotation(annotation: Any) -> Any:
    return _Raw(annotation) if isinstance(annotation, str) else annotation


class _Raw:
    """A text that is shown without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _docstring(text: str | None) -> Iterator[str]:
    """Yield a docstring in Google style as paragraphs, and a list of what goes in and out."""
    docstring = griffe.Docstring(inspect.cleandoc(text or ""))
    items: list[str] = []
    for section in docstring.parse("google", warnings=False):
        kind = section.kind.value
        if kind in ("parameters", "attributes"):
            items += [f"- `{item.name}`: {_words(item)}" for item in section.value]
        elif kind in ("returns", "yields"):
            words = " ".join(_words(item) for item in section.value)
            items.append(f"- {kind.capitalize()}: {words}")
        elif kind == "raises":
            items += [f"- Raises `{item.annotation}`: {_words(item)}" for item in section.value]
        else:
            yield from _text(str(getattr(section.value, "description", section.value)))
    if items:
        yield "\n".join(items)


def _text(text: str) -> Iterator[str]:
    """Yield the paragraphs of running text; what is indented or drawn stays as it is."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        if any(line.startswith("    ") for line in lines):
            yield code(textwrap.dedent(paragraph))
        elif any(line.startswith(("- ", "* ")) for line in lines):
            yield paragraph
        else:
            yield " ".join(paragraph.split())


def _words(item: Any) -> str:
    return " ".join((item.description or "").split())
