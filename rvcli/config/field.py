"""The declaration of one field of a config, from which all else follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rvcli.config.checks import Check


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


@dataclass(frozen=True)
class Field:
    """One declared field.

    Attributes:
        name: attribute on the config; `with_<name>` on its builder.
        example: a value to show how it is set; made up from type and check where there is none.
        parameter: name of the parameter of `with_<name>`; the field's own if empty, which does
            in any case.
        owner: the class that declares it.
        annotation: its type as written, resolved by `Declared.field_types`.
        default: value when nothing is set; MISSING makes the field required.
        default_factory: makes the default where it is mutable.
        doc: what it means, one sentence.
        unit: "pixels", "metres", ... or None.
        check: condition on the value.
        group: registry group of the config or configs that it holds.
        uri: True if it holds one or more URIs, made absolute when the plan is made.
        input_of: commands that read what its URIs name.
        output_of: commands that write what its URIs name.
        used_by: commands that need it; in the messages of others it keeps its default, so
            that a change of it does not make them run again. Empty: all commands.
        proto: name, or dotted path, in the message where it differs from `name`.
        semantic: False if it does not change results and so stays out of fingerprints.
    """

    default: Any = MISSING
    default_factory: Callable[[], Any] | None = None
    doc: str = ""
    unit: str | None = None
    check: Check | None = None
    group: str | None = None
    uri: bool = False
    input_of: tuple[str, ...] = ()
    output_of: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    proto: str | None = None
    semantic: bool = True
    example: Any = MISSING
    parameter: str = ""
    name: str = ""
    owner: type = object
    annotation: Any = Any

    @property
    def required(self) -> bool:
        """True if there is no default."""
        return self.default is MISSING and self.default_factory is None

    def value_of(self, values: Mapping[str, Any]) -> Any:
        """Return this field's value among those given, or its default.

        None stands for a default that is made anew, as old code has it for lists.
        """
        value = values.get(self.name)
        if self.name in values and not (value is None and self.default_factory is not None):
            return value
        return self.make_default()

    def make_default(self) -> Any:
        """Return the default; None where the field is required."""
        if self.default_factory is not None:
            return self.default_factory()
        return None if self.default is MISSING else self.default


def field(
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | None = None,
    doc: str,
    unit: str | None = None,
    check: Check | None = None,
    group: str | None = None,
    uri: bool = False,
    input_of: Sequence[str] = (),
    output_of: Sequence[str] = (),
    used_by: Sequence[str] = (),
    proto: str | None = None,
    semantic: bool = True,
    example: Any = MISSING,
    parameter: str = "",
) -> Any:
    """Declare a field on a config class.

    `chip_size: int = field(default=300, doc="Width of a chip.", unit="pixels")`

    See `Field` for the meaning of the arguments. Without a default the field is required.
    """
    return Field(
        default=default,
        default_factory=default_factory,
        doc=doc,
        unit=unit,
        check=check,
        group=group,
        uri=uri or bool(input_of) or bool(output_of),
        input_of=tuple(input_of),
        output_of=tuple(output_of),
        used_by=tuple(used_by),
        proto=proto,
        semantic=semantic,
        example=example,
        parameter=parameter,
    )
