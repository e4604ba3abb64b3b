"""Which packages are installed, and which of those that are wanted here are not."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rvcli import registry
from rvcli.doctor.finding import OK, PROBLEM, WARNING, Finding
from rvcli.version import __version__

if TYPE_CHECKING:
    from rvcli.plugins import LoadedPlugin
    from rvcli.profile import Settings

_TOPIC = "packages"
# Extras that put others together.
_SUMS = {"all", "dev"}
# So many files of a folder are looked at, each so large at most.
_MOST_FILES = 50
_MOST_BYTES = 300_000


def look(settings: Settings, plugins: Sequence[LoadedPlugin]) -> Iterator[Finding]:
    """Yield rv and Python, then the packages of each extra, then what is wanted and missing."""
    yield Finding(
        _TOPIC,
        OK,
        f"rv {__version__}, Python {platform.python_version()} ({sys.executable}),"
        f" {platform.platform()}",
    )
    extras = _extras()
    wanted = _wanted(settings, plugins)
    elsewhere = _runs_elsewhere(settings)
    for extra, names in extras.items():
        versions = {name: _version(name) for name in names}
        missing = [name for name, version in versions.items() if version is None]
        why = wanted.get(extra)
        shared = {n for held in extras.values() if set(held) < set(names) for n in held}
        own = [name for name in names if name not in shared]
        lacking = [name for name in missing if name in own] or missing
        if not missing:
            found = ", ".join(f"{name} {versions[name]}" for name in own)
            yield Finding(_TOPIC, OK, f"extra {extra}: {found}")
        elif why is None:
            some = f"without {', '.join(lacking)}" if len(lacking) < len(own) else "not installed"
            yield Finding(_TOPIC, OK, f"extra {extra}: {some}; nothing here asks for it")
        else:
            yield Finding(
                _TOPIC,
                WARNING if elsewhere else PROBLEM,
                f"extra {extra}: {', '.join(lacking)} not installed, and {why}",
                f"pip install 'rvcli[{extra}]'"
                + (" if commands are to run on this machine too" if elsewhere else ""),
            )


def _extras() -> dict[str, list[str]]:
    """Return the packages of each extra by its name, as this distribution declares them."""
    found: dict[str, list[str]] = {}
    try:
        required = metadata.requires("rvcli") or []
    except metadata.PackageNotFoundError:
        return {}
    for line in required:
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        name = re.split(r"[\s\[<>=!;(~]", line)[0]
        if extra and extra[1] not in _SUMS and name != "rvcli":
            found.setdefault(extra[1], []).append(name)
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _wanted(settings: Settings, plugins: Sequence[LoadedPlugin]) -> dict[str, str]:
    """Return the extras that are asked for here, each with who asks."""
    wanted: dict[str, str] = {}
    if settings.get("DASK", "scheduler") or settings.get("DASK", "scheduler_file"):
        wanted["dask"] = "the profile names a Dask scheduler"
    if settings.get("DASK", "cluster", "local") != "local":
        wanted["jobqueue"] = f"DASK.cluster is {settings.get('DASK', 'cluster')}"
    entries = {e.key: e for e in registry.current().entries() if e.extra}
    for path, text in _sources(plugins):
        for word in dict.fromkeys(re.findall(r"\b[A-Z][A-Z0-9_]{3,}\b", text)):
            entry = entries.get(word)
            if entry is not None and entry.extra is not None:
                wanted.setdefault(entry.extra, f"{path} names {word}")
        for package, extra in (("torch", "torch"), ("keras", "keras"), ("distributed", "dask")):
            if re.search(rf"^\s*(import|from)\s+{package}\b", text, flags=re.MULTILINE):
                wanted.setdefault(extra, f"{path} imports {package}")
    return wanted


def _sources(plugins: Sequence[LoadedPlugin]) -> Iterator[tuple[str, str]]:
    """Yield the code of plugins, and of experiments in this folder, with its name."""
    for plugin in plugins:
        if plugin.content is not None:
            for name, data in plugin.content.files.items():
                if name.endswith(".py"):
                    yield name, data.decode("utf-8", "replace")
    try:
        files = sorted(Path.cwd().glob("*.py"))[:_MOST_FILES]
    except OSError:
        return
    for path in files:
        try:
            if path.stat().st_size <= _MOST_BYTES:
                text = path.read_text(encoding="utf-8", errors="replace")
                if re.search(r"\b(rvcli|rastervision)\b", text):
                    yield path.name, text
        except OSError:
            continue


def _runs_elsewhere(settings: Settings) -> bool:
    """Tell whether the profile has commands run on other machines."""
    remote = (("AWS_BATCH", "job_queue"), ("AWS_BATCH", "cpu_job_queue"), ("DASK", "scheduler"))
    return any(settings.get(section, key) for section, key in remote)
