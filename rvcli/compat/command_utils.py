"""`rastervision.command.utils`: what builders of commands checked."""

from __future__ import annotations

from typing import Any

from rvcli.analyzer.analyzer_config import AnalyzerConfig
from rvcli.backend.backend_config import BackendConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import ConfigError
from rvcli.task.task_config import TaskConfig


def check_task_type(task: Any) -> None:
    """Raise ConfigError unless it is the config of a task."""
    _check(task, TaskConfig, "with_task")


def check_backend_type(backend: Any) -> None:
    """Raise ConfigError unless it is the config of a backend."""
    _check(backend, BackendConfig, "with_backend")


def check_scenes_type(scenes: Any) -> None:
    """Raise ConfigError unless they are configs of scenes."""
    _check_all(scenes, SceneConfig, "with_scenes")


def check_analyzers_type(analyzers: Any) -> None:
    """Raise ConfigError unless they are configs of analyzers."""
    _check_all(analyzers, AnalyzerConfig, "with_analyzers")


def _check_all(values: Any, kind: type, method: str) -> None:
    if not isinstance(values, (list, tuple)) and values != "":
        raise ConfigError(f"{method} takes a list, not {values!r:.60} ({type(values).__name__})")
    for value in values:
        _check(value, kind, method)


def _check(value: Any, kind: type, method: str) -> None:
    if not isinstance(value, kind):
        raise ConfigError(
            f"{method} takes a {kind.__name__}, not {value!r:.60} ({type(value).__name__})",
            hint="build it, and give what .build() returns",
        )
