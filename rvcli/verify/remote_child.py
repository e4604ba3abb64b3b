"""Prove plugins as another machine would load them: `main` runs in a process of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rvcli.errors import RvError
from rvcli.plugins import Found, PluginPin
from rvcli.plugins.find import own_frame_test
from rvcli.plugins.pin import verify_pin
from rvcli.plugins.ship import FILES
from rvcli.profile import current, load_settings
from rvcli.profile import use as use_settings
from rvcli.registry import Registry, default, use
from rvcli.verify.child import prove_found
from rvcli.verify.faults import Stage
from rvcli.verify.fence import Fence, Hit
from rvcli.verify.report import Finding, Notes, PluginReport


def main(request_path: str, result_path: str) -> None:
    """Read a request, prove the plugins that it pins in their order, and write their reports.

    Args:
        request_path: JSON with the pins, the cache, overrides of settings, what the fence opens
            and closes, and whether components are proven too.
        result_path: gets a line of JSON when a plugin starts, and one with its report. What is
            missing brought the process down.
    """
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.loads(Path(request_path).read_text())
    with Path(result_path).open("w", buffering=1) as result:
        fence = Fence(request["closed"], request["opened"], request["cache_dir"])
        fence.install()
        registry = Registry(parent=default())
        settings = load_settings(overrides=request["overrides"])
        with use_settings(settings), use(registry):
            for values in request["pins"]:
                result.write("{}\n")
                report = _prove(PluginPin.from_dict(values), request, fence, registry)
                result.write(json.dumps(report.to_dict()) + "\n")


def _prove(
    pin: PluginPin, request: Mapping[str, Any], fence: Fence, registry: Registry
) -> PluginReport:
    notes = Notes()
    report = PluginReport(pin.name or str(pin.spec), pin.spec.kind, str(pin.spec))
    try:
        found = verify_pin(pin, current(), registry, request["cache_dir"])
    except RvError as e:
        notes.concluded("fetch and verify", [Finding("fetch-fails", e.message, e.hint)])
        found = None
    if isinstance(found, Found):
        notes.passed("fetch and verify")
        report = replace(report, version=found.version, digest=found.digest)
        stage = Stage(found, request["start_directory"])
        with fence.watching(own_frame_test(found)) as hits:
            report = prove_found(report, stage, registry, notes, deep=request["deep"])
        notes.concluded("opened files", _findings(hits))
    return replace(report, checks=tuple(notes.checks), findings=tuple(notes.findings))


def _findings(hits: list[Hit]) -> list[Finding]:
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.path, hit)
    return [_finding(hit) for hit in first.values()]


def _finding(hit: Hit) -> Finding:
    if hit.is_beside:
        name = hit.path.partition(f"/{FILES}/")[2] or hit.path
        return Finding(
            "file-beside",
            f"the plugin opens {name!r} beside itself, which does not travel with it",
            "make the plugin a package directory, of which all files travel",
            hit.where,
        )
    return Finding(
        "local-file",
        f"the plugin opens {hit.path!r}, which other machines do not have",
        "put it into the plugin's package directory and start from Path(__file__).parent, or"
        " give its URI in the config",
        hit.where,
    )
