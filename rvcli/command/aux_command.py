"""Auxiliary commands: work beside the pipeline that a plugin brings with one class."""

from __future__ import annotations

import functools
import inspect
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from rvcli.command.command import Command


class AuxCommandOptions:
    """What `rv` must know of an auxiliary command.

    Attributes:
        split_on: name of the list in the config that may be divided among several commands.
        inputs: returns the URIs that the command reads, given its config.
        outputs: returns the URIs that the command writes, given its config.
        include_by_default: True to run it without being named, where an experiment has it.
        required_fields: names that the config must have.
        utilizes_gpu: says, given its config, whether it should run where a GPU is.
    """

    def __init__(
        self,
        split_on: str | None = None,
        inputs: Callable[[dict[str, Any]], Any] = lambda config: None,
        outputs: Callable[[dict[str, Any]], Any] = lambda config: None,
        include_by_default: bool = False,
        required_fields: Sequence[str] | None = None,
        utilizes_gpu: Callable[[dict[str, Any]], bool] = lambda config: False,
    ) -> None:
        self.split_on = split_on
        self.inputs = inputs
        self.outputs = outputs
        self.include_by_default = include_by_default
        self.required_fields = list(required_fields or [])
        self.utilizes_gpu = utilizes_gpu


class AuxCommand(Command):
    """Base of auxiliary commands.

    A subclass sets `command_type` and `command_options` and implements `run`, with or without the
    parameter `tmp_dir`. Its config is the dict `self.command_config`.
    """

    command_type: str | None = None
    command_options = AuxCommandOptions()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if inspect.isfunction(cls.__dict__.get("run")):
            setattr(cls, "run", _with_directory(cls.run))  # noqa: B010 - a method, for mypy

    def __init__(self, command_config: dict[str, Any]) -> None:
        self.command_config = command_config

    @abstractmethod
    def run(self, tmp_dir: str | None = None) -> Any:
        """Do the work."""


def _with_directory(run: Callable[..., Any]) -> Callable[..., Any]:
    """Let `run` be called with or without a directory, whichever way it is written."""
    takes = len(inspect.signature(run).parameters) > 1

    @functools.wraps(run)
    def called(self: AuxCommand, tmp_dir: str | None = None) -> Any:
        if tmp_dir:
            self.set_tmp_dir(tmp_dir)
        return run(self, self.get_tmp_dir()) if takes else run(self)

    return called
