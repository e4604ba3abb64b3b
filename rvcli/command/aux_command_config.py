"""Config of auxiliary commands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys, registry
from rvcli.command.command_config import CommandConfig, CommandConfigBuilder, in_directory
from rvcli.config import ConfigBuilder, InvalidConfigError, Problem
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.errors import ConfigError
from rvcli.filesystem import absolute_uri, join_uri
from rvcli.utils.misc import split_into_groups

if TYPE_CHECKING:
    from rvcli.command.command import Command


class AuxCommandConfig(CommandConfig):
    """Describes an auxiliary command: its class and a plain dict of options."""

    def __init__(
        self, command_class: Any, root_uri: str, config: dict[str, Any], split_id: int = 0
    ) -> None:
        super().__init__(command_class.command_type, root_uri=root_uri, split_id=split_id)
        self.command_class = command_class
        self.config = config

    def create_command(self, tmp_dir: str | None = None) -> Command:
        """Create the command."""
        made: Command = in_directory(self.command_class(self.config), tmp_dir)
        return made

    def clone(self) -> AuxCommandConfig:
        """Return an independent copy."""
        config = json.loads(json.dumps(self.config))
        new = AuxCommandConfig(self.command_class, self.root_uri, config, self.split_id)
        # The key of the registry may differ from the class's own name for itself.
        new.command_type = self.command_type
        new.__dict__.update(
            {k: v for k, v in self.__dict__.items() if k in ("_looked_up", "_provided_by")}
        )
        return new

    def to_proto(self) -> Any:
        """Return the message; the options travel as JSON text."""
        message: Any = self.message_class()(
            command_type=self.command_type, root_uri=self.root_uri, split_id=self.split_id
        )
        message.custom_config.update({"json": json.dumps(self.config)})
        return message

    def to_plain(self) -> dict[str, Any]:
        """Return the semantic content as plain values."""
        return {
            "command_type": self.command_type,
            "root_uri": self.root_uri,
            "split_id": self.split_id,
            "config": json.loads(json.dumps(self.config)),
        }

    def carries_itself(self) -> bool:
        """False: all that it is stands in the registry."""
        return False

    def report_io(
        self, command_type: str = "", io_def: CommandIODefinition | None = None
    ) -> CommandIODefinition:
        """Return what the command's options say that it reads and writes."""
        io_def = io_def or CommandIODefinition()
        options = self.command_class.command_options
        io_def.add_inputs(_uri_list(options.inputs(self.config)))
        io_def.add_outputs(_uri_list(options.outputs(self.config)))
        return io_def

    def utilizes_gpu(self) -> bool:
        """True if the command's options say so."""
        return bool(self.command_class.command_options.utilizes_gpu(self.config))

    def split(self, num_parts: int) -> list[Any]:
        """Divide the list that the command names in `split_on`."""
        name = self.command_class.command_options.split_on
        items = list(self.config.get(name) or []) if name else []
        if num_parts <= 1 or len(items) <= 1:
            return [self]
        parts = []
        for split_id, group in enumerate(split_into_groups(items, num_parts)):
            part = self.clone()
            part.split_id = split_id
            part.config[str(name)] = group
            parts.append(part)
        return parts


def _uri_list(value: Any) -> list[str]:
    """Normalise what `inputs` and `outputs` return: None, one string, or any iterable."""
    if value is None:
        return []
    if isinstance(value, str):
        return [absolute_uri(value)]
    if isinstance(value, Iterable):
        return [absolute_uri(str(v)) for v in value]
    raise ConfigError(f"inputs and outputs of a command must be URIs, not {value!r}")


class AuxCommandConfigBuilder(CommandConfigBuilder):
    """Builds AuxCommandConfig."""

    config_class: Any = None

    def __init__(self, command_type: Any = None, prev: Any = None) -> None:
        values: dict[str, Any] = {"config": {}, "split_id": 0}
        if prev is not None:
            names = ("command_class", "root_uri", "config", "split_id")
            values = {n: getattr(prev, n) for n in names}
        ConfigBuilder.__init__(self, AuxCommandConfig, values)
        self.command_type = command_type
        known = registry.current().find(keys.AUX_COMMAND, str(command_type)) is not None
        if known and "command_class" not in values:
            self.config["command_class"] = registry.current().get(keys.AUX_COMMAND, command_type)

    def with_root_uri(self, root_uri: str) -> Any:
        """Set the directory of the command's message and record."""
        return self.set(root_uri=root_uri)

    def with_split_id(self, split_id: int) -> Any:
        """Set the number of this part."""
        return self.set(split_id=split_id)

    def with_config(self, **kwargs: Any) -> Any:
        """Set the options of the command, as keyword arguments."""
        return self.set(config=dict(kwargs))

    def with_command_class(self, command_class: Any) -> Any:
        """Set the class of the command."""
        return self.set(command_class=command_class)

    def get_root_uri(self, experiment_config: Any) -> str:
        """Return `<root_uri>/<name>/<key>`, or the root that the experiment gives."""
        own = experiment_config.custom_config_of(str(self.command_type)) or {}
        if own.get("root_uri"):
            return absolute_uri(str(own["root_uri"]))
        if not own.get("key"):
            raise ConfigError(
                f"experiment {experiment_config.id!r} does not say where {self.command_type}"
                " keeps its files",
                hint='give its custom config a "key" or a "root_uri"',
            )
        name = str(self.command_type).lower()
        return join_uri(experiment_config.root_uri, name, str(own["key"]))

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take the options from the experiment's custom config."""
        own = experiment_config.custom_config_of(str(self.command_type)) or {}
        return self.set(
            root_uri=self.get_root_uri(experiment_config), config=dict(own.get("config") or {})
        )

    def validate(self) -> None:
        """Raise InvalidConfigError, naming every problem, unless the values are fine."""
        problems = [
            Problem(f"$.{name}", "is not set")
            for name in ("command_class", "root_uri")
            if not self.config.get(name)
        ]
        command_class = self.config.get("command_class")
        required = command_class.command_options.required_fields if command_class else []
        problems += [
            Problem(f"$.config.{name}", "is not set")
            for name in required
            if name not in self.config["config"]
        ]
        if problems:
            raise InvalidConfigError(str(self.command_type), problems)

    def build(self, prev: Any = None) -> Any:
        """Return the config; `prev` is there for old code, and not used."""
        self.validate()
        built = AuxCommandConfig(**self.config)
        built.command_type = str(self.command_type or built.command_type)
        return built

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message."""
        # A Struct has no get().
        content = msg.custom_config["json"] if "json" in msg.custom_config else "{}"  # noqa: SIM401
        return self.set(root_uri=msg.root_uri, split_id=msg.split_id, config=json.loads(content))
