"""Config: describes a component, travels as a message, creates the entity that works."""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rvcli import registry
from rvcli.config.commands import REPORTED, Updated, update, uris_in
from rvcli.config.convert import ConversionError
from rvcli.config.declared import Declared, plain_message
from rvcli.config.families import TYPE_FIELDS, config_from_message, from_storable, to_storable
from rvcli.config.field import Field
from rvcli.config.problems import InvalidConfigError, Problem
from rvcli.config.wire import (
    read_fields,
    struct_to_plain,
    to_struct_value,
    write_field,
)
from rvcli.core.command_io_definition import CommandIODefinition

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from rvcli.config.builder import ConfigBuilder

Self = TypeVar("Self", bound="Config")


class Config(Declared):
    """Base of all configs.

    A family (`EvaluatorConfig`) sets `group` and `message` and declares the fields that all
    its members share. A member sets `key` and declares its own fields; they travel in the
    message's `part`, or in `custom_config` where there is none, as for every plugin. A class
    between the two may set `part` as well, for classic members.

    A class that is written the classic way sets no `key`, calls
    `super().__init__(TYPE, ...)`, and has its own `to_proto`.
    """

    group: ClassVar[str] = ""
    key: ClassVar[str | None] = None
    message: ClassVar[str] = ""
    part: ClassVar[str | None] = None
    version: ClassVar[int] = 1

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "key" in cls.__dict__ and "part" not in cls.__dict__:
            cls.part = None
        name = cls.type_field()
        if name is not None and "group" in cls.__dict__:
            _name_the_key(cls, name)

    @classmethod
    def _construct(cls, new: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        name = cls.type_field()
        key = cls.key
        if name is not None and key is None:
            key = args[0] if args else kwargs.pop(name, None)
            args = args[1:]
        super()._construct(new, args, kwargs)
        if name is not None and not isinstance(getattr(type(new), name, None), property):
            setattr(new, name, key)

    @classmethod
    def parameters(cls) -> list[inspect.Parameter]:
        """List what the constructor takes, in order: the key first where the class has none."""
        name = cls.type_field()
        if name is None or cls.key is not None:
            return super().parameters()
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return [inspect.Parameter(name, kind, annotation="str"), *super().parameters()]

    @classmethod
    def is_family(cls) -> bool:
        """True for the class that a group of configs derives from."""
        return bool(cls.group) and "message" in cls.__dict__

    @classmethod
    def type_field(cls) -> str | None:
        """Return the attribute that holds the key: `task_type`, `source_type`, ..."""
        return TYPE_FIELDS.get(cls.group)

    @classmethod
    def builder_class(cls) -> type[ConfigBuilder]:
        """Return the class that builds this config, generated where none is written."""
        from rvcli.config.builder import builder_class_of

        return builder_class_of(cls)

    def to_builder(self, *_: Any) -> Any:
        """Return a builder that starts from this config."""
        if self.is_declared():
            return self.builder_class()(self)
        key = getattr(self, self.type_field() or "", "")
        return registry.current().get_config_builder(self.group, key)(self)

    def carries_itself(self) -> bool:
        """True if a hand-written to_proto may name plugins that nobody else can see."""
        module = type(self).to_proto.__module__
        return module != "rvcli" and not module.startswith("rvcli.")

    # Messages.

    @classmethod
    def message_class(cls) -> type[Message]:
        """Return the protobuf class of the family."""
        module_name, _, name = cls.message.partition(":")
        message_class: type[Message] = getattr(
            importlib.import_module(f"rvcli.protos.{module_name}"), name
        )
        return message_class

    @classmethod
    def _split_fields(cls) -> tuple[list[Field], list[Field]]:
        """Return the fields at the top of the message and those of the member's own part."""
        family: Any = next((c for c in cls.__mro__ if "message" in c.__dict__), cls)
        # By name: a member may give a field of its family another default.
        top = [f for f in cls.fields() if f.name in family._fields]
        return top, [f for f in cls.fields() if f not in top]

    def to_proto(self) -> Any:
        """Return the message of this config."""
        cls = type(self)
        message: Any = self.message_class()()
        name = self.type_field()
        if name is not None:
            setattr(message, name, getattr(self, name))
        top, own = cls._split_fields()
        for spec in self.used_fields(top):
            write_field(message, spec, getattr(self, spec.name, None))
        if cls.key is None and cls.part is None:
            return message
        if cls.part is None:
            message.custom_config.SetInParent()
            content = {f.name: to_storable(getattr(self, f.name)) for f in self.used_fields(own)}
            message.custom_config.update(to_struct_value(content))
        else:
            target = getattr(message, cls.part) if cls.part else message
            if cls.part:
                target.SetInParent()
            for spec in self.used_fields(own):
                write_field(target, spec, getattr(self, spec.name, None))
        return message

    @classmethod
    def values_from_message(cls, message: Any) -> dict[str, Any]:
        """Read the declared fields from a message.

        Raises:
            InvalidConfigError: naming every field that cannot be read.
        """
        top, own = cls._split_fields()
        types_by_name = cls.field_types()
        try:
            values = read_fields(top, types_by_name, message)
            if cls.key is None and cls.part is None:
                return values
            if cls.part is None:
                values.update(cls._values_from_struct(own, message.custom_config))
            else:
                source = getattr(message, cls.part) if cls.part else message
                values.update(read_fields(own, types_by_name, source))
        except ConversionError as e:
            raise InvalidConfigError(cls.__name__, e.problems) from e
        return values

    @classmethod
    def _values_from_struct(cls, own: list[Field], struct: Any) -> dict[str, Any]:
        content = struct_to_plain(struct)
        by_name = {f.name: f for f in own}
        unknown = sorted(set(content) - set(by_name))
        if unknown:
            raise ConversionError(
                [Problem(f"$.{n}", "is no field of this config") for n in unknown]
            )
        return {
            name: from_storable(value, by_name[name], cls.field_types()[name])
            for name, value in content.items()
        }

    @classmethod
    def from_proto(cls, msg: Any) -> Any:
        """Build the config that a message describes."""
        if cls.group:
            return config_from_message(cls.group, msg)
        return cls.builder_class()().from_proto(msg).build()

    @classmethod
    def builder(cls, key: str | None = None) -> Any:
        """Return a builder: of the family's member named `key`, or of this very class."""
        if cls.group:
            return registry.current().get_config_builder(cls.group, key or str(cls.key))()
        return cls.builder_class()()

    # Plain values.

    def to_plain(self) -> dict[str, Any]:
        """Return the semantic content as plain values, with the key that names the type."""
        if not self.is_declared():
            content: dict[str, Any] = plain_message(self.to_proto())
            return content
        values = super().to_plain()
        name = self.type_field()
        return values if name is None else {name: getattr(self, name), **values}

    def clone(self: Self) -> Self:
        """Return an independent copy."""
        return super().clone() if self.is_declared() else copy.deepcopy(self)

    # Commands.

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Fill in what depends on the experiment, such as URIs below its root.

        Changes this config, which is a copy made for the command. Subclasses call super()
        first. Returns the io definition, a new one if none is given; it unpacks as the pair of
        this config and itself.
        """
        inner = [*(context or []), self]
        for name, value in list(self.__dict__.items()):
            if isinstance(value, Config):
                self.__dict__[name] = update(value, command_type, experiment_config, inner)
            elif isinstance(value, list) and value and isinstance(value[0], Config):
                self.__dict__[name] = [
                    update(v, command_type, experiment_config, inner) for v in value
                ]
        return Updated(self, io_def)

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Add what this config reads and writes during a command to `io_def`."""
        io_def.merge(self.__dict__.get(REPORTED, {}).get(command_type, CommandIODefinition()))
        for spec in self.fields():
            if command_type in spec.input_of:
                io_def.add_inputs(uris_in(self.__dict__[spec.name]))
            if command_type in spec.output_of:
                io_def.add_outputs(uris_in(self.__dict__[spec.name]))
        for child in self.children():
            if isinstance(child, Config):
                child.report_io(command_type, io_def)


class BundledConfigMixin:
    """Marks configs that put files of their own into a predict package."""

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy files into the package.

        Returns:
            a config that names the files by base name, and the copied local paths.
        """
        return self, []

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Return a config that names the files where the package was unpacked."""
        return self

    def bundle_file(self, uri: str, bundle_dir: str) -> tuple[str, str]:
        """Fetch one file into the package; return its path there and its name.

        That is its base name, or one of its own where another file has that name already.
        """
        from filecmp import cmp
        from hashlib import sha256
        from pathlib import Path
        from tempfile import TemporaryDirectory

        from rvcli.utils.files import download_or_copy, make_dir

        make_dir(bundle_dir)
        with TemporaryDirectory(dir=bundle_dir) as fetched_dir:
            fetched = Path(download_or_copy(uri, fetched_dir))
            path = Path(bundle_dir) / fetched.name
            if path.exists() and not cmp(fetched, path, shallow=False):
                digest = sha256(fetched.read_bytes()).hexdigest()[:16]
                path = path.with_stem(f"{path.stem}-{digest}")
            fetched.replace(path)
        return str(path), path.name


def _name_the_key(family: type[Config], name: str) -> None:
    """Let `builder` of a family take the key under the name that the family has for it."""
    written = inspect.getattr_static(family, "builder").__func__

    def builder(cls: Any, *args: Any, **kwargs: Any) -> Any:
        if name in kwargs:
            kwargs["key"] = kwargs.pop(name)
        return written(cls, *args, **kwargs)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter("cls", kind),
        inspect.Parameter(name, kind, default=None, annotation="str | None"),
    ]
    functools.update_wrapper(builder, written)
    builder.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    family.builder = classmethod(builder)  # type: ignore[method-assign, assignment]
