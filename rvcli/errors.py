"""Every error that `rv` raises on purpose, drawn as a tree.

    RvError                         1  something failed
    ├── UsageError                  2  the command line is wrong
    ├── ConfigError                 3  a config, profile or experiment file is wrong
    │   ├── RegistryError           3  no such key, or a key registered twice
    │   ├── ProfileError            3  a profile cannot be read or is ambiguous
    │   ├── ExperimentError         3  an experiment file is wrong
    │   ├── MessageError            3  a protobuf message cannot be read
    │   └── PlanError               3  the commands cannot be planned as asked
    ├── PluginError                 4  a plugin cannot be fetched, verified or loaded
    ├── CommandError                5  one or more commands failed
    ├── FileSystemError             1  a URI cannot be handled
    │   ├── NotReadableError        1
    │   └── NotWritableError        1
    ├── DataError                   1  imagery or labels are not what they should be
    └── MissingDependencyError      1  a package that this work needs is not installed

The number is the exit code of the process; 130 is reserved for an interrupted run.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from typing import ClassVar

EXIT_DONE = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_CONFIG = 3
EXIT_PLUGIN = 4
EXIT_COMMAND = 5
EXIT_INTERRUPTED = 130


class RvError(Exception):
    """Base of all errors with a message for the user.

    Attributes:
        hint: what to do next, one sentence, or None.
        exit_code: exit status of a process that ends with this error.
    """

    exit_code: ClassVar[int] = EXIT_FAILURE

    def __init__(self, message: str = "", *details: object, hint: str | None = None) -> None:
        # Plugins raise what they catch by these names, with any arguments that an Exception takes.
        super().__init__(message, *details)
        self.message = str(message)
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(RvError):
    """The command line is wrong."""

    exit_code = EXIT_USAGE


class ConfigError(RvError, ValueError):
    """A config, profile or experiment file is wrong."""

    exit_code = EXIT_CONFIG


class RegistryError(ConfigError):
    """A key is unknown, or was registered twice."""


class ProfileError(ConfigError):
    """A profile cannot be found or read."""


class ExperimentError(ConfigError):
    """An experiment file or module cannot be used.

    Attributes:
        frames: `path:line in function` of the user's own frames, outermost first.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, frames: Sequence[str] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.frames = tuple(frames)


class MessageError(ConfigError):
    """A protobuf message cannot be read."""


class PlanError(ConfigError):
    """The commands cannot be planned as asked."""


class PluginError(RvError):
    """A plugin cannot be fetched, verified, imported or registered."""

    exit_code = EXIT_PLUGIN


class CommandError(RvError):
    """One or more commands failed."""

    exit_code = EXIT_COMMAND


class FileSystemError(RvError):
    """A URI cannot be handled.

    Attributes:
        concerns_all: every other URI of its kind fails alike, as without credentials.
    """

    concerns_all = False


class NotReadableError(FileSystemError):
    """A URI cannot be read."""


class NotWritableError(FileSystemError):
    """A URI cannot be written."""


class DataError(RvError, ValueError):
    """Imagery or labels are not what they should be."""


class MissingDependencyError(RvError, ImportError):
    """A package is not installed; the hint names the pip extra that brings it."""


def hint_of_old_import(name: str) -> str | None:
    """Say what to do about a module of `rastervision` that cannot be imported; else None."""
    if name == "rastervision":
        return (
            "rv serves it, as `python -m rvcli.compat SCRIPT` does; in a program of your own, load"
            " the file inside `with rvcli.compat.serving():`"
        )
    if name.startswith("rastervision."):
        return "`rv migrate FILE` says what to use instead"
    return None


# What the pip extras bring, by the names that are imported.
_EXTRAS = {
    "local": (
        *(
            "affine",
            "jinja2",
            "joblib",
            "numpy",
            "onnx",
            "onnxruntime",
            "pyogrio",
            "pyproj",
            "rasterio",
        ),
        *("scipy", "shapely", "sklearn"),
    ),
    "torch": (
        *("onnxscript", "safetensors", "segmentation_models_pytorch", "tensorboard", "timm"),
        *("torch", "torchvision"),
    ),
    "keras": ("keras",),
    "fsspec": ("fsspec",),
    "dask": ("cryptography", "dask", "distributed"),
    "jobqueue": ("dask_jobqueue",),
    "migrate": ("libcst",),
}


def nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the one of some names that is most like a misspelt one, or None.

    Args:
        cutoff: likeness that is asked for, from 0 to 1.
    """
    # Late: most runs misspell nothing.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(names), n=1, cutoff=cutoff)), None)


def known_error(error: BaseException) -> RvError | None:
    """Return an error whose message says enough, or None for one that is a fault of code.

    The lack of a package that an extra brings, and what the operating system refuses to do
    with a file, say enough.
    """
    if isinstance(error, RvError):
        return error
    if isinstance(error, ModuleNotFoundError):
        name = (error.name or "").partition(".")[0]
        for extra, packages in _EXTRAS.items():
            if name in packages:
                return MissingDependencyError(
                    f"this needs the package {name!r}, which is not installed",
                    hint=f"pip install 'rvcli[{extra}]'",
                )
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return FileSystemError(
            f"{error.filename}: {error.strerror}", hint="check the path, its permissions and space"
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        # Of an open file, whose name such an error lacks.
        return FileSystemError(
            f"a file cannot be written: {error.strerror}",
            hint="make room, also where temporary files go (RV.tmp_dir, or TMPDIR)",
        )
    return None
