"""The worker: run the one command that a message describes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from rvcli import profile, registry
from rvcli.command.command_config import CommandConfig
from rvcli.errors import CommandError, NotReadableError
from rvcli.filesystem import resolve
from rvcli.plugins import from_message, load_pins, load_plugins, lock_in_force, plugin_specs
from rvcli.profile.rv_config import RVConfig, make_tmp_dir
from rvcli.records import (
    Identities,
    default_cache,
    find_record,
    lease_uri,
    note_inputs,
    read_draft,
    remove_record,
    why_not_proven,
    write_record,
)
from rvcli.records.lease import Holder, claim
from rvcli.runner.usage import UsageMeter
from rvcli.utils.files import load_json_config
from rvcli.utils.logs import about

_log = logging.getLogger(__name__)

OnWait = Callable[[str], None]
OnSettings = Callable[[profile.Settings], None]


def _log_wait(text: str) -> None:
    _log.info("%s", text)


def _keep_settings(settings: profile.Settings) -> None:
    """Do nothing: whoever runs the command has set up what depends on them."""


class CommandRunner:
    """Runs commands from their messages."""

    @staticmethod
    def run(
        command_config_uri: str,
        *,
        fingerprint: str | None = None,
        tmp_dir: str | None = None,
        on_wait: OnWait = _log_wait,
        on_settings: OnSettings = _keep_settings,
    ) -> bool:
        """Run the command whose message is at a URI.

        Args:
            fingerprint: that the message must bear; any if None. Who keeps to a plan does not
                repeat what it has done, however often a cluster starts the command.
            tmp_dir: local directory below which temporary files go.
            on_wait: told, in words, whose lease the command waits for.
            on_settings: given the settings once those that the message carries are in force.

        Returns:
            False if another run has done the very same work since this one was planned.

        Raises:
            MessageError: the message cannot be read.
            PluginError: a plugin that it pins is not what it was, or does not load.
            CommandError: another run has replaced the message since it was written.
        """
        message = _read_message(command_config_uri)
        if fingerprint is not None and message.fingerprint != fingerprint:
            raise _another_plan(message.command_type, message.root_uri)
        with profile.use(profile.current().with_portable(dict(message.settings))) as settings:
            on_settings(settings)
            return CommandRunner.run_from_proto(
                message,
                tmp_dir=tmp_dir,
                on_wait=on_wait,
                once=fingerprint is not None,
            )

    @staticmethod
    def run_from_proto(
        msg: Any,
        *,
        tmp_dir: str | None = None,
        on_wait: OnWait = _log_wait,
        once: bool = False,
    ) -> bool:
        """Run the command that a message describes; see `run`.

        Args:
            once: what the very plan of the message has done is not done again.
        """
        own = registry.Registry(parent=registry.current())
        with registry.use(own):
            pins = from_message(msg.plugins)
            load_pins(pins, profile.current(), own)
            config = CommandConfig.from_proto(msg)
            return _claim_and_run(config, msg.fingerprint, tmp_dir, on_wait, once)


def _read_message(uri: str) -> Any:
    """Read a message; where only a file system of the profile's plugins can, load those.

    Which plugins the command pins is known only after its message is read.
    """
    from rvcli.protos.command_pb2 import CommandConfig as Message

    readers = registry.current()
    try:
        resolve(uri)
    except NotReadableError:
        readers = registry.Registry(parent=readers)
        settings = profile.current()
        load_plugins(
            plugin_specs(settings),
            readers,
            lock=lock_in_force(settings),
        )
    with registry.use(readers):
        return load_json_config(uri, Message())


def _claim_and_run(
    config: CommandConfig, fingerprint: str, tmp_dir: str | None, on_wait: OnWait, once: bool
) -> bool:
    root_uri, split_id = config.root_uri, config.split_id
    waited = False

    def note_wait(holder: Holder) -> None:
        nonlocal waited
        waited = True
        on_wait(f"{config.command_type} is run by {holder}")

    expiry_s = float(profile.current().get("RV", "lease_timeout_s"))
    with claim(lease_uri(root_uri, split_id), on_wait=note_wait, expiry_s=expiry_s) as lease:
        draft = _draft_of(config, fingerprint)
        if draft is not None and _is_done_meanwhile(config, draft, waited, once):
            return False
        remove_record(root_uri, split_id)
        started = datetime.now(timezone.utc)
        if draft is not None:
            draft = note_inputs(draft)
        meter = UsageMeter()
        made = RVConfig.get_tmp_dir() if tmp_dir is None else make_tmp_dir(tmp_dir)
        with made as directory, about(config.command_type):
            facts = _work(config, directory)
        usage = meter.read()
        lease.check()
        if draft is not None:
            write_record(root_uri, split_id, draft, started, usage=usage, facts=facts)
    return True


def _work(config: CommandConfig, directory: str) -> dict[str, Any]:
    """Run the command; return what it says of its work."""
    try:
        command = config.create_command(directory)
        command.run(directory)
    except SystemExit as e:
        # Else its exit code would pass for the worker's own, and 0 for a record.
        raise CommandError(
            f"{config.command_type} called sys.exit({e.code!r}) before it was done",
            hint="a command that is done returns; one that fails raises an error",
        ) from e
    facts = getattr(command, "record_facts", None)
    return facts if isinstance(facts, dict) else {}


def _draft_of(config: CommandConfig, fingerprint: str) -> dict[str, Any] | None:
    """Return what the plan says about the command; None for a message without a plan."""
    if not fingerprint:
        return None
    draft = read_draft(config.root_uri, config.split_id)
    if draft is None or draft["fingerprint"] != fingerprint:
        raise _another_plan(config.command_type, config.root_uri)
    return draft


def _is_done_meanwhile(
    config: CommandConfig, draft: dict[str, Any], waited: bool, once: bool
) -> bool:
    """Tell whether the very same work was done since it was planned, by whomever."""
    record = find_record(config.root_uri, config.split_id).record
    if record is None:
        return False
    # Not by time: the clocks of the machines may differ.
    before = {draft.get("replaces", "")} | (set() if once else {draft.get("plan", "")})
    since = record.plan not in before
    return (waited or since) and why_not_proven(record, draft, Identities(default_cache())) is None


def _another_plan(command_type: str, root_uri: str) -> CommandError:
    return CommandError(
        f"the plan of {command_type} below {root_uri} is not the one that its message was"
        " written for",
        hint="another run has planned the same command differently; run again",
    )
