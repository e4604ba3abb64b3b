"""What results were made from, and by what: versions, plugins, inputs, outputs and messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rvcli.profile.secrets import MASK, is_secret, mask_uris
from rvcli.report.account import File, Message, Plugin, Provenance
from rvcli.report.sources import CommandFiles, Source

MOST_FILES = 200
MOST_MESSAGES = 24
MOST_CHARACTERS = 20_000


def collect_provenance(source: Source) -> Provenance:
    """Return what the commands of an experiment were run with, bounded for a page."""
    commands = source.commands
    inputs = _inputs(commands)
    outputs = _outputs(commands)
    omitted = {
        "inputs": len(inputs) - MOST_FILES,
        "outputs": len(outputs) - MOST_FILES,
        "messages": len(commands) - MOST_MESSAGES,
    }
    return Provenance(
        versions=_versions(commands),
        plugins=_plugins(commands),
        inputs=inputs[:MOST_FILES],
        outputs=outputs[:MOST_FILES],
        messages=tuple(_message(command) for command in commands[:MOST_MESSAGES]),
        omitted={name: count for name, count in omitted.items() if count > 0},
    )


def masked(value: Any) -> Any:
    """Return plain values without what must not be shown: secrets, and those inside URIs."""
    if isinstance(value, str):
        return mask_uris(value)
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {k: MASK if v and _is_secret_text(k, v) else masked(v) for k, v in value.items()}
    return value


def _is_secret_text(key: str, value: Any) -> bool:
    """Tell whether a value is a secret; messages write names as accessToken as well."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)
    return isinstance(value, str) and is_secret("", words)


def _versions(commands: Iterable[CommandFiles]) -> dict[str, tuple[str, ...]]:
    records = [command.record for command in commands if command.record is not None]
    found: dict[str, dict[str, None]] = {}
    for record in sorted(records, key=lambda record: record.finished):
        for name, version in record.versions.items():
            versions = found.setdefault(name, {})
            versions.pop(version, None)
            versions[version] = None
    return {name: tuple(versions) for name, versions in found.items()}


def _plugins(commands: Iterable[CommandFiles]) -> tuple[Plugin, ...]:
    found: dict[tuple[str, str], Plugin] = {}
    for command in commands:
        pins = command.record.draft["plugins"] if command.record is not None else []
        for pin in pins:
            plugin = _plugin(pin)
            before = found.setdefault((plugin.place, plugin.pin), plugin)
            names = dict.fromkeys((*before.commands, command.command_type))
            found[plugin.place, plugin.pin] = replace(before, commands=tuple(names))
    return tuple(found.values())


def _plugin(pin: Mapping[str, Any]) -> Plugin:
    place = mask_uris(str(pin.get("uri") or pin.get("module") or pin.get("distribution") or ""))
    digest = pin.get("sha256")
    words = [f"sha256:{digest}"] if digest else []
    if pin.get("version"):
        words.append(f"{pin.get('distribution') or 'version'} {pin['version']}")
    return Plugin(str(pin.get("name") or place), place, ", ".join(words))


def _inputs(commands: Iterable[CommandFiles]) -> tuple[File, ...]:
    """Return what came from elsewhere first, then what one command made for another."""
    found: dict[str, File] = {}
    for command in commands:
        for item in command.record.draft["inputs"] if command.record is not None else []:
            uri = mask_uris(str(item["uri"]))
            file = File(uri, str(item["identity"]), str(item.get("by") or ""))
            _note(found, file, command.command_type)
    return tuple(sorted(found.values(), key=lambda file: (bool(file.by), file.uri)))


def _outputs(commands: Iterable[CommandFiles]) -> tuple[File, ...]:
    found: dict[str, File] = {}
    for command in commands:
        for output in command.record.outputs if command.record is not None else ():
            uri = mask_uris(output.uri)
            file = File(uri, output.identity, command.id, output.size_bytes)
            _note(found, file, command.command_type)
    return tuple(found.values())


def _note(found: dict[str, File], file: File, command_type: str) -> None:
    before = found.get(file.uri, file)
    found[file.uri] = replace(file, commands=tuple(dict.fromkeys((*before.commands, command_type))))


def _message(command: CommandFiles) -> Message:
    text = json.dumps(masked(command.message), indent=2, ensure_ascii=False)
    return Message(command.id, text[:MOST_CHARACTERS], max(0, len(text) - MOST_CHARACTERS))
