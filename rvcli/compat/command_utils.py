"""`rastervision.command.utils`: what the builders of commands of older releases check."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rvcli.analyzer.analyzer_config import AnalyzerConfig
from rvcli.backend.backend_config import BackendConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import ConfigError
from rvcli.task.task_config import TaskConfig


def check_task_type(task: Any) -> None:
    """Raise ConfigError if this is no TaskConfig."""
    _check("task", task, TaskConfig)


def check_backend_type(backend: Any) -> None:
    """Raise ConfigError if this is no BackendConfig."""
    _check("backend", backend, BackendConfig)


def check_scenes_type(scenes: Any) -> None:
    """Raise ConfigError if these are not all SceneConfigs."""
    _check_all("scenes", scenes, SceneConfig)


def check_analyzers_type(analyzers: Any) -> None:
    """Raise ConfigError if these are not all AnalyzerConfigs."""
    _check_all("analyzers", analyzers, AnalyzerConfig)


def _check_all(name: str, values: Any, wanted: type) -> None:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise ConfigError(
            f"the {name} are a {type(values).__name__}, not a list",
            hint=f"give a list of {wanted.__name__}",
        )
    for number, value in enumerate(values):
        _check(f"{name}[{number}]", value, wanted)


def _check(name: str, value: Any, wanted: type) -> None:
    if not isinstance(value, wanted):
        unbuilt = callable(getattr(value, "build", None))
        raise ConfigError(
            f"the {name} must be of type {wanted.__name__}, not {type(value).__name__}",
            hint="end it with .build()" if unbuilt else f"build one by {wanted.__name__}.builder",
        )
