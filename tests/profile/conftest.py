"""A home, a project and an environment of their own for every test of profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rvcli.profile import Settings, load_settings


class Place(NamedTuple):
    """A home directory, a project inside it, and the variables of a process started there."""

    home: Path
    project: Path
    environ: dict[str, str]

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project, or of the home when the name starts with ~/."""
        path = self.home / name[2:] if name.startswith("~/") else self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, profile: str | None = None, **kwargs: Any) -> Settings:
        """Load the settings of a process started in the project."""
        kwargs.setdefault("cwd", self.project)
        return load_settings(profile, environ=self.environ, **kwargs)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty home with an empty project."""
    home = tmp_path / "home"
    project = home / "work" / "project"
    project.mkdir(parents=True)
    monkeypatch.chdir(project)
    return Place(home, project, {"HOME": str(home)})
