"""The migration of one text: what is found in it, and the text that results."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rvcli.compat.alias import NEW, OLD
from rvcli.compat.migrate.findings import LEFT_TO_DO, REWRITTEN, Finding, apply_edits
from rvcli.errors import ExperimentError

_MENTIONS = re.compile(rf"\b({OLD}|{NEW})\b")


@dataclass(frozen=True)
class Scan:
    """What was found in a text.

    Attributes:
        findings: from the top of the text to its end.
        text: the text with all edits.
    """

    findings: tuple[Finding, ...]
    text: str

    @property
    def rewritten(self) -> list[Finding]:
        """What the edits take care of."""
        return [one for one in self.findings if one.kind in REWRITTEN]

    @property
    def left_to_do(self) -> list[Finding]:
        """What is left to a person."""
        return [one for one in self.findings if one.kind in LEFT_TO_DO]


def scan(text: str) -> Scan:
    """Find in Python code what it uses of old releases; nothing is imported or run.

    Raises:
        ExperimentError: the code does not parse.
        ModuleNotFoundError: libcst is not installed.
    """
    if not _MENTIONS.search(text):
        return Scan((), text)
    import libcst as cst

    from rvcli.compat.migrate.advice import advise
    from rvcli.compat.migrate.code import Code
    from rvcli.compat.migrate.imports import rewrite_imports
    from rvcli.compat.migrate.old_keys import rewrite_text_keys
    from rvcli.compat.migrate.strings import rewrite_strings
    from rvcli.compat.migrate.uses import Uses

    try:
        code = Code(text)
    except cst.ParserSyntaxError as e:
        raise ExperimentError(f"line {e.raw_line}: {e.message.splitlines()[0]}") from e
    uses = Uses(code)
    uses.rewrite()
    rewrite_imports(code, uses)
    rewrite_text_keys(code)
    rewrite_strings(code)
    advise(code)
    results = code.results
    return Scan(tuple(results.ordered()), apply_edits(text, results.edits))
