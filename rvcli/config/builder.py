"""Builders: `with_<field>` methods generated from the declared fields of a config."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from rvcli.config.config import Config
from rvcli.config.field import Field
from rvcli.config.problems import InvalidConfigError, Problem, UnknownMethodError
from rvcli.errors import ConfigError, nearest

B = TypeVar("B", bound="ConfigBuilder")


class ConfigBuilder:
    """Collects the values of a config; every `with_*` returns a changed copy.

    Declared: set `config_class` on the class and the methods follow. Classic: call
    `super().__init__(config_class, values)` and write the methods, as ever.
    """

    config_class: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        config_class = cls.__dict__.get("config_class")
        if isinstance(config_class, type) and issubclass(config_class, Config):
            config_class._builder = cls  # type: ignore[attr-defined]
            for spec in config_class.fields():
                if not hasattr(cls, f"with_{spec.name}"):
                    setattr(cls, f"with_{spec.name}", _make_setter(spec))
            if "__init__" not in cls.__dict__ and not config_class.is_family():
                _show_prev(cls)

    def __init__(
        self,
        config_class: type[Config] | Config | None = None,
        config: Mapping[str, Any] | Config | None = None,
        *,
        prev: Config | None = None,
    ) -> None:
        if isinstance(config_class, type):
            self._set_unless_property("config_class", config_class)
        elif config_class is not None:
            prev = config_class
        if isinstance(config, Config):
            prev, config = config, None
        values: Mapping[str, Any] = config if config is not None else {}
        if prev is not None and config is None:
            values = {f.name: prev.__dict__.get(f.name) for f in self.config_class.fields()}
        # Classic builders keep the dict that they pass and change it afterwards.
        self._set_unless_property("config", values if isinstance(values, dict) else dict(values))

    def _set_unless_property(self, name: str, value: Any) -> None:
        if not isinstance(getattr(type(self), name, None), property):
            setattr(self, name, value)

    if TYPE_CHECKING:
        config: dict[str, Any]

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    else:

        def __getattr__(self, name: str) -> Any:
            if not name.startswith(("with_", "clear_")):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            methods = [m for m in dir(type(self)) if m.startswith(("with_", "clear_"))]
            near = nearest(name, methods)
            hint = f"did you mean {near}?" if near else f"there are: {', '.join(methods)}"
            raise UnknownMethodError(f"{type(self).__name__} has no method {name}", hint=hint)

    def set(self: B, **values: Any) -> B:
        """Return a copy with some values changed; iterators are read out."""
        fixed = {n: list(v) if isinstance(v, Iterator) else v for n, v in values.items()}
        if isinstance(getattr(type(self), "config", None), property):
            new = copy.deepcopy(self)
            new.config.update(fixed)
        else:
            new = copy.copy(self)
            new.config = {**self.config, **fixed}
        return new

    def from_proto(self: B, msg: Any) -> B:
        """Return a copy with the values of a message."""
        return self.set(**self.config_class.values_from_message(msg))

    def validate(self) -> None:
        """Raise InvalidConfigError, naming every problem, unless the values are fine.

        Of a classic config nothing is known that could be checked.
        """
        if _is_declared(self.config_class):
            self._make()

    def build(self) -> Any:
        """Return the config.

        Raises:
            InvalidConfigError: one or more values are missing or wrong.
        """
        if type(self).validate is not ConfigBuilder.validate:
            self.validate()
        return self._make()

    def _make(self) -> Any:
        config_class = self.config_class
        if config_class is None:
            raise ConfigError(f"{type(self).__name__} does not say which config it builds")
        if not _is_declared(config_class):
            return config_class(**_arguments(config_class, self.config))
        values, problems = config_class.convert_values(self.config)
        if not problems:
            made = config_class(**values)
            problems = list(made.problems())
            if not problems:
                return made
        raise InvalidConfigError(config_class.__name__, problems)


def _is_declared(config_class: Any) -> bool:
    """True for a config with declared fields; a classic builder may build anything else."""
    is_config = isinstance(config_class, type) and issubclass(config_class, Config)
    return is_config and config_class.is_declared()


def builder_class_of(config_class: type[Config]) -> type[ConfigBuilder]:
    """Return the builder class of a declared config, made on first use."""
    found: type[ConfigBuilder] | None = config_class.__dict__.get("_builder")
    if found is None:
        base = next(
            (c.__dict__["_builder"] for c in config_class.__mro__ if "_builder" in c.__dict__),
            ConfigBuilder,
        )
        found = type(
            f"{config_class.__name__}Builder",
            (base,),
            {
                "config_class": config_class,
                "__module__": config_class.__module__,
                "__doc__": f"Builds {config_class.__name__}.",
            },
        )
    return found


def _show_prev(builder_class: type[ConfigBuilder]) -> None:
    """Let the signature of a builder whose config is known say that it takes but that."""
    inherited = builder_class.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        inherited(self, *args, **kwargs)

    if "config_class" in inspect.signature(inherited).parameters:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [
            inspect.Parameter("self", kind),
            inspect.Parameter("prev", kind, default=None),
        ]
        __init__.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        builder_class.__init__ = __init__  # type: ignore[method-assign]


def _make_setter(spec: Field) -> Callable[..., Any]:
    name, parameter = spec.name, spec.parameter or spec.name

    def setter(self: ConfigBuilder, *args: Any, **kwargs: Any) -> ConfigBuilder:
        if len(args) == 1 and not kwargs:
            return self.set(**{name: args[0]})
        if not args and list(kwargs) in ([name], [parameter]):
            return self.set(**{name: next(iter(kwargs.values()))})
        raise TypeError(f"with_{name}() takes one value, {parameter}")

    unit = f" In {spec.unit}." if spec.unit else ""
    default = "Required." if spec.required else f"Default: {spec.make_default()!r}."
    setter.__name__ = f"with_{name}"
    setter.__qualname__ = f"{spec.owner.__name__}Builder.with_{name}"
    setter.__doc__ = f"{spec.doc}{unit} {default}"
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter("self", kind),
        inspect.Parameter(parameter, kind, annotation=spec.annotation),
    ]
    setter.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return setter


def _arguments(config_class: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the constructor of a classic config takes.

    Raises:
        InvalidConfigError: it needs some that are not set.
    """
    kinds = inspect.Parameter
    parameters = list(inspect.signature(config_class).parameters.values())
    needed = [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    ]
    missing = [Problem(f"$.{name}", "is not set") for name in needed if name not in values]
    if missing:
        raise InvalidConfigError(config_class.__name__, missing)
    if any(p.kind is kinds.VAR_KEYWORD for p in parameters):
        return dict(values)
    names = {p.name for p in parameters}
    return {n: v for n, v in values.items() if n in names}
