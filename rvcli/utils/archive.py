"""Zip files: packed the same each time, unpacked without surprises."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from pathlib import Path

from rvcli.errors import DataError, NotReadableError
from rvcli.filesystem import to_path
from rvcli.filesystem.atomic import atomic_path
from rvcli.filesystem.local_filesystem import files_below

_EPOCH = (1980, 1, 1, 0, 0, 0)


def zipdir(dir: str, zip_path: str) -> None:
    """Pack all files of a directory, named by their paths in it.

    Equal contents give equal bytes: files are sorted and carry no times.

    Raises:
        NotReadableError: there is no such directory.
        NotWritableError: the zip file cannot be written.
    """
    root, target = to_path(dir), to_path(zip_path)
    if not root.is_dir():
        raise NotReadableError(f"there is no directory {str(root)!r}")
    paths = sorted(path for path in files_below(root) if path != target)
    with (
        atomic_path(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for path in paths:
            item = zipfile.ZipInfo(path.relative_to(root).as_posix(), _EPOCH)
            item.compress_type = zipfile.ZIP_DEFLATED
            item.external_attr = 0o644 << 16
            item.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(item, "w") as packed:
                shutil.copyfileobj(source, packed, 1 << 20)


def unzip(zip_path: str, target_dir: str) -> None:
    """Unpack a zip file into a directory.

    Raises:
        DataError: it is no zip file, is damaged, or holds a path that leads elsewhere.
        NotReadableError: there is no such file.
    """
    source, target = to_path(zip_path), to_path(target_dir)
    if not source.is_file():
        raise NotReadableError(f"there is no file {str(source)!r}")
    try:
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                _refuse_elsewhere(name, source)
            target.mkdir(parents=True, exist_ok=True)
            archive.extractall(target)
    except (zipfile.BadZipFile, EOFError) as e:
        raise DataError(
            f"{str(source)!r} is no whole zip file: {e}", hint="copy it again, or make it anew"
        ) from e


def gunzip(gz_path: str, path: str) -> None:
    """Unpack a gzip file to a path, whole or not at all.

    Raises:
        DataError: it is no gzip file, or is damaged.
    """
    try:
        with (
            gzip.open(gz_path) as packed,
            atomic_path(path) as temporary,
            temporary.open("wb") as target,
        ):
            shutil.copyfileobj(packed, target, 1 << 20)
    except (gzip.BadGzipFile, EOFError, zlib.error) as e:
        raise DataError(
            f"{gz_path!r} is no whole gzip file: {e}", hint="copy it again, or make it anew"
        ) from e


def _refuse_elsewhere(name: str, source: Path) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or parts[0].endswith(":"):
        raise DataError(
            f"{str(source)!r} holds the path {name!r}, which leads out of its directory",
            hint="do not use this file: it may be made to do harm",
        )
