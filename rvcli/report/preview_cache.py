"""Previews of scenes that were made before, in the user's cache directory.

They are plain values written as JSON, so that nothing in the directory can run.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rvcli.errors import RvError
from rvcli.filesystem.atomic import atomic_path
from rvcli.profile.cache import cache_dir
from rvcli.records.digests import default_cache, stamp_of
from rvcli.records.fingerprint import fingerprint
from rvcli.records.identity import Identities, local_path
from rvcli.report.content import Layer, Picture, ScenePreview, Shape
from rvcli.version import __version__

_FORMAT = 3
_MAX_BYTES = 256 << 20
_ENDING = ".json"


class PreviewCache:
    """Keeps previews by what they were made of. What cannot be kept costs time, never an answer."""

    def __init__(self, folder: Path | None) -> None:
        """Use a folder; None keeps nothing."""
        self._folder = folder
        self._identities = Identities(default_cache())

    def look(self, uris: Iterable[str]) -> None:
        """Look at many URIs at once, where that saves time: those that are not on this machine."""
        self._identities.prefetch(uri for uri in uris if local_path(uri) is None)

    def key(self, uris: Iterable[str], settings: Any) -> str | None:
        """Return what names a preview; None if it cannot be said.

        Args:
            uris: all that it is made of.
            settings: plain values that say how.
        """
        try:
            made_of = {uri: self._identity(uri) for uri in sorted(set(uris))}
        except (RvError, OSError):
            return None
        return str(fingerprint([_FORMAT, __version__, made_of, settings]))

    def _identity(self, uri: str) -> str:
        path = local_path(uri)
        if path is None or Path(path).is_dir():
            return str(self._identities.of(uri))
        known, _ = self._identities.glimpse(uri)
        if known is not None:
            return str(known)
        # Reading a large file to tell what it is would take as long as its preview.
        try:
            return f"stamp:{stamp_of(Path(path).stat())}"
        except FileNotFoundError:
            return "absent"

    def get(self, key: str | None) -> ScenePreview | None:
        """Return a preview that was kept, or None."""
        if key is None or self._folder is None:
            return None
        path = self._folder / f"{key}{_ENDING}"
        try:
            preview = _from_plain(json.loads(path.read_text()))
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return preview

    def put(self, key: str | None, preview: ScenePreview) -> None:
        """Keep a preview."""
        if key is None or self._folder is None:
            return
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with atomic_path(str(self._folder / f"{key}{_ENDING}")) as path:
                Path(path).write_text(json.dumps(_to_plain(preview)))

    def prune(self) -> None:
        """Remove what was not used for longest, until what is left is small enough."""
        if self._folder is None:
            return
        with suppress(OSError):
            files = [(p.stat(), p) for p in self._folder.glob(f"*{_ENDING}")]
            total = sum(status.st_size for status, _ in files)
            for status, path in sorted(files, key=lambda f: f[0].st_mtime_ns):
                if total <= _MAX_BYTES:
                    break
                path.unlink(missing_ok=True)
                total -= status.st_size


def default_preview_cache() -> PreviewCache:
    """Return the cache in the directory that the profile names, or the platform's own."""
    try:
        return PreviewCache(cache_dir() / "previews")
    except RuntimeError:  # no home directory
        return PreviewCache(None)


def _to_plain(preview: ScenePreview) -> dict[str, Any]:
    plain = {**asdict(preview), "facts": dict(preview.facts)}
    for layer in plain["layers"]:
        if layer["picture"] is not None:
            data = layer["picture"]["data"]
            layer["picture"]["data"] = base64.b64encode(data).decode("ascii")
    return plain


def _from_plain(plain: Mapping[str, Any]) -> ScenePreview:
    return ScenePreview(
        **{
            **plain,
            "bounds_xyxy": tuple(plain["bounds_xyxy"]),
            "footprint": _rings(plain["footprint"]),
            "aois": _rings(plain["aois"]),
            "layers": tuple(map(_layer, plain["layers"])),
        }
    )


def _layer(plain: Mapping[str, Any]) -> Layer:
    picture = plain["picture"]
    return Layer(
        name=plain["name"],
        picture=picture
        and Picture(base64.b64decode(picture["data"]), picture["mime"], tuple(picture["size_hw"])),
        shapes=tuple(
            Shape(_rings(shape["rings"]), shape["class_id"], shape["score"])
            for shape in plain["shapes"]
        ),
        omitted=plain["omitted"],
    )


def _rings(plain: Any) -> tuple[Any, ...]:
    return tuple(tuple(tuple(point) for point in ring) for ring in plain)
