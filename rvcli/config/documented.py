"""What docstrings and signatures say of a config, a builder or another component."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from rvcli.config.config import Config
from rvcli.config.declared import Declared


def paragraphs(text: str | None) -> Iterator[str]:
    """Yield the paragraphs of a docstring, each in one line, up to its sections."""
    for paragraph in inspect.cleandoc(text or "").split("\n\n"):
        if re.match(r"(Attributes|Args|Returns|Raises|Yields):", paragraph):
            return
        yield " ".join(paragraph.split())


def first_paragraph(text: str | None) -> str:
    """Return the first paragraph of a docstring in one line."""
    return next(paragraphs(text), "")


def written_methods(builder_class: type) -> list[tuple[str, str]]:
    """List the methods of a builder that do more than set a field, or set it otherwise.

    Returns:
        name with signature, and the first paragraph of the docstring.
    """
    return [
        (f"{name}{signature_of(method)}", first_paragraph(method.__doc__))
        for name, method in inspect.getmembers(builder_class, inspect.isfunction)
        if name.startswith(("with_", "clear_")) and is_written(method)
    ]


def is_written(method: Callable[..., Any]) -> bool:
    """Tell whether a method of a builder is written by hand, not made of a field."""
    return method.__module__ != "rvcli.config.builder"


def signature_of(function: Callable[..., Any]) -> str:
    """Return the parameters of a method in brackets, without itself."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return "(...)"
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    empty = inspect.Signature.empty
    return str(signature.replace(parameters=parameters, return_annotation=empty)).replace("'", "")


def inner_classes(config_class: type[Declared]) -> list[type[Declared]]:
    """List the classes of options that the fields of a config hold."""
    found = [f for f in config_class.field_types().values() if isinstance(f, type)]
    return [f for f in found if issubclass(f, Declared) and not issubclass(f, Config)]
