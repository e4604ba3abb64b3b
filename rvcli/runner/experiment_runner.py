"""ExperimentRunner: the contract between a plan and whatever executes it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rvcli import registry
from rvcli.dag import CommandDAG, CommandDefinition, Plan, Step, derive, plan
from rvcli.dag.pins import pins_of
from rvcli.errors import CommandError
from rvcli.records import RecordStore
from rvcli.runner.events import EventSink, ignore
from rvcli.runner.job import Job, JobState
from rvcli.runner.outcome import Outcome


@dataclass(frozen=True)
class Traits:
    """What a runner is like.

    Attributes:
        remote: True if commands run on other machines: plugins are shipped and settings
            travel with the messages, and what `logs` returns is kept as the job's log.
        shares_files: True if those machines see the same files under the same local paths.
        schedules: True if the runner itself starts a job when those it depends on are done,
            and tries it again when it fails, up to `job.attempts` times; else it is given only
            jobs that can start, one by one, each attempt anew.
        detachable: True if its jobs go on without this process, and `attach` finds them again
            from another one; asked of runners that schedule.
        shared_option: SECTION.key of what a person sets to say so, if there is such an option.
    """

    remote: bool = False
    shares_files: bool = False
    schedules: bool = False
    detachable: bool = False
    shared_option: str = ""


def ignore_question(question: str) -> None:
    """Let everything be started."""


def ignore_outcome(outcome: Outcome) -> None:
    """Do nothing: whoever started the run learns of it by what that returns."""


@dataclass(frozen=True)
class RunOptions:
    """How a plan is to be executed.

    Attributes:
        jobs: number of commands that run side by side; None means one a processor.
        gpus: number of GPUs for commands that want one; None means as many as there are.
        memory_mb: main memory that a command is taken to need, in MB; None says nothing.
        attempts: how often a command is started at most, until it is done.
        backoff_s: seconds before the second attempt; twice as long before each later one.
        fail_fast: start nothing more after a failure.
        tmp_dir: directory below which temporary files go.
        settings_options: options of the command line that give a worker on this machine the
            same settings, such as `("--profile", "team")`.
        verbosity_options: options that make any worker say as much, such as `("-v",)`.
        sink: told what happens, as it happens.
        confirm: given a question before much is started; raises an RvError to refuse.
        run_id: of this run, where it is to be found again; made up by default.
        command_line: that started it, without secrets.
        detach: end once everything is submitted, if the runner is detachable.
        ended: told what became of the jobs when the run ends, also by an interrupt or an error.
    """

    jobs: int | None = None
    gpus: int | None = None
    memory_mb: int | None = None
    attempts: int = 1
    backoff_s: float = 2.0
    fail_fast: bool = False
    tmp_dir: str | None = None
    settings_options: tuple[str, ...] = ()
    verbosity_options: tuple[str, ...] = ()
    sink: EventSink = ignore
    confirm: Callable[[str], object] = ignore_question
    run_id: str = ""
    command_line: tuple[str, ...] = ()
    detach: bool = False
    ended: Callable[[Outcome], object] = ignore_outcome


class ExperimentRunner:
    """Base of runners.

    A runner implements `submit`, `poll`, `cancel` and `logs`; everything else, from waiting
    for dependencies to the report of what failed, is the same for all. One that is written
    the classic way implements `_run_experiment(command_dag)` alone, and `_dry_run` if it likes.
    """

    traits: Traits = Traits()
    options = RunOptions()
    key: str = ""  # by which it was found in the registry
    _written: CommandDAG | None = None

    def __init__(self) -> None:
        """Take no arguments; a subclass need not call this."""

    # The contract.

    def check(self, steps: Sequence[Step]) -> list[str]:
        """Say what would make these steps fail on this runner, in sentences.

        Called before anything is written or started. That paths and roots can be reached, and
        that plugins would load, is checked for every remote runner; this is for its own needs,
        such as a queue that must be there.
        """
        return []

    def question(self, steps: Sequence[Step]) -> str:
        """Return what to ask before these steps are started; "" where nobody need be asked."""
        return ""

    def start(self, options: RunOptions) -> None:
        """Get ready for a run."""
        self.options = options

    def has_room(self, job: Job) -> bool:
        """True if the job can be submitted now."""
        return True

    def submit(self, job: Job) -> None:
        """Start a job; its message is written."""
        raise NotImplementedError(f"{type(self).__name__} does not implement submit")

    def submit_all(self, jobs: Sequence[Job]) -> None:
        """Start jobs that depend on each other, each after those that it depends on.

        Called in place of `submit`, with all jobs at once, if the runner schedules. An error
        ends the run.
        """
        for job in jobs:
            self.submit(job)

    def poll(self, job: Job) -> JobState:
        """Return the present state of a submitted job."""
        raise NotImplementedError(f"{type(self).__name__} does not implement poll")

    def cancel(self, jobs: Sequence[Job]) -> None:
        """End jobs that are submitted and not finished; return when they have ended."""

    def logs(self, job: Job) -> Iterable[str]:
        """Return the lines that a job has printed so far and that were not returned before."""
        return ()

    def finish(self) -> None:
        """Release what the run held."""

    # For detachable runners.

    def prepare(self, jobs: Sequence[Job]) -> None:
        """Settle how jobs will be found, before the first of them is submitted.

        From now on `handle` says by what each can be found, also if this process dies while
        it submits them.
        """

    def handle(self, job: Job) -> str:
        """Return by what another process finds a job: a text that `attach` understands."""
        raise NotImplementedError(f"{type(self).__name__} does not implement handle")

    def attach(self, handles: Mapping[Job, str]) -> None:
        """Take up jobs that another process has submitted, so that they can be polled.

        Called after `start`. A job that was never submitted is not run.
        """
        raise NotImplementedError(f"{type(self).__name__} does not implement attach")

    # The way from experiments to jobs.

    def run(
        self,
        experiments: Any,
        command_configs: Any = None,
        commands_to_run: Sequence[str] | None = None,
        rerun_commands: bool = False,
        skip_file_check: bool = False,
        dry_run: bool = False,
        splits: int = 1,
    ) -> Plan:
        """Plan the commands of experiments and run what the plan says.

        Returns:
            the plan that was made.

        Raises:
            PlanError: the commands cannot be planned, or inputs are missing.
            CommandError: one or more commands failed.
        """
        definitions = derive(
            _as_list(experiments),
            _as_list(command_configs),
            commands_to_run or (),
            splits,
            absent_ok=True,
        )
        made = plan(
            definitions,
            RecordStore(),
            rerun=rerun_commands,
            skip_file_check=skip_file_check,
            pins=pins_of,
        )
        made.refuse_blocked()
        if dry_run:
            self._dry_run(CommandDAG.of(made))
        else:
            _raise_failures(self.run_plan(made, self.options))
        return made

    def run_plan(self, made: Plan, options: RunOptions) -> Any:
        """Run the commands of a plan that must run.

        Returns:
            an Outcome; None from a classic runner.

        Raises:
            PlanError: they would fail on the machines where they are to run.
        """
        from rvcli.runner.execution import Execution
        from rvcli.runner.preflight import refuse_unfit

        refuse_unfit(self, made.to_run)
        question = self.question(made.to_run)
        if question:
            options.confirm(question)
        experiments = {id(s.definition.experiment): s.definition.experiment for s in made.to_run}
        for experiment in experiments.values():
            if experiment is not None:
                experiment.save_config()
        if self.is_classic():
            self.options = options
            dag = CommandDAG.of(made)
            self._write_messages(dag)
            self._run_experiment(dag)
            return None
        return Execution.of(self, made, options).run()

    # Of the old framework.

    def is_classic(self) -> bool:
        """True if `_run_experiment` is given all that runs, its messages written."""
        return type(self)._run_experiment is not ExperimentRunner._run_experiment

    def _write_messages(self, command_dag: CommandDAG) -> None:
        """Write the messages of a graph, unless they are."""
        from rvcli.runner.messages import MessageWriter

        if command_dag is not self._written:
            writer = MessageWriter(remote=self.traits.remote)
            for step in command_dag.plan.to_run:
                writer.write(step)
            self._written = command_dag

    def _run_experiment(self, command_dag: CommandDAG) -> None:
        """Run all commands of a graph.

        Raises:
            CommandError: one or more commands failed.
        """
        from rvcli.runner.execution import Execution

        _raise_failures(Execution.of(self, command_dag.plan, self.options).run())

    def _dry_run(self, command_dag: CommandDAG) -> None:
        """Say more about commands that would run, beside the plan that is printed anyway."""

    def print_command(
        self,
        command_def: CommandDefinition,
        command_id: str | None = None,
        command_dag: CommandDAG | None = None,
    ) -> str:
        """Print what a command is, reads and writes; return what was printed."""
        io_def = command_def.io_def
        upstream = []
        if command_dag is not None and command_id is not None:
            upstream = command_dag.get_upstream_command_ids(command_id)
        lines = [f"{command_id or command_def.id}: {command_def.message_uri}"]
        for name, items in (
            ("after", upstream),
            ("reads", sorted(io_def.input_uris)),
            ("writes", sorted(io_def.output_uris)),
        ):
            lines += [f"  {name}: {item}" for item in items]
        text = "\n".join(lines)
        sys.stdout.write(text + "\n")
        return text

    @staticmethod
    def get_runner(runner_type: str) -> ExperimentRunner:
        """Create the runner of a key; any case will do.

        Raises:
            RegistryError: there is none; the hint names those that there are.
        """
        runner: ExperimentRunner = registry.current().get_experiment_runner(runner_type)()
        runner.key = runner_type.upper()
        return runner

    @staticmethod
    def list_runners() -> list[str]:
        """List the keys of all runners; on the command line they are written in lower case."""
        return registry.current().get_experiment_runner_keys()


def _raise_failures(outcome: Any) -> None:
    if outcome is not None and not outcome.ok:
        failed = ", ".join(result.job.id for result in outcome.failed) or "the run"
        raise CommandError(f"{failed} failed", hint="the logs say why")


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Iterable) else [value]


__all__ = ["ExperimentRunner", "RunOptions", "Traits", "pins_of"]
