"""Verify plugins, each in a fresh process with an empty working directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rvcli import keys, profile
from rvcli.plugins import PluginSpec
from rvcli.progress import track
from rvcli.verify.report import Finding, PluginReport, Report

TIMEOUT_S = 300.0
_SHOWN_LINES = 10
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " from rvcli.compat import serving; from rvcli.verify.child import main\n"
    "with serving(): main(*sys.argv[2:])"
)
# Registered under the name of the class: several of one kind live side by side.
_WITHOUT_KEY = (
    keys.FILESYSTEM,
    keys.DEFAULT_RASTER_SOURCE,
    keys.DEFAULT_VECTOR_SOURCE,
    keys.DEFAULT_LABEL_SOURCE,
    keys.DEFAULT_LABEL_STORE,
    keys.DEFAULT_EVALUATOR,
)


def verify_plugins(
    specs: Iterable[PluginSpec],
    *,
    profile_name: str | None = None,
    config_file: str | None = None,
    overrides: Sequence[str] = (),
    command: Sequence[str] | None = None,
    cache_dir: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Report:
    """Prove plugins: fetch, digest, import, register, and all that they register.

    Args:
        specs: the plugins, see `plugin_specs`.
        profile_name: the profile that was chosen, for what plugins read of their settings.
        config_file: the profile file that was given.
        overrides: `SECTION.KEY=VALUE`, each.
        command: argv of a process that calls `rvcli.verify.child.main` with the two arguments
            that are appended; a plain Python process by default.
        cache_dir: where remote plugins are kept; the setting RV.cache_dir by default.
        timeout_s: seconds after which a plugin is given up.

    Returns:
        A report for each plugin, in their order.
    """
    cache = cache_dir if cache_dir is not None else str(profile.cache_dir())
    wanted = list(dict.fromkeys(specs))
    request = {
        "cache_dir": cache,
        "start_directory": str(Path.cwd()),
        "settings": {
            "profile": profile_name,
            "config_file": config_file,
            "overrides": list(overrides),
        },
    }
    argv = list(command) if command is not None else [sys.executable, "-c", _BOOT, _search_path()]

    def prove(spec: PluginSpec) -> PluginReport:
        return _prove({**request, "spec": asdict(spec)}, argv, timeout_s)

    with (
        track("verifying", len(wanted), "plugins") as progress,
        ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool,
    ):
        futures = [pool.submit(copy_context().run, prove, spec) for spec in wanted]
        for future in futures:
            future.add_done_callback(lambda _: progress.advance())
        reports = [future.result() for future in futures]
    return Report(tuple(_with_clashes(reports)))


def _prove(content: Mapping[str, Any], argv: list[str], timeout_s: float) -> PluginReport:
    spec = PluginSpec(**content["spec"])
    with tempfile.TemporaryDirectory(prefix="rv-verify-") as directory:
        empty = Path(directory, "empty")
        empty.mkdir()
        request, result = Path(directory, "request.json"), Path(directory, "result.json")
        request.write_text(json.dumps(content))
        failed = PluginReport(spec.name, spec.kind, str(spec))
        try:
            done = subprocess.run(
                [*argv, str(request), str(result)],
                cwd=empty,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return failed.with_finding(
                Finding(
                    "timeout",
                    f"verifying the plugin did not end within {timeout_s:g} s",
                    "move slow work out of the import and out of the constructors",
                )
            )
        if result.is_file():
            return PluginReport.from_dict(json.loads(result.read_text()))
    lines = done.stderr.decode(errors="replace").splitlines()[-_SHOWN_LINES:]
    return failed.with_finding(
        Finding(
            "crash",
            f"the plugin ended its process with status {done.returncode}",
            "\n".join(["its last words:", *lines]) if lines else "it printed nothing",
        )
    )


def _search_path() -> str:
    """Return where modules are looked for, as JSON, without the working directory.

    A module that only the working directory has must not be found, unless it is `rvcli`.
    """
    here = str(Path.cwd())
    own = str(Path(__file__).resolve().parents[2])
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = [path for path in sys.path if path and (path != here or path in (own, *named))]
    return json.dumps([str(Path(path).absolute()) for path in kept])


def _with_clashes(reports: Iterable[PluginReport]) -> list[PluginReport]:
    """Add a finding to each plugin that registers what one before it has registered."""
    owners: dict[tuple[str, str], str] = {}
    checked = []
    for report in reports:
        for group, key in report.registers:
            owner = owners.setdefault((group, key), report.location)
            if owner != report.location and group not in _WITHOUT_KEY:
                report = report.with_finding(
                    Finding(
                        "key-taken",
                        f"{group} {key!r} is registered by {owner} too",
                        "give one of them another key, or load only one of the two plugins",
                        component=f"{group} {key}",
                    )
                )
        checked.append(report)
    return checked
