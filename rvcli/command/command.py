"""What every command does: run, in a temporary directory."""

from __future__ import annotations

import tempfile
import weakref
from abc import ABC, abstractmethod
from typing import Any


class Command(ABC):
    """A piece of work that reads its inputs and writes its outputs.

    Attributes:
        record_facts: what its record is to say of its work once it has run; JSON can hold it.
    """

    record_facts: Any = None
    _tmp_dir: Any = None

    @abstractmethod
    def run(self, tmp_dir: str | None = None) -> Any:
        """Do the work; `tmp_dir` is a local directory that is removed afterwards."""

    def set_tmp_dir(self, tmp_dir: str | tempfile.TemporaryDirectory[str]) -> None:
        """Set the directory that `get_tmp_dir` returns; a temporary one lives as long as this."""
        self._tmp_dir = tmp_dir

    def get_tmp_dir(self) -> str:
        """Return the temporary directory, made on first use."""
        if self._tmp_dir is None:
            # Late, as few commands ask for it.
            from rvcli.profile.rv_config import RVConfig

            self._tmp_dir = RVConfig.get_tmp_dir()
            weakref.finalize(self, self._tmp_dir.cleanup)
        return str(getattr(self._tmp_dir, "name", self._tmp_dir))


class NoOpCommand(Command):
    """Does nothing."""

    def run(self, tmp_dir: str | None = None) -> None:
        """Do nothing."""
