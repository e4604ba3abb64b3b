"""Runners that are written, and used, as in those days."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

Shout = Callable[..., Any]


def written(place: Path) -> dict[str, str]:
    """Return what the commands have written."""
    return {p.name: p.read_text() for p in sorted(place.iterdir()) if p.is_file() and not p.suffix}


BOTH = {"one": "text!", "two": "text!!"}


def register(runner_class: Any) -> Any:
    """Register a runner and create it by its key."""
    import rastervision as rv
    from rastervision.plugin import PluginRegistry

    PluginRegistry.get_instance().register_experiment_runner("MINE", runner_class)
    return rv.ExperimentRunner.get_runner("MINE")


def test_a_loop_over_commands(place: Path, shout: Shout) -> None:
    """A runner creates and runs each command itself."""
    import rastervision as rv
    from rastervision.rv_config import RVConfig

    class Runner(rv.ExperimentRunner):
        def _run_experiment(self, command_dag: Any) -> None:
            with RVConfig.get_tmp_dir() as tmp_dir:
                for command_config in command_dag.get_sorted_commands():
                    msg = command_config.to_proto()
                    config = rv.CommandConfig.from_proto(msg)
                    config.create_command(tmp_dir).run(tmp_dir)

    register(Runner).run([], [shout("two", "one"), shout("one")])
    assert BOTH == written(place)


def test_a_loop_over_ids(place: Path, shout: Shout) -> None:
    """Definitions are found by their ids; `CommandRunner` runs what they describe."""
    import rastervision as rv

    class Runner(rv.runner.ExperimentRunner):
        def _run_experiment(self, command_dag: Any) -> None:
            for command_id in command_dag.get_sorted_command_ids():
                command_def = command_dag.get_command_definition(command_id)
                assert command_def.experiment_id is None
                config = command_def.command_config
                uri = f"{config.root_uri}/command-config-{config.split_id}.json"
                if config.root_uri.endswith("one"):
                    rv.runner.CommandRunner.run(uri)
                else:
                    rv.runner.CommandRunner().run_from_proto(config.to_proto())

    register(Runner).run([], [shout("two", "one"), shout("one")])
    assert BOTH == written(place)


class TestOutOfProcess:
    """Runners that submit lines for a shell."""

    @pytest.mark.parametrize("knows_gpus", [True, False])
    def test_lines_do_the_work(self, place: Path, shout: Shout, knows_gpus: bool) -> None:
        """Each is submitted after those that it depends on, and run by a shell."""
        from rastervision.runner import OutOfProcessExperimentRunner

        submitted: list[Any] = []

        def run(command: str, *values: Any) -> str:
            subprocess.run(["sh", "-c", command], check=True, capture_output=True)
            submitted.append(values)
            return f"job-{len(submitted)}"

        class Newer(OutOfProcessExperimentRunner):
            def submit(  # type: ignore[override]
                self,
                command_type: str,
                command_split_id: int,
                experiment_id: str,
                command: str,
                parent_job_ids: Any = None,
                array_size: Any = None,
                utilizes_gpu: bool = False,
            ) -> str:
                assert (array_size, utilizes_gpu) == (None, False)
                return run(command, command_type, command_split_id, experiment_id, parent_job_ids)

        class Older(OutOfProcessExperimentRunner):
            def __init__(self) -> None:
                super().__init__()
                self.submit = self.old_submit  # type: ignore[assignment]

            def old_submit(
                self,
                command_type: str,
                command_split_id: int,
                experiment_id: str,
                command: str,
                parent_job_ids: Any = None,
                array_size: Any = None,
            ) -> str:
                return run(command, command_type, command_split_id, experiment_id, parent_job_ids)

        runner = register(Newer if knows_gpus else Older)
        runner.run([], [shout("two", "one"), shout("one")])
        assert [("SHOUT", 0, None, []), ("SHOUT", 0, None, ["job-1"])] == submitted
        assert BOTH == written(place)

    def test_a_graph_of_its_own(self, place: Path, shout: Shout) -> None:
        """`_run_experiment` writes the messages of a graph that old code has made."""
        from rastervision.runner import CommandDAG, CommandDefinition, OutOfProcessExperimentRunner

        config = shout("one")
        definitions = [CommandDefinition(None, config, config.report_io())]
        runner = OutOfProcessExperimentRunner()
        with mock.patch.object(runner, "submit") as submit:
            runner._run_experiment(CommandDAG(definitions))
        ((_, _, _, line, parents), _) = submit.call_args
        assert [] == parents
        assert f"{config.root_uri}/command-config-0.json" == shlex.split(line)[-1]
        assert (place / "root/one/command-config-0.json").is_file()

    def test_make_command(self, place: Path, shout: Shout) -> None:
        """The line runs the command of a message, on this machine."""
        import rastervision as rv
        from rastervision.runner.out_of_process_experiment_runner import make_command

        rv.ExperimentRunner.get_runner(rv.INPROCESS).run([], shout("one"))
        (place / "one").unlink()
        line = make_command(f"{place}/root/one/command-config-0.json", f"{place}/t m p")
        assert ["run_command", "--tempdir", f"{place}/t m p"] == shlex.split(line)[-4:-1]
        subprocess.run(line, shell=True, check=True)
        assert "text!" == (place / "one").read_text()

    def test_a_dry_run_prints_the_lines(
        self, place: Path, shout: Shout, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What would be submitted is printed, and nothing is."""
        from rastervision.runner import OutOfProcessExperimentRunner

        register(OutOfProcessExperimentRunner).run([], [shout("one")], dry_run=True)
        out = capsys.readouterr().out
        assert f"one/SHOUT: {place}/root/one/command-config-0.json" in out
        assert f"writes: {place}/one" in out
        assert "run_command" in out
        assert {} == written(place)


class TestRunnersThatShip:
    """LOCAL, INPROCESS and AWS_BATCH."""

    def test_bases(self) -> None:
        """They derive from what they derived from."""
        from rastervision.runner import (
            AwsBatchExperimentRunner,
            ExperimentRunner,
            InProcessExperimentRunner,
            LocalExperimentRunner,
            OutOfProcessExperimentRunner,
        )

        assert issubclass(LocalExperimentRunner, OutOfProcessExperimentRunner)
        assert issubclass(AwsBatchExperimentRunner, OutOfProcessExperimentRunner)
        assert (ExperimentRunner,) == InProcessExperimentRunner.__bases__

    @pytest.mark.parametrize("name", ["InProcessExperimentRunner", "LocalExperimentRunner"])
    def test_a_directory_for_temporary_files(self, place: Path, shout: Shout, name: str) -> None:
        """It may be given to the runner."""
        import rastervision as rv

        (place / "tmp").mkdir()
        runner = getattr(rv.runner, name)(str(place / "tmp"))
        runner.run([], [shout("two", "one"), shout("one")])
        assert (BOTH, str(place / "tmp")) == (written(place), runner.options.tmp_dir)

    @pytest.mark.parametrize("name", ["InProcessExperimentRunner", "LocalExperimentRunner"])
    def test_a_graph_is_run(self, place: Path, shout: Shout, name: str) -> None:
        """`_run_experiment(command_dag)` runs a graph that old code has made."""
        import rastervision as rv
        from rastervision.runner import CommandDAG, CommandDefinition

        configs = [shout("two", "one"), shout("one")]
        definitions = CommandDefinition.from_command_configs(configs, ["SHOUT"])
        runner = getattr(rv.runner, name)()
        runner._run_experiment(CommandDAG(definitions, rerun_commands=True))
        assert BOTH == written(place)

    def test_one_is_extended(self, place: Path, shout: Shout) -> None:
        """A subclass may do something before it hands the graph on."""
        import rastervision as rv

        seen: list[int] = []

        class Runner(rv.runner.LocalExperimentRunner):  # type: ignore[name-defined, misc]
            def _run_experiment(self, command_dag: Any) -> None:
                seen.append(len(command_dag.get_command_definitions()))
                super()._run_experiment(command_dag)

        register(Runner).run([], [shout("two", "one"), shout("one")])
        assert ([2], BOTH) == (seen, written(place))

    def test_a_failure_is_an_error(self, place: Path, shout: Shout) -> None:
        """Also where the graph is run."""
        import rastervision as rv
        from rastervision.runner import CommandDAG, CommandDefinition

        config = shout("one", "nosuch")
        definitions = [CommandDefinition(None, config, config.report_io())]
        with pytest.raises(rv.CommandError, match="one/SHOUT failed"):
            rv.runner.InProcessExperimentRunner()._run_experiment(
                CommandDAG(definitions, skip_file_check=True)
            )

    def test_all_parameters_of_run(self, place: Path, shout: Shout) -> None:
        """They are taken by position as well."""
        import rastervision as rv

        runner = rv.ExperimentRunner.get_runner("inprocess")
        runner.run([], [shout("one")], ["shout"], True, True, True, 1)
        assert {} == written(place)
        runner.run(
            experiments=[],
            command_configs=shout("one"),
            commands_to_run=["SHOUT"],
            rerun_commands=False,
            skip_file_check=False,
            dry_run=False,
            splits=2,
        )
        assert {"one": "text!"} == written(place)


BATCH = {
    "AWS_BATCH_job_queue": "gpuQueue",
    "AWS_BATCH_job_definition": "gpuDefinition",
    "AWS_BATCH_attempts": "3",
}


class TestBatch:
    """AWS_BATCH with mocks in the place of AWS."""

    @pytest.fixture(autouse=True)
    def _profile(self, place: Path) -> None:
        """Name queue and definition as unit tests did."""
        import rastervision as rv

        files = {"PLUGINS_files": str(place / "shout.py")}
        rv._registry.initialize_config(config_overrides={**BATCH, **files})

    def test_batch_submit(self) -> None:
        """A mock of the client sees the request; many parents are grouped."""
        from rastervision.runner.aws_batch_experiment_runner import (
            DEPENDENCY_GROUP_JOB,
            AwsBatchExperimentRunner,
        )

        name = "rastervision.runner.aws_batch_experiment_runner.AwsBatchExperimentRunner"
        with mock.patch(f"{name}._get_boto_client") as get_client:
            submit = get_client.return_value.submit_job
            submit.side_effect = [{"jobId": f"id{i}"} for i in range(4)]
            parents = [str(i) for i in range(45)]
            runner = AwsBatchExperimentRunner()
            job_id = runner.batch_submit("TRAIN", 0, "exp", "run it", parents, utilizes_gpu=True)
        requests = [call.kwargs for call in submit.call_args_list]
        assert "id3" == job_id
        assert [20, 20, 5, 3] == [len(r["dependsOn"]) for r in requests]
        assert all(DEPENDENCY_GROUP_JOB in r["jobName"] for r in requests[:3])
        assert ("gpuQueue", "gpuDefinition", ["run", "it"], 3) == (
            requests[-1]["jobQueue"],
            requests[-1]["jobDefinition"],
            requests[-1]["containerOverrides"]["command"],
            requests[-1]["retryStrategy"]["attempts"],
        )

    def test_a_mock_of_boto3(self) -> None:
        """What stands in the place of `boto3.client` is asked."""
        import rastervision as rv

        with mock.patch("boto3.client") as client:
            client.return_value.submit_job.return_value = {"jobId": "j"}
            runner = rv.ExperimentRunner.get_runner(rv.AWS_BATCH)
            assert "j" == runner.batch_submit(rv.TRAIN, 0, "e", "words of a command")
        assert "batch" == client.call_args.args[0]

    def test_a_mock_of_batch_submit(self, place: Path, shout: Shout) -> None:
        """It is called for each command, with the ids of those that it depends on."""
        import rastervision as rv

        name = "rastervision.runner.aws_batch_experiment_runner.AwsBatchExperimentRunner"
        with mock.patch(f"{name}.batch_submit", side_effect=["a", "b"]) as submit:
            runner = rv.ExperimentRunner.get_runner(rv.AWS_BATCH)
            runner.run([], [shout("two", "one"), shout("one")])
        first, second = (call.args for call in submit.call_args_list)
        assert ("SHOUT", 0, None, []) == (*first[:3], first[4])
        assert ["a"] == second[4]
        expected = ["rv", "run_command", f"{place}/root/two/command-config-0.json"]
        assert expected == shlex.split(second[3])

    def test_a_subclass_with_its_own_way(self, place: Path, shout: Shout) -> None:
        """It is called as well."""
        import rastervision as rv

        lines: list[str] = []

        class Runner(rv.runner.AwsBatchExperimentRunner):  # type: ignore[name-defined, misc]
            def batch_submit(self, command_type, command_split_id, experiment_id, command,  # type: ignore[no-untyped-def]
                             parent_job_ids=None, array_size=None):  # fmt: skip
                lines.append(command)
                return str(len(lines))

        register(Runner).run([], [shout("one")])
        assert 1 == len(lines)


def test_a_mock_of_the_worker(shout: Shout) -> None:
    """It is called with the URI of each message, by the runner in this process."""
    import rastervision as rv

    name = "rastervision.runner.command_runner.CommandRunner.run"
    with mock.patch(name, wraps=rv.runner.CommandRunner.run) as run:
        rv.ExperimentRunner.get_runner("INPROCESS").run([], [shout("two", "one"), shout("one")])
    assert ["one", "two"] == [call.args[0].split("/")[-2] for call in run.call_args_list]


def test_a_mock_of_a_file_function() -> None:
    """Functions of `utils.files` that use each other see it."""
    from rastervision.utils import files

    with mock.patch("rastervision.utils.files.file_to_str", return_value='{"a": 1}'):
        assert {"a": 1} == files.file_to_json("nowhere")
    with mock.patch("rastervision.utils.files.str_to_file") as written:
        files.json_to_file({"a": 1}, "somewhere")
    written.assert_called_once_with('{"a": 1}', "somewhere")


def test_a_graph_prints_what_depends_on_what(
    shout: Shout, capsys: pytest.CaptureFixture[str]
) -> None:
    """`print_command` names what a command waits for."""
    import rastervision as rv

    class Runner(rv.ExperimentRunner):
        def _dry_run(self, command_dag: Any) -> None:
            for command_id in command_dag.get_sorted_command_ids():
                definition = command_dag.get_command_definition(command_id)
                self.print_command(definition, command_id, command_dag)

        def _run_experiment(self, command_dag: Any) -> None:
            raise AssertionError("it is a dry run")

    register(Runner).run([], [shout("two", "one"), shout("one")], dry_run=True)
    assert "  after: one/SHOUT\n" in capsys.readouterr().out


def test_a_command_that_nothing_has(place: Path, shout: Shout) -> None:
    """Named to `run`, it is one less to run."""
    import rastervision as rv

    rv.ExperimentRunner.get_runner(rv.INPROCESS).run([], shout("one"), [rv.TRAIN, "SHOUT"])
    assert {"one": "text!"} == written(place)


def test_keys_of_runners() -> None:
    """They are listed as the constants are."""
    import rastervision as rv

    assert {rv.LOCAL, rv.INPROCESS, rv.AWS_BATCH} <= set(rv.ExperimentRunner.list_runners())


def test_a_graph_whose_files_are_not_checked(shout: Shout) -> None:
    """Nothing need be there, nor a root that can be written to: unit tests name /dev/null."""
    import rastervision as rv

    one = rv.CommandConfig.builder("SHOUT").with_root_uri("/dev/null/one")
    config = one.with_config(writes="/dev/null/text").build()
    definitions = rv.runner.CommandDefinition.from_command_configs([config], ["SHOUT"])
    dag = rv.runner.CommandDAG(definitions, skip_file_check=True)
    assert [config] == dag.get_sorted_commands()
    with pytest.raises(rv.ConfigError, match="nothing can be written"):
        rv.runner.CommandDAG(definitions)
