"""Turn what went wrong in a plugin's code into an error that its author can act on."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from rvcli.errors import PluginError, RegistryError, RvError, hint_of_old_import
from rvcli.plugins.archive import missing_requirements
from rvcli.plugins.find import Found, own_frame_test
from rvcli.plugins.isolate import PREFIX
from rvcli.utils.patience import Overdue

# The name of the package around a plugin means nothing to its author.
_PACKAGE = re.compile(rf" from '{PREFIX}[0-9a-f]+'|{PREFIX}[0-9a-f]+\.")
_EMPTY_PACKAGE_NOTE = " (unknown location)"


def explain(error: BaseException, found: Found) -> PluginError:
    """Return a PluginError that names the plugin's file and line."""
    if isinstance(error, PluginError):
        return error
    where = place_of(error, own_frame_test(found))
    hint = hint_for(error, found)
    text = str(error) or "no message"
    if not isinstance(error, (RvError, Overdue)):
        text = f"{type(error).__name__}: {text}"
    text = _PACKAGE.sub("", text.replace(_EMPTY_PACKAGE_NOTE, ""))
    at = f" ({where})" if where else ""
    return PluginError(f"plugin {found.spec} does not load: {text}{at}", hint=hint)


def place_of(error: BaseException, is_own: Callable[[str], bool]) -> str | None:
    """Return `path:line` of the innermost frame in the plugin's own files, or None."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_own(f.filename)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None


def hint_for(error: BaseException, found: Found) -> str:
    """Say what the author, or whoever loads the plugin, can do about it."""
    if isinstance(error, RegistryError) and error.hint:
        return error.hint
    if isinstance(error, Overdue):
        return "what takes long belongs into its functions: a plugin is imported by every command"
    if isinstance(error, SyntaxError):
        return f"this Python is {sys.version_info.major}.{sys.version_info.minor}"
    if isinstance(error, ImportError):
        return _import_hint(error, found)
    if isinstance(error, FileNotFoundError) and _is_relative(error.filename):
        return (
            "the path counts from wherever rv runs; start from Path(__file__).parent, and"
            " make the plugin a directory so that the file travels with it"
        )
    if isinstance(error, RvError) and error.hint:
        return error.hint
    named_by = f" that {found.spec.origin} names" if found.spec.origin else ""
    return f"repair the plugin{named_by}, or take it out"


def _is_relative(filename: object) -> bool:
    return isinstance(filename, str) and not Path(filename).is_absolute()


def _import_hint(error: ImportError, found: Found) -> str:
    if "beyond top-level package" in str(error):
        return "a plugin can import what lies beside or below its file, not above"
    name = (error.name or "").partition(".")[0]
    if found.content is not None and name.startswith(PREFIX):
        return (
            "there is no such file beside the plugin; a sibling that is imported by a computed"
            " name must also be imported by its plain name"
        )
    if not isinstance(error, ModuleNotFoundError) or not name:
        return "the installed version of that package may be another than the plugin needs"
    of_old = hint_of_old_import(error.name or "")
    if of_old:
        return of_old
    missing = missing_requirements(found.content) if found.content is not None else []
    if missing:
        return "the plugin needs: pip install " + " ".join(f"'{item}'" for item in missing)
    return f"install the package that brings {name!r} here, or put {name}.py beside the plugin"
