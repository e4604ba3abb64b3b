"""Family of command configs: what one command does, and what it reads and writes."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from rvcli import keys, registry
from rvcli.config import Config, ConfigBuilder, Field, field, make_uris_absolute, update
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.errors import MessageError
from rvcli.filesystem import join_uri, resolve
from rvcli.registry import Entry
from rvcli.utils.misc import split_into_groups

if TYPE_CHECKING:
    from rvcli.command.command import Command

SCHEMA_VERSION = 1

C = TypeVar("C", bound=Config)
K = TypeVar("K", bound="Command")
Self = TypeVar("Self", bound="CommandConfig")


class CommandConfig(Config):
    """Describes one command. Its message is all that a worker gets."""

    group = keys.COMMAND
    message = "command_pb2:CommandConfig"

    command_type: str

    root_uri: str = field(doc="Directory of the command's message and record.", uri=True)
    split_id: int = field(default=0, doc="Number of this part where the work is split.")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "to_proto" in cls.__dict__:
            setattr(cls, "to_proto", _stamped(cls.to_proto))  # noqa: B010 - a method, for mypy

    def create_command(self, tmp_dir: str | None = None) -> Command:
        """Create the command."""
        raise NotImplementedError(f"{type(self).__name__} has no create_command")

    def set_stamp(
        self, fingerprint: str, plugins: Any, settings: Mapping[str, str] | None = None
    ) -> None:
        """Set the fingerprint, the plugins and the settings that the message is to bear."""
        self.__dict__["_stamp"] = (fingerprint, plugins, settings or {})

    def to_proto(self) -> Any:
        """Return the message, with its stamp if there is one."""
        message = super().to_proto()
        self.stamp(message)
        return message

    def stamp(self, message: Any) -> None:
        """Write schema version, fingerprint, plugins and settings into a message."""
        message.schema_version = SCHEMA_VERSION
        fingerprint, plugins, settings = self.__dict__.get("_stamp", ("", None, {}))
        if fingerprint:
            message.fingerprint = fingerprint
        if plugins is not None and plugins.pins:
            message.plugins.CopyFrom(plugins)
        message.settings.update(settings)

    def report_io(
        self, command_type: str = "", io_def: CommandIODefinition | None = None
    ) -> CommandIODefinition:
        """Return what the command reads and writes."""
        io_def = io_def or CommandIODefinition()
        super().report_io(self.command_type, io_def)
        return io_def

    def split(self, num_parts: int) -> list[Any]:
        """Divide the work into at most `num_parts` commands that can run side by side."""
        return [self]

    def utilizes_gpu(self) -> bool:
        """True if the command should run where a GPU is."""
        return False

    @classmethod
    def builder(cls, key: str | None = None) -> Any:
        """Return the builder of a command, auxiliary ones included."""
        command_type = (key or str(cls.key)).upper()
        current = registry.current()
        if current.find(keys.AUX_COMMAND, command_type) is not None:
            from rvcli.command.aux_command_config import AuxCommandConfigBuilder

            return AuxCommandConfigBuilder(command_type)
        return _new_builder(current.get_config_builder(keys.COMMAND, command_type), command_type)

    def to_builder(self, *_: Any) -> Any:
        """Return a builder that starts from this config."""
        builder_class = type(CommandConfig.builder(self.command_type))
        return _new_builder(builder_class, self.command_type, self)

    @classmethod
    def from_proto(cls, msg: Any) -> Any:
        """Build the command config that a message describes.

        Raises:
            MessageError: a newer release wrote it, or it is of no command.
        """
        if not msg.command_type:
            raise MessageError(
                "the message has no command_type",
                hint="name the message of a command, such as .../train/ID/command-config-0.json",
            )
        if msg.schema_version > SCHEMA_VERSION:
            raise MessageError(
                f"the message of {msg.command_type} has schema version {msg.schema_version};"
                f" this release knows {SCHEMA_VERSION}",
                hint="run it with the release that planned it, or a newer one",
            )
        config = CommandConfig.builder(msg.command_type).from_proto(msg).build()
        config.prune(msg.command_type)
        return config

    def used_entries(self) -> set[Entry]:
        """Return the registry entries of plugins that the command uses.

        Those in the message, those that were looked up while it was made or are while it is
        written, and the file systems of its URIs.
        """
        current = registry.current()
        plugins = {e for e in current.entries() if e.origin.kind != "builtin"}
        if not plugins:
            return set()
        with registry.recording() as used:
            self.to_proto()
            io_def = self.report_io()
            for uri in sorted({self.root_uri} | io_def.input_uris | io_def.output_uris):
                resolve(uri)
        used |= self.__dict__.get("_looked_up", set())
        for part in (p for p in self.walk() if isinstance(p, Config)):
            if part.carries_itself():
                return plugins
            key = getattr(part, part.type_field() or "", None)
            groups = (part.group, keys.AUX_COMMAND) if part is self else (part.group,)
            used |= {e for g in groups if key and (e := current.find(g, key)) is not None}
            provider = part.__dict__.get("_provided_by")
            used |= {provider} if provider is not None else set()
        return used & plugins


def in_directory(command: K, tmp_dir: str | None) -> K:
    """Return a command that works in a directory; in a temporary one of its own if None."""
    if tmp_dir:
        command.set_tmp_dir(tmp_dir)
    return command


def for_command(config: C, command_type: str, experiment: Any) -> C:
    """Return a copy of a config with all that it needs for one command, and no more."""
    new: C = update(config.clone(), command_type, experiment, [])
    new.prune(command_type)
    make_uris_absolute(new)
    return new


def split_scenes(config: Self, names: Sequence[str], num_parts: int) -> list[Self]:
    """Divide the scenes in the fields `names` of a command among at most `num_parts` copies."""
    scenes = [(name, scene) for name in names for scene in getattr(config, name)]
    if num_parts <= 1 or len(scenes) <= 1:
        return [config]
    # Copied with all scenes, each part would cost as much as the whole.
    bare = copy.copy(config)
    for name in names:
        setattr(bare, name, [])
    parts = []
    for split_id, group in enumerate(split_into_groups(scenes, num_parts)):
        part = bare.clone()
        part.split_id = split_id
        for name in names:
            setattr(part, name, [scene for owner, scene in group if owner == name])
        parts.append(part)
    return parts


def _stamped(to_proto: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let a message that is made by hand bear its stamp as well."""

    @functools.wraps(to_proto)
    def stamped(self: CommandConfig) -> Any:
        message = to_proto(self)
        self.stamp(message)
        return message

    return stamped


def _new_builder(builder_class: Any, command_type: str, prev: Any = None) -> Any:
    """Create a builder of commands; classic ones may know their type and take `prev` alone."""
    first = next(iter(inspect.signature(builder_class).parameters), "")
    return builder_class(prev) if first == "prev" else builder_class(command_type, prev)


class _Kept:
    """The value of a field, as an attribute of the builder; its default until it is set."""

    def __init__(self, spec: Field) -> None:
        self.spec = spec

    def __get__(self, builder: Any, owner: type) -> Any:
        return self if builder is None else self.spec.value_of(builder.config)

    def __set__(self, builder: Any, value: Any) -> None:
        builder.config = {**builder.config, self.spec.name: value}


class CommandConfigBuilder(ConfigBuilder):
    """Base of command config builders.

    What is set so far can be read, and set, as attributes named as the fields of the config.
    """

    config_class = CommandConfig
    root_uri: Any = _Kept(CommandConfig._fields["root_uri"])
    split_id: Any = _Kept(CommandConfig._fields["split_id"])

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        config_class = cls.__dict__.get("config_class")
        if isinstance(config_class, type) and issubclass(config_class, CommandConfig):
            for spec in config_class.fields():
                setattr(cls, spec.name, _Kept(spec))

    def __init__(self, command_type: Any = None, prev: Any = None) -> None:
        if isinstance(command_type, Config):
            prev = command_type
        super().__init__(prev=prev)
        self.command_type = command_type if isinstance(command_type, str) else None

    def build(self, prev: Any = None) -> Any:
        """Return the config; `prev` is there for old code, and not used."""
        return super().build()

    def get_root_uri(self, experiment_config: Any) -> str:
        """Return the directory that the experiment gives the command.

        For a command that is none of the pipeline's it is `<root_uri>/<command>/<id>`.
        """
        command = str(self.command_type or self.config_class.key)
        if command in keys.COMMANDS:
            return str(getattr(experiment_config, f"{command.lower()}_uri"))
        return join_uri(experiment_config.root_uri, command.lower(), experiment_config.id)

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take everything from an experiment."""
        return self.set(root_uri=self.get_root_uri(experiment_config))
