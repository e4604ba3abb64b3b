"""Find plugins among installed distributions and modules, without importing them."""

from __future__ import annotations

import importlib.metadata as metadata
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rvcli import keys
from rvcli.errors import PluginError
from rvcli.filesystem import to_path
from rvcli.plugins.content import INIT, SUFFIX, digest_of
from rvcli.plugins.find import Found
from rvcli.plugins.plugin import PluginSpec
from rvcli.plugins.siblings import closure


def find_distribution(spec: PluginSpec) -> Found:
    """Find an entry point of an installed distribution.

    Raises:
        PluginError: the distribution is not installed, or has no such entry point.
    """
    try:
        distribution = metadata.distribution(spec.location)
    except metadata.PackageNotFoundError as e:
        raise PluginError(
            f"the distribution {spec.location!r} is not installed",
            hint=f"pip install {spec.location}",
        ) from e
    points = [
        point
        for point in distribution.entry_points
        if point.group == keys.PLUGIN_ENTRY_POINTS and spec.entry_point in (None, point.name)
    ]
    if not points:
        wanted = "" if spec.entry_point is None else f" named {spec.entry_point!r}"
        raise PluginError(
            f"the distribution {spec.location!r} has no entry point{wanted} in the group"
            f" {keys.PLUGIN_ENTRY_POINTS!r}",
            hint="install a version that has one",
        )
    return _describe(spec, points[0].value.replace(" ", ""), distribution)


def find_module(spec: PluginSpec) -> Found:
    """Find a module, and the distribution that brings it.

    Raises:
        PluginError: there is no such module.
    """
    return _describe(spec, spec.location, None)


def _describe(
    spec: PluginSpec, import_path: str, distribution: metadata.Distribution | None
) -> Found:
    module_name = import_path.partition(":")[0]
    top = module_name.partition(".")[0]
    file = _module_file(top, spec)
    distribution = distribution or _distribution_of(top, file)
    name = spec.location
    if distribution is not None and not _is_editable(distribution):
        return Found(
            spec,
            name,
            str(file.parent),
            version=distribution.version,
            distribution=distribution.metadata["Name"],
            import_path=import_path,
        )
    return Found(
        spec,
        name,
        str(file.parent),
        digest=digest_of(_module_files(file)),
        version=distribution.version if distribution is not None else None,
        distribution=distribution.metadata["Name"] if distribution is not None else None,
        import_path=import_path,
    )


def _module_file(top: str, spec: PluginSpec) -> Path:
    """Return the file of a top-level module or package, which finding does not import."""
    try:
        found = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise PluginError(
            f"plugin {spec}: there is no module {top!r} to import",
            hint=f"install the package that brings {top!r}, or put its directory on PYTHONPATH",
        )
    if found.origin is not None and found.has_location:
        return Path(found.origin)
    places = list(found.submodule_search_locations or ())
    if not places:
        raise PluginError(
            f"plugin {spec}: {top!r} is no module made of files",
            hint="name a module or package of your own",
        )
    return Path(places[0]) / INIT


def _module_files(file: Path) -> Mapping[str, bytes]:
    """Read all Python files of a package, or a module with the siblings that it imports."""
    if file.name == INIT:
        root = file.parent
        return {
            path.relative_to(root.parent).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*" + SUFFIX))
        }

    def read(path: str) -> bytes | None:
        sibling = file.parent / path
        return sibling.read_bytes() if sibling.is_file() else None

    return closure(file.name, read)


def _distribution_of(top: str, file: Path) -> metadata.Distribution | None:
    """Return the distribution that brings a top-level module; None for loose files."""
    try:
        near: metadata.Distribution | None = metadata.distribution(top)
    except metadata.PackageNotFoundError:
        near = None
    if near is not None and _brings(near, top, file):
        return near
    for name in metadata.packages_distributions().get(top, []):
        distribution = metadata.distribution(name)
        if _brings(distribution, top, file):
            return distribution
    return None


def _brings(distribution: metadata.Distribution, top: str, file: Path) -> bool:
    if _is_editable(distribution):
        project = to_path(str(_direct_url(distribution)["url"]))
        return project.resolve() in file.resolve().parents
    named = (distribution.read_text("top_level.txt") or "").split()
    if top in named:
        return Path(str(distribution.locate_file(""))).resolve() in file.resolve().parents
    return any(
        Path(str(path.locate())).resolve() == file.resolve() for path in distribution.files or ()
    )


def _is_editable(distribution: metadata.Distribution) -> bool:
    return bool(_direct_url(distribution).get("dir_info", {}).get("editable", False))


def _direct_url(distribution: metadata.Distribution) -> dict[str, Any]:
    """Read what PEP 610 says of how a distribution was installed."""
    text = distribution.read_text("direct_url.json")
    content: dict[str, Any] = json.loads(text) if text else {}
    return content
