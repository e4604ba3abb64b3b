"""Runners that hand each command of a graph on, as a line for a shell."""

from __future__ import annotations

import inspect
import shlex
import sys
from typing import Any

from rvcli.dag import CommandDAG
from rvcli.errors import PlanError
from rvcli.runner.experiment_runner import ExperimentRunner

RUN_COMMAND = "run_command"


class OutOfProcessExperimentRunner(ExperimentRunner):
    """Base of runners whose commands are processes, or jobs elsewhere.

    A subclass that is written the classic way implements `submit(command_type, command_split_id,
    experiment_id, command, parent_job_ids=None, array_size=None, utilizes_gpu=False)`, which
    starts a line for a shell after the jobs that are named, and returns its id.
    """

    def _run_experiment(self, command_dag: CommandDAG) -> None:
        """Submit all commands of a graph, each after those that it depends on."""
        self._write_messages(command_dag)
        job_ids: dict[str, Any] = {}
        for command_id in command_dag.get_sorted_command_ids():
            definition = command_dag.get_command_definition(command_id)
            upstream = command_dag.get_upstream_command_ids(command_id)
            early = [name for name in upstream if name not in job_ids]
            if early:
                raise PlanError(f"{command_id} comes before {early[0]}, which it depends on")
            job_ids[command_id] = self._submit_line(
                definition.command_type,
                definition.split_id,
                definition.experiment_id,
                self._line(definition.message_uri),
                [job_ids[name] for name in upstream],
                bool(definition.command_config.utilizes_gpu()),
            )

    def _submit_line(
        self,
        command_type: str,
        split_id: int,
        experiment_id: str | None,
        line: str,
        parent_job_ids: list[Any],
        utilizes_gpu: bool,
    ) -> Any:
        """Submit a line for a shell, and return the id of its job."""
        submit = self._classic_submit()
        # That of the first releases knows nothing of GPUs.
        parameters = inspect.signature(submit).parameters
        takes_gpu = "utilizes_gpu" in parameters or any(
            p.kind is p.VAR_KEYWORD for p in parameters.values()
        )
        more = {"utilizes_gpu": utilizes_gpu} if takes_gpu else {}
        return submit(command_type, split_id, experiment_id, line, parent_job_ids, **more)

    def _classic_submit(self) -> Any:
        return self.submit

    def _dry_run(self, command_dag: CommandDAG) -> None:
        """Print the lines that would be submitted."""
        if not self.is_classic():
            return
        for command_id in command_dag.get_sorted_command_ids():
            definition = command_dag.get_command_definition(command_id)
            self.print_command(definition, command_id, command_dag)
            sys.stdout.write(f"  command: {self._line(definition.message_uri)}\n")

    def _line(self, message_uri: str) -> str:
        options = self.options.verbosity_options
        if not self.traits.remote:
            options = (*self.options.settings_options, *options)
        program = ["rv"] if self.traits.remote else None
        return _line(message_uri, self.options.tmp_dir, options, program)


def make_command(command_config_uri: str, tmp_dir: str | None = None) -> str:
    """Return the line for a shell on this machine that runs the command of a message."""
    return _line(command_config_uri, tmp_dir)


def _line(
    message_uri: str,
    tmp_dir: str | None,
    options: tuple[str, ...] = (),
    program: list[str] | None = None,
) -> str:
    words = program or [sys.executable, "-m", "rvcli"]
    temporary = ["--tempdir", tmp_dir] if tmp_dir else []
    return shlex.join([*words, *options, RUN_COMMAND, *temporary, message_uri])
