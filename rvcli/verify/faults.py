"""From an exception in a plugin's code to a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rvcli.errors import MissingDependencyError, RvError, hint_of_old_import
from rvcli.plugins import Found
from rvcli.plugins.explain import hint_for, place_of
from rvcli.plugins.find import own_frame_test
from rvcli.plugins.isolate import PREFIX
from rvcli.verify.imports import explain_missing, missing_module
from rvcli.verify.report import ERROR, Finding


@dataclass(frozen=True)
class Stage:
    """What must be known of a plugin to explain its faults.

    Attributes:
        start_directory: where `rv` was started; the checks run in an empty directory.
    """

    found: Found
    start_directory: str

    @property
    def is_own(self) -> Callable[[str], bool]:
        """Tells the plugin's own files by their path."""
        return own_frame_test(self.found)

    def finding(
        self,
        error: BaseException,
        doing: str,
        *,
        code: str,
        component: str | None = None,
        where: str | None = None,
        severity: str = ERROR,
    ) -> Finding:
        """Describe an error.

        Args:
            error: what was raised.
            doing: what was being done, such as "importing the plugin".
            code: name of the pitfall, unless the error shows a more specific one.
            component: "GROUP KEY".
            where: place to name if no frame of the plugin was on the way.
            severity: how bad it is, unless the error shows a pitfall that is none to pass over.
        """
        hint = hint_for(error, self.found)
        missing = missing_module(error)
        if isinstance(error, TypeError) and "abstract" in str(error):
            code, severity = "abstract", ERROR
            hint = "implement the methods that the message names"
        elif isinstance(error, FileNotFoundError) and "Path(__file__)" in hint:
            code, severity = "relative-file", ERROR
        elif missing is not None and not isinstance(error, MissingDependencyError):
            code, severity = "import-missing", ERROR
            if not missing.startswith(PREFIX) and hint_of_old_import(missing) is None:
                hint = explain_missing(missing, self.start_directory)
        text = error.message if isinstance(error, RvError) else f"{type(error).__name__}: {error}"
        return Finding(
            code,
            f"{doing} fails: {text}",
            hint,
            place_of(error, self.is_own) or where,
            component,
            severity,
        )
