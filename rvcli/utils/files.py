"""Files anywhere: the functions that components and plugins use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, overload

from rvcli.errors import DataError, NotReadableError, NotWritableError
from rvcli.filesystem import (
    FileSystem,
    ProtobufParseException,
    base_name,
    is_local,
    parent_uri,
    resolve,
    shown,
    to_path,
)
from rvcli.filesystem.atomic import atomic_path, writing
from rvcli.filesystem.local_filesystem import make_dir
from rvcli.utils.archive import gunzip, unzip, zipdir
from rvcli.utils.downloads import download
from rvcli.utils.messages import load_json_config, save_json_config
from rvcli.utils.sync import start_sync, sync_from_dir, sync_to_dir

__all__ = [
    "NotReadableError",
    "NotWritableError",
    "ProtobufParseException",
    "atomic_path",
    "download_if_needed",
    "download_or_copy",
    "file_exists",
    "file_to_json",
    "file_to_str",
    "get_cached_file",
    "get_local_path",
    "json_to_file",
    "list_paths",
    "load_json_config",
    "make_dir",
    "save_json_config",
    "start_sync",
    "str_to_file",
    "sync_from_dir",
    "sync_to_dir",
    "unzip",
    "upload_or_copy",
    "upload_or_move",
    "zipdir",
]


@overload
def get_local_path(uri: None, download_dir: str, fs: type[FileSystem] | None = None) -> None: ...
@overload
def get_local_path(uri: str, download_dir: str, fs: type[FileSystem] | None = None) -> str: ...
def get_local_path(
    uri: str | None, download_dir: str, fs: type[FileSystem] | None = None
) -> str | None:
    """Return the local path that a URI has, or would have once it is downloaded."""
    if uri is None:
        return None
    return (fs or resolve(uri)).local_path(uri, download_dir)


@overload
def download_if_needed(
    uri: None, download_dir: str, fs: type[FileSystem] | None = None
) -> None: ...
@overload
def download_if_needed(uri: str, download_dir: str, fs: type[FileSystem] | None = None) -> str: ...
def download_if_needed(
    uri: str | None, download_dir: str, fs: type[FileSystem] | None = None
) -> str | None:
    """Return the path of a local file that holds what a URI holds.

    A remote file is downloaded unless it is as it was when it was downloaded before, by this
    process or another one that keeps its downloads in the same RV.cache_dir.

    Args:
        uri: anywhere; None gives None.
        download_dir: where a remote file goes.
        fs: the file system, if it is not to be chosen by the URI.

    Raises:
        NotReadableError: there is no such file, or it cannot be read.
    """
    if uri is None:
        return None
    fs = fs or resolve(uri)
    path = fs.local_path(uri, download_dir)
    if is_local(uri) and to_path(uri) == Path(path):
        if not fs.file_exists(uri):
            raise NotReadableError(
                f"there is no file {path!r}", hint="check the path; it may be misspelt"
            )
        return path
    make_dir(path, use_dirname=True)
    download(fs, uri, path)
    return path


def download_or_copy(uri: str, target_dir: str, fs: type[FileSystem] | None = None) -> str:
    """Copy a file from anywhere into a directory, under its base name; return its path."""
    path = str(to_path(target_dir) / base_name(uri))
    make_dir(target_dir)
    (fs or resolve(uri)).copy_from(uri, path)
    return path


def get_cached_file(cache_dir: str, uri: str) -> str:
    """Return a local path for a file that never changes, downloaded on first use only.

    One that is called .gz is unpacked, likewise once.
    """
    path = get_local_path(uri, cache_dir)
    unpacked = path.removesuffix(".gz")
    if Path(unpacked).is_file():
        return unpacked
    if not Path(path).is_file():
        path = download_if_needed(uri, cache_dir)
    if unpacked != path:
        gunzip(path, unpacked)
    return unpacked


def file_exists(uri: str, fs: type[FileSystem] | None = None, include_dir: bool = True) -> bool:
    """Tell whether a file exists, or a directory if those count."""
    return (fs or resolve(uri)).file_exists(uri, include_dir)


def list_paths(uri: str, ext: str = "", fs: type[FileSystem] | None = None) -> list[str]:
    """List the URIs of the files whose name ends in `ext`.

    They lie in a directory of this machine, not further below; elsewhere, as on S3, they are
    all that begin with the URI.
    """
    found = (fs or resolve(uri)).list_paths(uri, ext)
    if fs is not None or not is_local(uri):
        return found
    directory = to_path(uri)
    return [path for path in found if to_path(path).parent == directory]


def names_in(folder_uri: str, ext: str) -> list[str]:
    """List the names, without the extension, of the files with it that lie directly in a folder.

    Returns:
        in alphabetical order; none if there is no such folder.

    Raises:
        NotReadableError: it cannot be listed.
    """
    if not file_exists(folder_uri):
        return []
    folder = folder_uri.rstrip("/")
    uris = [uri for uri in list_paths(folder, ext) if parent_uri(uri) == folder]
    return sorted(base_name(uri).removesuffix(ext) for uri in uris)


def upload_or_copy(src_path: str, dst_uri: str | None, fs: type[FileSystem] | None = None) -> None:
    """Copy a local file, or a directory with all in it, to anywhere; None is nowhere.

    Raises:
        NotReadableError: there is no such file.
        NotWritableError: the destination cannot be written.
    """
    if dst_uri is None:
        return
    source = to_path(src_path)
    fs = fs or resolve(dst_uri, "w")
    if source.is_dir():
        fs.sync_to_dir(str(source), dst_uri)
    elif source.is_file():
        fs.copy_to(str(source), dst_uri)
    else:
        raise NotReadableError(
            f"{src_path!r} cannot be copied to {shown(dst_uri)!r}: there is no such file"
        )


def upload_or_move(src_path: str, dst_uri: str) -> None:
    """Put a local file elsewhere; afterwards it is no longer where it was.

    Within one disk nothing is copied.

    Raises:
        NotReadableError: there is no such file.
        NotWritableError: the destination cannot be written.
    """
    source = to_path(src_path)
    if is_local(dst_uri) and source.is_file():
        with atomic_path(to_path(dst_uri)) as path, writing(to_path(dst_uri)):
            shutil.move(source, path)
        return
    upload_or_copy(src_path, dst_uri)
    source.unlink()


def file_to_str(uri: str, fs: type[FileSystem] | None = None) -> str:
    """Return the content of a UTF-8 text."""
    return (fs or resolve(uri)).read_str(uri)


def str_to_file(content_str: str, uri: str, fs: type[FileSystem] | None = None) -> None:
    """Write a text in UTF-8, whole or not at all."""
    (fs or resolve(uri, "w")).write_str(uri, content_str)


def file_to_json(uri: str) -> Any:
    """Return what a JSON file holds.

    Raises:
        DataError: it is no JSON; names the line.
    """
    try:
        return json.loads(file_to_str(uri))
    except json.JSONDecodeError as e:
        raise DataError(
            f"{shown(uri)}:{e.lineno} is no JSON: {e.msg}, column {e.colno}",
            hint="was the file written to its end, and is it the right one?",
        ) from e


def json_to_file(js: Any, uri: str, *, indent: int | None = None) -> None:
    """Write JSON; numpy's numbers and arrays are written as numbers and lists."""
    str_to_file(json.dumps(js, indent=indent, ensure_ascii=False, default=_plain), uri)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be written as JSON")
