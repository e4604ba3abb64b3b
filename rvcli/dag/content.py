"""What a command does, as plain values: config, plugins, components; and the record's draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import PurePosixPath
from typing import Any

from rvcli.config.declared import Declared
from rvcli.dag.definition import CommandDefinition
from rvcli.records import Draft, fingerprint, semantic
from rvcli.records.record import SCHEMA

_LEAVES = frozenset({bool, int, float, str})

Pins = Callable[[Any], Sequence[Any]]
"""Gives the PluginPins of a CommandConfig."""


@dataclass(frozen=True)
class Input:
    """One thing that a command reads, and what it is.

    Attributes:
        identity: of its content, or the fingerprint of the command that makes it.
        by: id of that command, or None.
        record: URI of that command's record, or None.
    """

    uri: str
    identity: str
    by: str | None = None
    record: str | None = None


@dataclass(frozen=True)
class Content:
    """What a command does, apart from what it reads.

    Attributes:
        config: semantic plain values.
        plugins: one plain mapping a pin.
        components: name of each component that takes part -> its version.
        digest: equal exactly if all of it is.
    """

    command_type: str
    config: dict[str, Any]
    plugins: list[dict[str, Any]]
    components: dict[str, int]
    digest: str


def no_pins(_: Any) -> Sequence[Any]:
    """Pin nothing."""
    return ()


def content_of(command_config: Any, pins: Pins = no_pins) -> Content:
    """Return what a command does."""
    config = semantic(command_config.to_plain())
    plugins = [_plain_pin(pin) for pin in pins(command_config)]
    components = components_of(command_config)
    command_type = str(command_config.command_type)
    digest = fingerprint([command_type, config, sorted(pin_digest(p) for p in plugins), components])
    return Content(command_type, config, plugins, components, digest)


def components_of(command_config: Any) -> dict[str, int]:
    """Return the version of each component in a command: of the class of its config."""
    found = {type(command_config)}
    pending = list(command_config.__dict__.values())
    while pending:
        value = pending.pop()
        if value is None or type(value) in _LEAVES:
            continue
        if isinstance(value, Declared):
            found.add(type(value))
            pending.extend(value.__dict__.values())
        elif isinstance(value, (list, tuple)):
            pending.extend(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
    return {component_name(c): int(getattr(c, "version", 1)) for c in found}


def component_name(config_class: type) -> str:
    """Name a component for people: "rvcli StatsTransformer"; a plugin's by its class alone."""
    name = config_class.__name__.removesuffix("Config")
    return f"rvcli {name}" if config_class.__module__.startswith("rvcli.") else name


def pin_digest(pin: dict[str, Any]) -> str:
    """Return what of a pin tells one content from another."""
    if pin.get("sha256"):
        return f"sha256:{pin['sha256']}"
    return f"{pin.get('distribution') or pin_name(pin)}=={pin.get('version')}"


def pin_name(pin: dict[str, Any]) -> str:
    """Name a plugin for people."""
    uri = pin.get("uri")
    if uri:
        return PurePosixPath(str(uri)).name
    return str(pin.get("module") or pin.get("distribution") or pin.get("name") or "plugin")


def fingerprint_of(content: Content, inputs: Iterable[Input]) -> str:
    """Return the fingerprint of a command: what it does, with what."""
    return fingerprint([content.digest, sorted({(i.uri, i.identity) for i in inputs})])


def draft_of(
    definition: CommandDefinition,
    content: Content,
    inputs: Sequence[Input],
    *,
    plan: str,
    planned: str,
    replaces: str,
) -> Draft:
    """Return the draft of a command's record.

    Args:
        plan: token of the plan.
        planned: when the plan was made.
        replaces: token of the plan by which the command has run before, as its record says;
            "" without a record.
    """
    return {
        "schema": SCHEMA,
        "fingerprint": fingerprint_of(content, inputs),
        "plan": plan,
        "planned": planned,
        "replaces": replaces,
        "command_type": content.command_type,
        "experiment_id": definition.experiment_id,
        "split_id": definition.split_id,
        "splits": definition.splits,
        "config": content.config,
        "plugins": content.plugins,
        "components": content.components,
        "inputs": [{k: v for k, v in vars(item).items() if v is not None} for item in inputs],
        "outputs": sorted(definition.io_def.output_uris),
    }


def _plain_pin(pin: Any) -> dict[str, Any]:
    content = asdict(pin) if is_dataclass(pin) and not isinstance(pin, type) else dict(pin)
    return {k: v for k, v in content.items() if v}
