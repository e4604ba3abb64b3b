"""The implementations that fsspec knows: which there are, with which options, and their errors.

fsspec: https://filesystem-spec.readthedocs.io
"""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rvcli import profile
from rvcli.errors import (
    FileSystemError,
    MissingDependencyError,
    NotReadableError,
    NotWritableError,
    RvError,
)
from rvcli.filesystem.uri import scheme, shown

# What other file systems handle, or no file system at all.
_NOT_HERE = frozenset({"", "file", "local", "http", "https", "s3"})
# What to install for the schemes that are most in use, where fsspec itself is missing.
_PACKAGES = {
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "hf": "huggingface_hub",
    "hdfs": "pyarrow",
    "webhdfs": "requests",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
    "oss": "ossfs",
    "webdav": "webdav4[fsspec]",
    "ftp": "",
    "memory": "",
    "github": "requests",
}
# Where a module comes from a distribution of another name.
_DISTRIBUTIONS = {"smbclient": "smbprotocol", "libarchive": "libarchive-c"}

ATTEMPTS = 4
BACKOFF_S = 0.5
# Errors of implementations that may pass, by name: their packages need not be there.
_PASSING = frozenset(
    {
        *("error_temp", "error_reply", "error_proto"),  # ftplib
        *("ClientConnectionError", "ClientPayloadError", "ServerTimeoutError"),  # aiohttp
        *("ServiceResponseError", "IncompleteReadError"),  # azure
        *("SSHException", "ChunkedEncodingError"),  # paramiko, requests
    }
)

# Errors that answer a question; the connection is as good as before.
_ANSWERS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotImplementedError)

T = TypeVar("T")


class _Instances(threading.local):
    """Those of one thread: a connection, as of FTP, serves one request at a time."""

    def __init__(self) -> None:
        self.by_options: dict[tuple[int, str], Any] = {}


_instances = _Instances()


class Broken(Exception):
    """Less has arrived than there is."""


def is_known(uri: str) -> bool:
    """Tell whether fsspec has an implementation for a URI, installed or not."""
    name = scheme(uri)
    if name in _NOT_HERE:
        return False
    if importlib.util.find_spec("fsspec") is None:
        return name in _PACKAGES
    import fsspec

    return name in fsspec.available_protocols()


def connect(uri: str) -> tuple[Any, str]:
    """Return the implementation for a URI, and the path in it.

    Raises:
        MissingDependencyError: a package that it needs is not installed.
    """
    name = scheme(uri)
    cls = _class_of(uri, name)
    options = options_of(name)
    if "::" in uri:
        import fsspec

        found: tuple[Any, str] = fsspec.core.url_to_fs(uri, **options)
        return found
    options = {**cls._get_kwargs_from_urls(uri), **options}
    key = (os.getpid(), f"{name} {sorted(options.items(), key=str)}")
    if key not in _instances.by_options:
        _instances.by_options[key] = cls(**options)
    instance = _instances.by_options[key]
    # What is there may have changed since it was listed.
    instance.invalidate_cache()
    return instance, cls._strip_protocol(uri)


def disconnect() -> None:
    """Close the connections of this thread, and forget them."""
    for instance in _instances.by_options.values():
        # What FTP and SFTP hold open; stores make a connection for each request.
        connection = getattr(instance, "ftp", None)
        if connection is not None:
            connection.close()
    _instances.by_options.clear()


def options_of(name: str) -> dict[str, Any]:
    """Return the options for a scheme: those of the section FSSPEC_<SCHEME> of the profile.

    Beside them fsspec reads its own configuration, such as the variable FSSPEC_GS_TOKEN.
    """
    section = profile.current().section(f"FSSPEC_{name.translate(_TO_UNDERSCORE)}")
    words = {"true": True, "false": False}
    values = {key: section.get(key) for key in section.keys()}  # noqa: SIM118 - no mapping
    return {k: words.get(v.lower(), v) if isinstance(v, str) else v for k, v in values.items()}


_TO_UNDERSCORE = str.maketrans("+-.", "___")


def _class_of(uri: str, name: str) -> Any:
    try:
        from fsspec.registry import get_filesystem_class
    except ImportError as e:
        raise _missing(uri, "fsspec", _PACKAGES.get(name, "")) from e
    try:
        return get_filesystem_class(name)
    except ImportError as e:
        package = (getattr(e.__cause__, "name", None) or "").partition(".")[0]
        package = _DISTRIBUTIONS.get(package, package) or _PACKAGES.get(name, "")
        raise _missing(uri, package or str(e), package) from e


def _missing(uri: str, what: str, package: str) -> MissingDependencyError:
    install = f"pip install 'rvcli[fsspec]' {package}".rstrip()
    return MissingDependencyError(
        f"{shown(uri)!r} needs the package {what!r}, which is not installed", hint=install
    )


def patiently(work: Callable[[], T]) -> T:
    """Do something, and again with a new connection if it fails for a reason that may pass."""
    for left in reversed(range(ATTEMPTS)):
        try:
            return work()
        except _ANSWERS:
            raise
        except Exception as e:
            # In the middle of a transfer, a connection is good for nothing more.
            disconnect()
            if not left or not _may_pass(e):
                raise
        time.sleep(BACKOFF_S * 2 ** (ATTEMPTS - 1 - left))
    raise AssertionError("the last attempt returns or raises")


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, (ConnectionError, TimeoutError, EOFError, Broken)):
        return True
    return any(cls.__name__ in _PASSING for cls in type(error).__mro__)


@contextmanager
def reading(uri: str) -> Iterator[None]:
    """Turn errors of implementations into NotReadableError."""
    with _mapped(uri, NotReadableError, "read"):
        yield


@contextmanager
def writing(uri: str) -> Iterator[None]:
    """Turn errors of implementations into NotWritableError."""
    with _mapped(uri, NotWritableError, "written"):
        yield


@contextmanager
def _mapped(uri: str, kind: type[FileSystemError], done: str) -> Iterator[None]:
    try:
        yield
    except RvError:
        raise
    except Exception as e:  # each implementation has errors of its own
        reason, hint = _explain(e, scheme(uri))
        raise kind(f"{shown(uri)!r} cannot be {done}: {reason}", hint=hint) from e


def _explain(error: Exception, name: str) -> tuple[str, str | None]:
    section = f"the section [FSSPEC_{name.translate(_TO_UNDERSCORE).upper()}] of the profile"
    if isinstance(error, Broken):
        return str(error), "try again later; the connection or the server is unreliable"
    if isinstance(error, FileNotFoundError):
        return "there is no such file", "check the URI; it may be misspelt"
    if isinstance(error, IsADirectoryError):
        return "it is a directory", None
    if isinstance(error, PermissionError):
        return "access denied", f"check your credentials; options may stand in {section}"
    if isinstance(error, NotImplementedError):
        return f"the implementation of {name}:// cannot do that", "use another place"
    if _may_pass(error):
        text = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return f"{text} (after {ATTEMPTS} attempts)", "check the host and your connection"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{text}", f"check the URI; options and credentials may stand in {section}"
