"""Backend configs of old code: two objects of options, one of places and one for training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.nested_options import whole_numbers
from rvcli.config import BundledConfigMixin
from rvcli.config.wire import struct_to_plain
from rvcli.errors import ConfigError
from rvcli.filesystem import absolute_uri, base_name, join_uri

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition

MODEL_FILE = "model"
DONE_FILE = "train-done.txt"


@dataclass
class BackendOptions:
    """Where a backend keeps its files."""

    chip_uri: str | None = None
    train_uri: str | None = None
    train_done_uri: str | None = None
    model_uri: str | None = None
    pretrained_uri: str | None = None


def to_json(config: Any) -> str:
    """Return the options of a config as they stand in its message."""
    options = {"train_opts": config.train_opts, "backend_opts": config.backend_opts}
    return json.dumps({name: vars(value) for name, value in options.items() if value is not None})


def from_message(message: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the places and the options for training that stand in a message of old code.

    They are nested in its Struct, or one JSON text there is all of it, or each is one.

    Returns:
        None if the message is of another form.
    """
    content = struct_to_plain(message.custom_config)
    if set(content) == {"json"}:
        content = json.loads(content["json"])
    if not set(content) & {"backend_opts", "train_opts"}:
        return None
    places, training = (_plain(content.get(name)) for name in ("backend_opts", "train_opts"))
    return places, training


def _plain(options: Any) -> dict[str, Any]:
    read = json.loads(options) if isinstance(options, str) else options
    return dict(whole_numbers(read or {}))


def fill_in(config: Any, experiment_config: Any) -> None:
    """Put chips and model below the URIs of the experiment, where no others are set."""
    options = config.backend_opts
    options.chip_uri = options.chip_uri or experiment_config.chip_uri
    options.train_uri = options.train_uri or experiment_config.train_uri
    options.train_done_uri = options.train_done_uri or join_uri(options.train_uri, DONE_FILE)
    options.model_uri = options.model_uri or join_uri(options.train_uri, MODEL_FILE)
    for name, value in vars(options).items():
        if value is not None:
            setattr(options, name, absolute_uri(value))


def report(config: Any, command_type: str, io_def: CommandIODefinition) -> None:
    """Add what the backend reads and writes during a command."""
    options = config.backend_opts
    if command_type == keys.CHIP:
        io_def.add_output(options.chip_uri)
    elif command_type == keys.TRAIN:
        io_def.add_inputs([options.chip_uri, options.pretrained_uri])
        io_def.add_outputs([options.model_uri, options.train_done_uri])
    elif command_type in (keys.PREDICT, keys.BUNDLE):
        if options.model_uri:
            io_def.add_input(options.model_uri)
        else:
            io_def.add_missing(f"model_uri of {type(config).__name__} is not set")


def save_bundle_files(config: BundledConfigMixin, bundle_dir: str) -> tuple[Any, list[str]]:
    """Copy the model into the package."""
    path, name = config.bundle_file(_model_uri(config), bundle_dir)
    return _with_model(config, name), [path]


def load_bundle_files(config: Any, bundle_dir: str) -> Any:
    """Name the model where the package was unpacked."""
    return _with_model(config, join_uri(bundle_dir, base_name(_model_uri(config))))


def _with_model(config: Any, model_uri: str) -> Any:
    new = deepcopy(config)
    new.backend_opts.model_uri = model_uri
    return new


def _model_uri(config: Any) -> str:
    if not config.backend_opts.model_uri:
        raise ConfigError(
            f"the backend {config.backend_type} has no model_uri",
            hint="use it in an experiment, which has a place for its files, or set it",
        )
    return str(config.backend_opts.model_uri)


def values_of(places: Mapping[str, Any], training: Mapping[str, Any]) -> dict[str, Any]:
    """Return what old options say, by the names of the fields of today's configs."""
    values = {**places, **training}
    values["pretrained_model_uri"] = values.pop("pretrained_uri", None)
    values.pop("train_done_uri", None)
    return {name: value for name, value in values.items() if value is not None}
