"""Prove what is registered and is no config: commands, file systems, runners, providers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rvcli import keys
from rvcli.errors import MissingDependencyError
from rvcli.registry import Entry
from rvcli.verify.compare import differences
from rvcli.verify.configs import check_config
from rvcli.verify.faults import Stage
from rvcli.verify.place import place_of_class, place_of_method
from rvcli.verify.report import WARNING, Finding, Notes
from rvcli.verify.samples import sample_for

FILESYSTEM_METHODS = (
    "matches_uri",
    "file_exists",
    "read_str",
    "read_bytes",
    "write_str",
    "write_bytes",
    "sync_to_dir",
    "sync_from_dir",
    "copy_to",
    "copy_from",
    "local_path",
    "last_modified",
    "list_paths",
)


def check_component(entry: Entry, notes: Notes, stage: Stage) -> None:
    """Prove one registered component."""
    if entry.group in keys.CONFIG_GROUPS:
        check_config(entry, notes, stage)
        return
    component = _name_of(entry)
    try:
        loaded = entry.load()
    except MissingDependencyError as e:
        notes.skipped("import", e.message, component)
        return
    except Exception as e:
        finding = stage.finding(e, "importing it", code="import-fails", component=component)
        notes.concluded("import", [finding], component)
        return
    check = _CHECKS[entry.group]
    notes.concluded("interface", check(entry, loaded, component, stage), component)


def _name_of(entry: Entry) -> str:
    """Name a component; what has no key of its own by its class."""
    return f"{entry.group} {entry.key.rpartition(':')[2]}"


def _lacks(loaded: Any, names: Iterable[str], component: str, hint: str) -> list[Finding]:
    missing = [name for name in names if not callable(getattr(loaded, name, None))]
    if not missing:
        return []
    return [
        Finding(
            "interface-incomplete",
            f"{getattr(loaded, '__name__', loaded)} lacks {', '.join(missing)}",
            hint,
            place_of_class(loaded),
            component,
        )
    ]


def _check_aux_command(entry: Entry, loaded: Any, component: str, stage: Stage) -> list[Finding]:
    from rvcli.command.aux_command import AuxCommand

    where = place_of_class(loaded)
    if not (isinstance(loaded, type) and issubclass(loaded, AuxCommand)):
        text = f"{loaded!r} is no AuxCommand"
        hint = "subclass rv.AuxCommand and implement run"
        return [Finding("interface-incomplete", text, hint, where, component)]
    findings = []
    if inspect.isabstract(loaded):
        missing = ", ".join(sorted(loaded.__abstractmethods__))
        text = f"{loaded.__name__} does not implement {missing}"
        findings.append(Finding("abstract", text, "implement it", where, component))
    elif len(inspect.signature(loaded.run).parameters) > 2:
        findings.append(
            Finding(
                "interface-incomplete",
                f"{loaded.__name__}.run takes more than tmp_dir",
                "define run(self, tmp_dir=None); options come in self.command_config",
                place_of_method(loaded, "run"),
                component,
            )
        )
    if loaded.command_type != entry.key:
        findings.append(
            Finding(
                "wrong-key",
                f"{loaded.__name__}.command_type is {loaded.command_type!r}, but it is registered"
                f" as {entry.key!r}",
                "use one name for both",
                where,
                component,
                WARNING,
            )
        )
    return findings or _round_trip_command(entry, loaded, component, stage)


def _round_trip_command(entry: Entry, loaded: Any, component: str, stage: Stage) -> list[Finding]:
    """Send the command through its message; what its options want can only be guessed."""
    from google.protobuf.json_format import MessageToJson, Parse

    from rvcli.command.command_config import CommandConfig

    options = loaded.command_options
    values = {name: sample_for(name, guess=True) for name in options.required_fields}
    if options.split_on:
        values[options.split_on] = ["s3://bucket/sample"]
    builder = CommandConfig.builder(entry.key).with_root_uri("s3://bucket/root")
    try:
        config = builder.with_config(**values).build()
        message = config.to_proto()
        again = CommandConfig.from_proto(Parse(MessageToJson(message), type(message)()))
    except Exception as e:
        return [stage.finding(e, "building it", code="build-fails", component=component)]
    findings = [
        Finding(
            "value-changed",
            f"config.{difference.path} changes on the way through the message",
            "let the config hold what JSON can hold",
            place_of_class(loaded),
            component,
        )
        for difference in differences(config.config, again.config)
    ]
    try:
        config.report_io()
    except Exception as e:
        # The options are made up, so this need not happen with real ones.
        doing, code = "asking for its inputs and outputs", "report-io-fails"
        findings.append(stage.finding(e, doing, code=code, component=component, severity=WARNING))
    return findings


def _check_filesystem(entry: Entry, loaded: Any, component: str, stage: Stage) -> list[Finding]:
    hint = "define it as a static method, as rv.FileSystem declares it"
    findings = _lacks(loaded, FILESYSTEM_METHODS, component, hint)
    if findings:
        return findings
    for uri in ("/local/path", "https://example.org/a.tif", "s3://bucket/key", "odd://x/y z"):
        try:
            answer = loaded.matches_uri(uri, "r")
        except Exception as e:
            doing = f"asking whether it handles {uri!r}"
            return [stage.finding(e, doing, code="interface-fails", component=component)]
        if uri == "/local/path" and answer:
            findings.append(
                Finding(
                    "takes-all",
                    "matches_uri answers yes for local paths, so that all files go through it",
                    "answer yes only for URIs with your scheme",
                    place_of_method(loaded, "matches_uri"),
                    component,
                    WARNING,
                )
            )
    return findings


def _check_runner(entry: Entry, loaded: Any, component: str, stage: Stage) -> list[Finding]:
    from rvcli.runner.experiment_runner import ExperimentRunner

    if not (isinstance(loaded, type) and issubclass(loaded, ExperimentRunner)):
        text = f"{loaded!r} is no ExperimentRunner"
        hint = "subclass rv.ExperimentRunner"
        where = place_of_class(loaded)
        return [Finding("interface-incomplete", text, hint, where, component)]
    try:
        loaded()
    except Exception as e:
        return [stage.finding(e, "creating it", code="create-fails", component=component)]
    return []


def _check_provider(entry: Entry, loaded: Any, component: str, stage: Stage) -> list[Finding]:
    questions = _QUESTIONS[entry.group]
    return _lacks(loaded, [*questions, "construct"], component, "define it as a static method")


def _check_command(entry: Entry, loaded: Any, component: str, stage: Stage) -> list[Finding]:
    from rvcli.command.command_config import CommandConfig

    try:
        builder = CommandConfig.builder(entry.key)
    except Exception as e:
        return [stage.finding(e, "making its builder", code="builder-fails", component=component)]
    hint = "subclass rv.CommandConfigBuilder"
    return _lacks(builder, ("with_experiment", "get_root_uri", "build"), component, hint)


_QUESTIONS: Mapping[str, tuple[str, ...]] = {
    keys.DEFAULT_RASTER_SOURCE: ("handles",),
    keys.DEFAULT_VECTOR_SOURCE: ("handles",),
    keys.DEFAULT_LABEL_SOURCE: ("handles",),
    keys.DEFAULT_LABEL_STORE: ("is_default_for", "handles"),
    keys.DEFAULT_EVALUATOR: ("is_default_for",),
}

_CHECKS: Mapping[str, Callable[[Entry, Any, str, Stage], list[Finding]]] = {
    keys.AUX_COMMAND: _check_aux_command,
    keys.COMMAND: _check_command,
    keys.FILESYSTEM: _check_filesystem,
    keys.EXPERIMENT_RUNNER: _check_runner,
    **dict.fromkeys(_QUESTIONS, _check_provider),
}
