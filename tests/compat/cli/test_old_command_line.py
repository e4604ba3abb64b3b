"""The command line of that time, option by option."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner, Result

from rvcli import profile, registry
from rvcli.cli.main import call
from rvcli.compat import serving

FILE = "shout_experiments.py"
MODULE = "shout_experiments"


def texts(place: Path) -> dict[str, str]:
    """Return what the experiments have written."""
    return {p.name: p.read_text() for p in sorted(place.glob("*[0-9]"))}


LOUD = {"loud0": "TEXT?", "loud1": "TEXT?"}
ALL = {**LOUD, "louder0": "TEXT?", "louder1": "TEXT?"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (f"run inprocess -p {FILE} -a root_uri HERE", ALL),
        (f"run INPROCESS SHOUT --path {FILE} --arg root_uri HERE", ALL),
        (f"run inprocess shout -e {MODULE} -a root_uri HERE -s 4", ALL),
        (f"run inprocess --experiment_module {MODULE} -a root_uri HERE --splits 2", ALL),
        (f"run inprocess -p {FILE} -a root_uri HERE -a test yes -m *loud", LOUD),
        (f"run inprocess -p {FILE} -a root_uri HERE --method exp_loud -x", LOUD),
        (f"run inprocess -p {FILE} -a root_uri HERE -n", {}),
        (f"run inprocess -p {FILE} -a root_uri HERE --dry-run", {}),
        (f"run inprocess -p {FILE} -a root_uri HERE --skip-file-check --rerun -r", ALL),
        (
            f"run inprocess -p {FILE} -a root_uri HERE --prefix test_ --tempdir HERE/tmp",
            {"other0": "TEXT?", "other1": "TEXT?"},
        ),
    ],
)
def test_options_of_run(place: Path, words: str, expected: dict[str, str]) -> None:
    """Each means what it meant, the profile given before the command."""
    argv = ["-p", "shout", "-v", *words.replace("HERE", str(place)).split()]
    assert 0 == call(argv)
    assert expected == texts(place)


@pytest.mark.parametrize("option", ["-p shout", "--profile shout", "--verbose -p shout"])
@pytest.mark.parametrize(
    "words", [f"ls -e {MODULE}", f"ls --experiment-module {MODULE} -a root_uri HERE"]
)
def test_options_of_ls(
    place: Path, option: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It lists experiments; an argument that is missing is named."""
    code = call([*option.split(), *words.replace("HERE", str(place)).split()])
    out, err = capsys.readouterr()
    if "root_uri" in words:
        assert (0, True) == (code, f"{place}/shout/louder" in out)
    else:
        assert (3, True) == (code, "needs the argument 'root_uri'" in err)


def test_a_filter_by_id(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-f and --filter take patterns; commands of no experiment have no id."""
    for option in ("-f", "--filter"):
        argv = ["-p", "shout", "run", "inprocess", "-n", "-p", FILE, "-a", "root_uri", str(place)]
        assert 0 == call([*argv, option, "*foo*"])


def test_run_command(place: Path) -> None:
    """`run_command URI` runs the command of a message that is written already."""
    argv = ["-p", "shout", "run", "inprocess", "-p", FILE, "-a", "root_uri", str(place)]
    assert 0 == call(argv)
    (place / "loud0").unlink()
    uri = f"{place}/shout/loud/command-config-0.json"
    assert 0 == call(["-p", "shout", "run_command", uri, "--tempdir", str(place / "tmp")])
    assert ALL == texts(place)


RUNNER = """
import subprocess

from rastervision.runner import OutOfProcessExperimentRunner


class ShellRunner(OutOfProcessExperimentRunner):
    def submit(self, command_type, command_split_id, experiment_id, command, parent_job_ids=None,
               array_size=None, utilizes_gpu=False):
        subprocess.check_call(command, shell=True)


def register_plugin(plugin_registry):
    plugin_registry.register_experiment_runner("OLD_SHELL", ShellRunner)
"""


def test_a_runner_of_a_plugin(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its lines carry the profile along; a dry run shows them."""
    (place / "shell_runner.py").write_text(RUNNER)
    (place / ".rastervision").write_text("[PLUGINS]\nfiles = shell_runner.py, shout_plugin.py\n")
    (place.parent / ".rastervision" / "loud").write_text("[SHOUT]\nmark = !!\n")
    argv = ["-p", "loud", "run", "old_shell", "-p", FILE, "-a", "root_uri", str(place)]
    assert 0 == call([*argv, "-n"])
    assert f"--profile loud run_command {place}/shout/loud/" in capfd.readouterr().out
    assert 0 == call(argv)
    assert {"TEXT!!"} == set(texts(place).values())


class TestCommandsAlone:
    """Commands of `rv.cli.main`, without the group around them."""

    @pytest.fixture(autouse=True)
    def _profile(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Choose the profile: the commands alone have no -p for it."""
        monkeypatch.setenv("RV_PROFILE", "shout")

    def invoke(self, name: str, *words: str) -> Result:
        """Call a command as unit tests do."""
        with serving():
            import rastervision as rv

            return CliRunner().invoke(getattr(rv.cli.main, name), list(words))

    def test_run(self, place: Path) -> None:
        """It runs, and its exit code is the result's."""
        result = self.invoke("run", "inprocess", "-e", MODULE, "-a", "root_uri", str(place))
        assert 0 == result.exit_code, result.output
        assert ALL == texts(place)

    def test_dry_run(self, place: Path) -> None:
        """Nothing runs."""
        words = ["inprocess", "-e", MODULE, "-a", "root_uri", str(place), "-n"]
        result = self.invoke("run", *words)
        assert (0, {}) == (result.exit_code, texts(place))
        assert "SHOUT" in result.output

    @pytest.mark.parametrize(
        ("words", "code", "message"),
        [
            (["inprocess", "-e", "no_such_module"], 3, "no_such_module"),
            (["no_such_runner", "-e", MODULE], 2, "there is no runner 'no_such_runner'"),
            (["inprocess"], 2, "no experiment is given"),
            ([], 2, "Missing argument"),
        ],
    )
    def test_errors_are_explained(self, words: list[str], code: int, message: str) -> None:
        """In words, with an exit code and without a traceback."""
        result = self.invoke("run", *words)
        assert code == result.exit_code
        assert message in result.output
        assert "Traceback" not in result.output

    def test_ls(self, place: Path) -> None:
        """It lists."""
        result = self.invoke("ls", "-e", MODULE, "-a", "root_uri", str(place))
        assert (0, True) == (result.exit_code, "loud" in result.output)

    def test_predict(self) -> None:
        """It names what is no package."""
        result = self.invoke(
            "predict", "no.zip", "image.tif", "out.tif", "--channel-order", "2", "1"
        )
        assert 1 == result.exit_code
        assert "no.zip" in result.output

    def test_a_mock_of_the_predictor(self) -> None:
        """What stands in the place of `rv.Predictor` predicts."""
        words = ["p.zip", "a.tif", "b.tif", "--channel-order", "2 1 0", "-a"]
        with serving(), mock.patch("rastervision.Predictor") as predictor:
            result = self.invoke("predict", *words, "--export-config", "c.json")
        assert 0 == result.exit_code, result.output
        assert ("p.zip", True, [2, 1, 0]) == (
            predictor.call_args.args[0],
            *predictor.call_args.args[2:],
        )
        predictor.return_value.predict.assert_called_once_with("a.tif", "b.tif", "c.json")

    def test_run_command(self, place: Path) -> None:
        """It names a message that is not there."""
        result = self.invoke("run_command", str(place / "no.json"))
        assert 1 == result.exit_code
        assert "no.json" in result.output

    def test_main(self) -> None:
        """The group is invoked alike."""
        with serving():
            import rastervision as rv

            result = CliRunner().invoke(rv.main, ["-p", "shout", "ls", "-p", "no_such.py"])
        assert 3 == result.exit_code
        assert "no_such.py" in result.output

    def test_without_standalone_mode(self, place: Path) -> None:
        """Errors are raised."""
        with serving():
            import rastervision as rv

            words = ["inprocess", "-e", MODULE, "-a", "root_uri", str(place)]
            rv.cli.main.run(words, standalone_mode=False)
            assert ALL == texts(place)
            with pytest.raises(rv.ConfigError, match="no_such"):
                rv.cli.main.run(["inprocess", "-e", "no_such"], standalone_mode=False)


def test_commands_alone_keep_what_is_in_force(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test names a plugin by `initialize_config`, and then calls a command."""
    monkeypatch.delenv("RV_PROFILE", raising=False)
    with serving(), registry.use(registry.Registry(parent=registry.default())):
        import rastervision as rv

        with profile.use(profile.load_settings()):
            overrides = {"PLUGINS_files": "['shout_plugin.py']", "SHOUT_mark": "#"}
            rv._registry.initialize_config(config_overrides=overrides)
            words = ["inprocess", "-e", MODULE, "-a", "root_uri", str(place)]
            result = CliRunner().invoke(rv.cli.main.run, words)
    assert 0 == result.exit_code, result.output
    assert {"TEXT#"} == set(texts(place).values())


def test_print_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A message goes to the standard error."""
    with serving():
        from rastervision.cli.main import OptionEatAll, print_error
    print_error("it is wrong")
    assert ("", "it is wrong\n") == capsys.readouterr()
    assert "OptionEatAll" == OptionEatAll.__name__


OWN_WAY = """
import rastervision as rv


class ListingRunner(rv.ExperimentRunner):
    def run(self, experiments, command_configs=None, commands_to_run=None, rerun_commands=False,
            skip_file_check=False, dry_run=False, splits=1):
        print("mine", len(experiments), len(command_configs), commands_to_run, rerun_commands,
              skip_file_check, dry_run, splits)


def register_plugin(plugin_registry):
    plugin_registry.register_experiment_runner("LISTING", ListingRunner)
"""


def test_a_runner_with_its_own_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is given what was loaded, and what the options say."""
    (place / "listing.py").write_text(OWN_WAY)
    (place / ".rastervision").write_text("[PLUGINS]\nfiles = listing.py, shout_plugin.py\n")
    argv = ["run", "listing", "shout", "-p", FILE, "-a", "root_uri", str(place), "-rxns", "3"]
    assert 0 == call(argv)
    assert "mine 0 2 ['SHOUT'] True True True 3\n" == capsys.readouterr().out


def test_a_mock_of_the_runner(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the place of `get_runner` is asked to run."""
    monkeypatch.setenv("RV_PROFILE", "shout")
    runner = mock.Mock()
    with serving(), mock.patch("rastervision.ExperimentRunner.get_runner", return_value=runner):
        words = ["run", "local", "-p", FILE, "-a", "root_uri", str(place)]
        assert 0 == call(words)
    assert ([], 2) == (runner.run.call_args.args[0], len(runner.run.call_args.args[1]))
    assert "TRAIN" in runner.run.call_args.kwargs["commands_to_run"]
