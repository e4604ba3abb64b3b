"""One thing that was looked at, and how it is."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

OK = "ok"
WARNING = "warning"
PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        topic: "packages", "gpu", ...
        status: "ok", "warning" or "problem".
        text: what is, one sentence; nothing secret.
        advice: what to do, or empty.
    """

    topic: str
    status: str
    text: str
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


Look = Callable[[], Iterable[Finding]]


class Looking:
    """A look at something, in a thread of its own, since it may take its time or never end."""

    def __init__(self, topic: str, look: Look) -> None:
        self.topic = topic
        self._found: list[Finding] | None = None
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run, look), daemon=True)
        self._thread.start()

    def result(self, timeout_s: float) -> list[Finding]:
        """Return what was found; a look that is not done in time is a finding itself."""
        self._thread.join(timeout_s)
        if self._found is None:
            text = f"no answer within {timeout_s:g} seconds"
            return [Finding(self.topic, WARNING, text, "look at it by itself, or try again")]
        return self._found

    def _run(self, look: Look) -> None:
        try:
            self._found = list(look())
        except Exception as e:  # whatever is broken is what is looked for
            text = f"looking at it failed: {type(e).__name__}: {e}"
            self._found = [Finding(self.topic, PROBLEM, text, "see what the message says")]
