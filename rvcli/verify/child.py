"""Prove one plugin, in a process of its own: `python -m rvcli.verify.child REQUEST RESULT`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rvcli.errors import PluginError, RegistryError, RvError
from rvcli.plugins import Found, PluginSpec, find
from rvcli.plugins.isolate import plain_name
from rvcli.plugins.load import load_found
from rvcli.profile import load_settings
from rvcli.profile import use as use_settings
from rvcli.registry import Entry, Registry, default, use
from rvcli.verify.components import check_component
from rvcli.verify.faults import Stage
from rvcli.verify.imports import check_origins, check_source, check_time
from rvcli.verify.report import Finding, Notes, PluginReport


def main(request_path: str, result_path: str) -> None:
    """Read a request, prove the plugin that it names, and write the report as JSON.

    What the plugin prints goes to stderr. The report is written last: without it the plugin
    brought the process down.

    Args:
        request_path: JSON with the plugin's spec, the cache, where `rv` was started, and what
            chose the settings.
        result_path: where the report goes.
    """
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.loads(Path(request_path).read_text())
    with use_settings(load_settings(cwd=request["start_directory"], **request["settings"])):
        report = prove(request)
    Path(result_path).write_text(json.dumps(report.to_dict()))


def prove(request: Mapping[str, Any]) -> PluginReport:
    """Prove one plugin in this process."""
    spec = PluginSpec(**request["spec"])
    report = PluginReport(spec.name, spec.kind, str(spec))
    notes = Notes()
    registry = Registry(parent=default())
    with use(registry):
        found = _find(spec, request["cache_dir"], notes)
        if found is not None:
            report = replace(report, name=found.name, version=found.version, digest=found.digest)
            stage = Stage(found, request["start_directory"])
            report = prove_found(report, stage, registry, notes)
    return replace(report, checks=tuple(notes.checks), findings=tuple(notes.findings))


def _find(spec: PluginSpec, cache_dir: str, notes: Notes) -> Found | None:
    try:
        found = find(spec, cache_dir)
    except RvError as e:
        notes.concluded("fetch", [Finding("fetch-fails", e.message, e.hint)])
        return None
    notes.passed("fetch")
    return found


def prove_found(
    report: PluginReport,
    stage: Stage,
    registry: Registry,
    notes: Notes,
    *,
    deep: bool = True,
) -> PluginReport:
    """Import a plugin, let it register, and note how that went.

    Args:
        report: what is known of the plugin so far.
        stage: where it is proven.
        registry: where its components go.
        notes: get the checks and findings.
        deep: prove its source and its components too.
    """
    found = stage.found
    if deep and found.content is not None:
        notes.concluded("source", check_source(found))
    before = set(sys.modules)
    started = time.perf_counter()
    try:
        plugin = load_found(found, registry)
    except PluginError as e:
        notes.concluded("import and register", [_load_finding(e, stage)])
        return report
    import_s = time.perf_counter() - started
    notes.passed("import and register")
    if deep and found.content is None:
        notes.concluded("source", check_source(found))
    new = {name.partition(".")[0] for name in set(sys.modules) - before}
    findings = check_time(import_s, new, found.content)
    findings += check_origins(before, found.content, found.directory)
    notes.concluded("imports", findings)
    for group, key in plugin.registers if deep else ():
        entry = registry.find(group, key)
        if entry is not None:
            _check_component(entry, notes, stage)
    registers = tuple((group, plain_name(key)) for group, key in plugin.registers)
    return replace(report, version=plugin.version, registers=registers, import_s=round(import_s, 3))


def _check_component(entry: Entry, notes: Notes, stage: Stage) -> None:
    try:
        check_component(entry, notes, stage)
    except Exception as e:  # a plugin's objects may do anything
        component = f"{entry.group} {entry.key}"
        finding = stage.finding(e, "proving it", code="check-fails", component=component)
        notes.concluded("check", [finding], component)


def _load_finding(error: PluginError, stage: Stage) -> Finding:
    cause = error.__cause__
    if isinstance(cause, RegistryError) and "registered twice" in cause.message:
        finding = stage.finding(cause, "registering", code="key-taken")
        return replace(finding, message=cause.message)
    if cause is None or isinstance(cause, SyntaxError):
        return Finding("import-fails", error.message, error.hint)
    return stage.finding(cause, "importing and registering the plugin", code="import-fails")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
