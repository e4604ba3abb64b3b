"""Errors in the user's own code: said in one message, with the user's frames only."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rvcli.errors import ExperimentError, RvError, hint_of_old_import

_OWN = Path(__file__).resolve().parents[1]
_INSTALLED = tuple(
    Path(path).resolve()
    for name, path in sysconfig.get_paths().items()
    if name in ("stdlib", "platstdlib", "purelib", "platlib")
)
_MAX_FRAMES = 20


class LoaderError(ExperimentError):
    """An experiment file or module cannot be used."""


@contextmanager
def user_code(what: str, roots: Sequence[Path] = ()) -> Iterator[None]:
    """Turn whatever is raised inside the block into a LoaderError.

    Args:
        what: the beginning of the message: "exp.py cannot be loaded".
        roots: directories of the user's code, even where they are among installed packages.

    Raises:
        LoaderError: with the hint of the error, and the frames of the user's code.
    """
    try:
        yield
    except (Exception, SystemExit) as e:
        raise LoaderError(
            f"{what}: {_describe(e)}",
            hint=_hint(e),
            frames=user_frames(e, [root.resolve() for root in roots]),
        ) from e


def user_frames(error: BaseException, roots: Sequence[Path] = ()) -> list[str]:
    """List the user's frames of an error as `path:line in function`, outermost first.

    The source line follows in a line of its own, indented, where it can be read.
    """
    frames = [
        _frame(entry.filename, entry.lineno, entry.name, entry.line)
        for entry in traceback.extract_tb(error.__traceback__)
        if _is_users(entry.filename, roots)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append(_frame(error.filename, error.lineno, None, error.text))
    if len(frames) > _MAX_FRAMES:
        half = _MAX_FRAMES // 2
        frames[half:-half] = [f"... {len(frames) - _MAX_FRAMES} more frames ..."]
    return frames


def _is_users(filename: str, roots: Sequence[Path]) -> bool:
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    if path.is_relative_to(_OWN):
        return False
    for root in roots:
        if path.is_relative_to(root) and "site-packages" not in path.relative_to(root).parts:
            return True
    return not any(path.is_relative_to(directory) for directory in _INSTALLED)


def _frame(filename: str, line: int | None, function: str | None, source: str | None) -> str:
    where = f"{filename}:{line or 0}"
    if function is not None:
        where += f" in {function}"
    return f"{where}\n    {source.strip()}" if source and source.strip() else where


def _describe(error: BaseException) -> str:
    if isinstance(error, RvError):
        return error.message
    if isinstance(error, SystemExit):
        return f"it ends the program (SystemExit: {error.code})"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _hint(error: BaseException) -> str | None:
    if isinstance(error, RvError):
        return error.hint
    if isinstance(error, SystemExit):
        return "put what runs the program below `if __name__ == '__main__':`"
    if isinstance(error, ModuleNotFoundError) and error.name:
        install = f"install the package that holds {error.name!r}, or put it beside the file"
        return hint_of_old_import(error.name) or install
    return None
