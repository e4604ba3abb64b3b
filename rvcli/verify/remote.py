"""Verify plugins as other machines would load them: from their shipped content alone."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rvcli import registry
from rvcli.errors import RvError
from rvcli.filesystem import is_local, join_uri
from rvcli.plugins import FILE, Found, LoadedPlugin, PluginPin, PluginSpec, find_plugins, loaded_in
from rvcli.plugins.content import Content
from rvcli.plugins.find import found_content
from rvcli.plugins.ship import FILES, place, store
from rvcli.verify.needs import check_needs
from rvcli.verify.report import Finding, PluginReport, Report

TIMEOUT_S = 300.0
_SHOWN_LINES = 10
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " sys.meta_path[:] = [f for f in sys.meta_path"
    " if not str(getattr(f, '__module__', '')).startswith('__editable__')];"
    " from rvcli.compat import serving; from rvcli.verify.remote_child import main\n"
    "with serving(): main(*sys.argv[2:])"
)
# What of the environment any machine has.
_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")


def verify_as_remote(
    specs: Iterable[PluginSpec],
    *,
    deep: bool = False,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    cache_dir: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Report:
    """Prove that other machines can load plugins, in one process that has what they would have.

    Their content is stored to a temporary root, as for a remote runner, and loaded from there in
    a process with an empty working directory, home and cache, only installed packages to import,
    a bare environment, and no access to other files of this machine (see `Fence` for what that
    cannot see). What the sources show is added: packages to install there, modules that are not
    installed as a distribution, variables that are set here.

    Args:
        specs: the plugins, in their order. Those that are loaded in the present registry are
            taken as they were loaded, others are fetched.
        deep: also build and round-trip what they register, as `verify_plugins` does.
        overrides: settings that workers will have, `SECTION.KEY=VALUE` each.
        environ: variables that workers will have, beside the bare ones.
        cache_dir: where remote plugins are kept; the setting RV.cache_dir by default.
        timeout_s: seconds for all of them together.

    Returns:
        A report for each plugin, in their order. Errors are what would be missing; warnings name
        what must be installed or set there.
    """
    wanted = list(dict.fromkeys(specs))
    scratch = registry.Registry(parent=registry.current())
    with tempfile.TemporaryDirectory(prefix="rv-as-remote-") as directory:
        top = Path(directory).resolve()
        reports: dict[int, PluginReport] = {}
        found: dict[int, Found] = {}
        pins: dict[int, PluginPin] = {}
        for number, spec in enumerate(wanted):
            try:
                found[number] = _found(spec, scratch, list(found.values()), cache_dir)
                pins[number] = _shipped(found[number], str(top / "root"))
            except RvError as e:
                reports[number] = PluginReport(spec.name, spec.kind, str(spec)).with_finding(
                    Finding("fetch-fails", e.message, e.hint)
                )
        request = {
            "pins": [pin.to_dict() for pin in pins.values()],
            "cache_dir": str(top / "cache"),
            "start_directory": str(Path.cwd()),
            "overrides": list(overrides),
            "deep": deep,
            "closed": [str(Path.cwd()), *_directories(found.values())],
            "opened": [str(top), str(_own_root() / "rvcli"), *_installed_path()],
        }
        proven = _prove(request, top, environ or {}, timeout_s) if pins else []
        brought: set[str] = set()
        for number, report in zip(pins, proven, strict=True):
            content = found[number].content
            if content is not None:
                report = _of_original(report, content, str(top / "cache"))
            for finding in check_needs(found[number], brought):
                report = report.with_finding(finding)
            reports[number] = report
            if content is not None and wanted[number].kind != FILE:
                brought |= content.top_names
    return Report(tuple(reports[number] for number in range(len(wanted))))


def _found(
    spec: PluginSpec, scratch: registry.Registry, before: list[Found], cache_dir: str | None
) -> Found:
    for plugin in loaded_in(registry.current()):
        if plugin.origin == spec.registry_origin and plugin.content is not None:
            return found_content(spec, plugin.content)
    return find_plugins([spec], scratch, before, cache_dir=cache_dir)[0]


def _shipped(found: Found, root_uri: str) -> PluginPin:
    plugin = LoadedPlugin(
        found.name,
        found.spec,
        version=found.version,
        digest=found.digest,
        distribution=found.distribution,
        content=found.content,
    )
    pin = PluginPin.of(plugin)
    return pin if found.content is None else pin.shipped_to(store(found.content, root_uri))


def _of_original(report: PluginReport, content: Content, cache_dir: str) -> PluginReport:
    """Name the original's files in a report, where it names those of the shipped copy.

    Messages name them without a directory: what lies beside the original is not beside the copy.
    """
    copy = join_uri(place(cache_dir, content.digest), FILES) + "/"
    original = content.directory.rstrip("/") + "/" if content.directory else ""
    findings = []
    for finding in report.findings:
        message = finding.message.replace(copy, "")
        where = finding.where and finding.where.replace(copy, original)
        findings.append(replace(finding, message=message, where=where))
    return replace(report, findings=tuple(findings))


def _directories(found: Iterable[Found]) -> list[str]:
    """List where the originals lie."""
    places = []
    for item in found:
        if item.content is None or not item.content.directory:
            continue
        if item.spec.kind != FILE or is_local(item.spec.location):
            entry = Path(item.content.directory, *item.content.entry.split("/"))
            # A package is closed whole; beside a single file, everything is.
            package = "/" in item.content.entry
            top = Path(item.content.directory, item.content.entry.partition("/")[0])
            places.append(str(top if package else entry.parent))
    return places


def _prove(
    request: Mapping[str, Any], top: Path, environ: Mapping[str, str], timeout_s: float
) -> list[PluginReport]:
    """Run the child; what it did not get to is told of each plugin."""
    work, home = top / "home" / "work", top / "home"
    work.mkdir(parents=True)
    (top / "tmp").mkdir()
    asked, result = top / "request.json", top / "result.jsonl"
    asked.write_text(json.dumps(request))
    variables = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    search_path = [*_installed_path(), str(_own_root())]
    places = {"HOME": str(home), "TMPDIR": str(top / "tmp"), "XDG_CACHE_HOME": str(top / "cache")}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _BOOT, json.dumps(search_path), str(asked), str(result)],
            cwd=work,
            env={**variables, **environ, **places},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=timeout_s,
            check=False,
        )
        lines = done.stderr.decode(errors="replace").splitlines()[-_SHOWN_LINES:]
        words = "\n".join(["its last words:", *lines]) if lines else "it printed nothing"
        fault = Finding("crash", f"loading it ends the process, status {done.returncode}", words)
    except subprocess.TimeoutExpired:
        fault = Finding(
            "timeout",
            f"verifying the plugins did not end within {timeout_s:g} s",
            "move slow work out of the import and out of the constructors",
        )
    written = result.read_text().splitlines() if result.is_file() else []
    reports = [PluginReport.from_dict(json.loads(line)) for line in written[1::2]]
    for values in request["pins"][len(reports) :]:
        pin = PluginPin.from_dict(values)
        report = PluginReport(pin.name or str(pin.spec), pin.spec.kind, str(pin.spec))
        reports.append(report.with_finding(fault))
        fault = Finding("not-tried", "a plugin before it ended the process", "repair that first")
    return reports


def _installed_path() -> list[str]:
    """List where a worker finds modules beside those of rv: Python's own, and what is installed."""
    paths = sysconfig.get_paths()
    installed = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    installed += [*site.getsitepackages(), site.getusersitepackages()]
    places = [Path(place).resolve() for place in installed]
    kept = []
    for text in sys.path:
        path = Path(text).resolve()
        if text and any(path == place or place in path.parents for place in places):
            kept.append(str(path))
    return kept


def _own_root() -> Path:
    return Path(__file__).resolve().parents[2]
