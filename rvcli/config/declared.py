"""Classes whose fields are declared once: construction, copies, plain values."""

from __future__ import annotations

import builtins
import copy
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

from rvcli import keys
from rvcli.config.convert import ConversionError, accepts_none, convert
from rvcli.config.field import Field
from rvcli.config.problems import InvalidConfigError, Problem

Self = TypeVar("Self", bound="Declared")

PRUNED = "_pruned"
GENERATED = "_takes_fields_of"


class Declared:
    """Base of classes with declared fields.

    The constructor takes the fields by name, or by position in the order of `positional`
    (default: own fields first, then inherited ones). It does not validate; `check()` does. It is
    generated for each class that writes none, so that its signature says what it takes.
    """

    positional: ClassVar[tuple[str, ...]] = ()
    _fields: ClassVar[dict[str, Field]] = {}
    _types: ClassVar[dict[str, Any] | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own: dict[str, Field] = {}
        for name, value in list(cls.__dict__.items()):
            if isinstance(value, Field):
                annotation = inspect.get_annotations(cls).get(name, Any)
                spec = {**value.__dict__, "name": name, "owner": cls, "annotation": annotation}
                own[name] = Field(**spec)
                delattr(cls, name)
        inherited: dict[str, Field] = {}
        for base in cls.__bases__:
            inherited.update(getattr(base, "_fields", {}))
        cls._fields = {**own, **{n: f for n, f in inherited.items() if n not in own}}
        cls._types = None
        if "__init__" not in cls.__dict__ and cls._takes_fields():
            setattr(cls, "__init__", _make_constructor(cls))  # noqa: B010 - a method, for mypy

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        type(self)._construct(self, args, kwargs)

    @classmethod
    def _takes_fields(cls) -> bool:
        """True if the constructor that a class inherits takes the declared fields."""
        return cls.is_declared()

    @classmethod
    def _construct(cls, new: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Set the fields of a new value to what the constructor of this class was given."""
        given = cls._given(args, kwargs)
        for name in given:
            if name not in cls._fields:
                raise TypeError(f"{cls.__name__} got an unexpected argument {name!r}")
        for name, spec in new._fields.items():
            new.__dict__[name] = spec.value_of(given)

    @classmethod
    def _given(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of the constructor by the names of the fields."""
        names = cls._positional_names()
        if len(args) > len(names):
            raise TypeError(f"{cls.__name__} takes {len(names)} values, got {len(args)}")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name in given:
                raise TypeError(f"{cls.__name__} got an unexpected argument {name!r}")
            given[name] = value
        return given

    @classmethod
    def parameters(cls) -> list[inspect.Parameter]:
        """List what the constructor takes, in order.

        A field without a default has one where an earlier parameter has one, as it must.
        """
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        found: list[inspect.Parameter] = []
        for spec in (cls._fields[name] for name in cls._positional_names()):
            bare = spec.required and (not found or found[-1].default is inspect.Parameter.empty)
            default = inspect.Parameter.empty if bare else spec.make_default()
            found.append(
                inspect.Parameter(spec.name, kind, default=default, annotation=spec.annotation)
            )
        return found

    @classmethod
    def _positional_names(cls) -> tuple[str, ...]:
        rest = tuple(n for n in cls._fields if n not in cls.positional)
        return cls.positional + rest

    @classmethod
    def fields(cls) -> list[Field]:
        """List the declared fields, own ones first."""
        return list(cls._fields.values())

    @classmethod
    def is_declared(cls) -> bool:
        """True unless the class is written the classic way, with a constructor of its own."""
        return hasattr(cls.__init__, GENERATED) or cls.__init__ is Declared.__init__

    @classmethod
    def field_types(cls) -> dict[str, Any]:
        """Return the type of each field; a name that cannot be resolved counts as Any."""
        if cls._types is None:
            cls._types = {n: _resolve(f.annotation, f.owner) for n, f in cls._fields.items()}
        return cls._types

    @classmethod
    def convert_values(cls, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Convert values to the declared types and check them.

        Returns:
            the converted values of all fields, defaults included, and every problem found.
        """
        types_by_name = cls.field_types()
        converted: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, spec in cls._fields.items():
            value = spec.value_of(values)
            path = f"$.{name}"
            if value is None and (spec.required or not accepts_none(types_by_name[name])):
                problems.append(Problem(path, "is not set"))
                continue
            try:
                converted[name] = value = convert(value, types_by_name[name], path)
            except ConversionError as e:
                problems.extend(e.problems)
                continue
            if spec.check is not None and value is not None and not spec.check.test(value):
                problems.append(Problem(path, f"{spec.check.text}, not {value!r}"))
        return converted, problems

    @classmethod
    def nest(cls, *options: type[Declared]) -> None:
        """Give classes of options as attributes too: old code names them `Config.ChipOptions`."""
        for kind in options:
            setattr(cls, kind.__name__, kind)

    def problems(self) -> Iterable[Problem]:
        """Yield what is wrong beyond the single fields; subclasses override this."""
        return ()

    def check(self) -> None:
        """Raise InvalidConfigError, naming every problem, unless all is well."""
        converted, found = self.convert_values(self.__dict__)
        self.__dict__.update(converted)
        if not found:
            found = list(self.problems())
        if found:
            raise InvalidConfigError(type(self).__name__, found)

    def clone(self: Self) -> Self:
        """Return a copy that shares no config or list with this one."""
        new = copy.copy(self)
        for name, value in new.__dict__.items():
            new.__dict__[name] = _clone_value(value)
        return new

    def to_plain(self) -> dict[str, Any]:
        """Return the semantic fields as plain values, for fingerprints and comparison."""
        pruned = self.__dict__.get(PRUNED, ())
        return {
            name: plain(self.__dict__[name])
            for name, spec in self._fields.items()
            if spec.semantic and name not in pruned
        }

    def used_fields(self, specs: Iterable[Field]) -> list[Field]:
        """Return the fields that were not pruned."""
        pruned = self.__dict__.get(PRUNED, ())
        return [f for f in specs if f.name not in pruned]

    def prune(self, command_type: str) -> None:
        """Reset, here and below, the fields that a command does not need.

        They then stay out of its message and of its fingerprint. Fields say which commands of
        the pipeline need them: for any other command, as in a part that is written the classic
        way and may use what it likes, all are kept.
        """
        if command_type not in keys.COMMANDS:
            return
        for part in self.walk():
            if not part.is_declared():
                continue
            unused = [f for f in part.fields() if f.used_by and command_type not in f.used_by]
            for spec in unused:
                part.__dict__[spec.name] = spec.make_default()
            if unused:
                part.__dict__[PRUNED] = frozenset(f.name for f in unused)

    def children(self) -> Iterator[Declared]:
        """Yield the declared values that this one holds directly."""
        for value in self.__dict__.values():
            yield from _declared_in(value)

    def walk(self) -> Iterator[Declared]:
        """Yield this value and, depth first, all that it holds."""
        yield self
        for child in self.children():
            yield from child.walk()

    def __repr__(self) -> str:
        parts = (f"{n}={self.__dict__.get(n)!r}" for n in self._positional_names())
        return f"{type(self).__name__}({', '.join(parts)})"


def _make_constructor(owner: type[Declared]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        owner._construct(self, args, kwargs)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind), *owner.parameters()]
    __init__.__qualname__ = f"{owner.__qualname__}.__init__"
    __init__.__module__ = owner.__module__
    __init__.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        parameters, return_annotation=None
    )
    setattr(__init__, GENERATED, owner)
    return __init__


def plain(value: Any) -> Any:
    """Turn a field's value into None, bool, int, float, str, list or dict.

    Raises:
        TypeError: the value is of a kind that cannot be stored.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "to_plain"):
        return value.to_plain()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v) for v in value), key=repr)
    if isinstance(value, Iterable):
        return [plain(v) for v in value]
    if hasattr(value, "to_proto"):
        return plain_message(value.to_proto())
    raise TypeError(f"{value!r} cannot be stored in a message")


def plain_message(message: Any) -> Any:
    """Turn a protobuf message, or a list of them, into plain values."""
    if isinstance(message, list):
        return [plain_message(m) for m in message]
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(message, preserving_proto_field_name=True)


def _clone_value(value: Any) -> Any:
    if isinstance(value, Declared):
        return value.clone()
    if isinstance(value, list):
        return [_clone_value(v) for v in value]
    if isinstance(value, dict):
        return {k: _clone_value(v) for k, v in value.items()}
    return value


def _declared_in(value: Any) -> Iterator[Declared]:
    if isinstance(value, Declared):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _declared_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _declared_in(item)


class _Names(dict[str, Any]):
    """Names in which an annotation is evaluated; an unknown one is Any."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, Any)


def _resolve(annotation: Any, owner: type) -> Any:
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(owner.__module__)
    names = _Names({**vars(module), owner.__name__: owner} if module else {})
    try:
        return eval(annotation, {"__builtins__": {}}, names)
    except Exception:
        return Any
