"""The group and the boundary where errors become messages and exit codes."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from rvcli import errors
from rvcli.cli import boundary, group
from rvcli.cli.main import call as main
from rvcli.cli.main import main as rv
from rvcli.cli.state import State
from rvcli.version import __version__


def test_help_lists_every_command(project):
    """--help names all commands but hidden ones, each with a line."""
    result = project.rv("--help")

    assert 0 == result.code
    for name, place in group.COMMANDS.items():
        assert place.hidden is not (f"\n  {name} " in result.out), name


def test_the_help_lines_are_those_of_the_commands():
    """The static table says what the commands say of themselves, in one sentence each."""
    ctx = click.Context(rv)
    for name, place in group.COMMANDS.items():
        command = rv.get_command(ctx, name)
        assert isinstance(command, click.Command)
        assert command.callback is not None
        assert place.help.endswith(".")
        assert command.help


def test_version(project):
    """--version names program and version."""
    assert (0, f"rv {__version__}\n", "") == project.rv("--version")


def test_click_runner_works():
    """The group is an ordinary click group for whoever embeds it."""
    result = CliRunner().invoke(rv, ["--version"])

    assert (0, f"rv {__version__}\n") == (result.exit_code, result.output)


def test_without_arguments_help_is_shown(project):
    """`rv` alone shows the help and counts as wrong usage."""
    result = project.rv()

    assert errors.EXIT_USAGE == result.code
    assert "Usage: rv" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["confg"], "No such command 'confg'. Did you mean 'config'?"),
        (["xyz"], "No such command 'xyz'."),
        (["ls", "--no-such"], "No such option"),
        (["run"], "Missing argument 'RUNNER'"),
        (["run", "local", "--jobs", "0"], "Invalid value for '--jobs'"),
        (["--set", "x", "config", "show"], "--set 'x' names no option"),
    ],
)
def test_wrong_usage_is_exit_code_2(project, arguments, message):
    """A wrong command line says what is wrong and where to read on."""
    result = project.rv(*arguments)

    assert (errors.EXIT_USAGE, "") == (result.code, result.out)
    assert f"error: {message}" in result.err
    assert "TIP: " in result.err


@pytest.mark.parametrize("alias", ["run-command", "run_command"])
def test_the_worker_has_its_old_name(project, alias):
    """`run_command` is `run-command`."""
    result = project.rv(alias, "missing.json")

    assert "missing.json" in result.err
    assert result.code != errors.EXIT_USAGE


ERRORS = [
    (errors.RvError("m", hint="h"), 1),
    (errors.UsageError("m", hint="h"), 2),
    (errors.ConfigError("m", hint="h"), 3),
    (errors.PluginError("m", hint="h"), 4),
    (errors.CommandError("m", hint="h"), 5),
]


@pytest.mark.parametrize(("error", "code"), ERRORS)
def test_errors_are_a_message_and_a_hint(capsys, error, code):
    """Each kind of error has its exit code; message and hint are printed, no traceback."""
    assert code == boundary.report(error, State())
    assert "error: m\nTIP: h\n" == capsys.readouterr().err


def test_an_experiment_error_shows_the_users_frames(capsys):
    """What is wrong in the user's file is shown with their lines."""
    error = errors.ExperimentError("m", frames=["exp.py:3 in exp_a\n    x = 1"])

    assert errors.EXIT_CONFIG == boundary.report(error, State())
    assert "error: m\n  exp.py:3 in exp_a\n      x = 1\n" == capsys.readouterr().err


def test_an_unexpected_error_asks_for_v(capsys):
    """A fault of ours is one line, and says how to see more."""
    assert errors.EXIT_FAILURE == boundary.report(ValueError("boo"), State())
    assert (
        "error: unexpected ValueError: boo\nTIP: run again with -v to see where it comes from\n"
    ) == capsys.readouterr().err


def test_v_shows_the_traceback(capsys):
    """With -v every error comes with its traceback."""
    state = State()
    state.verbosity = 1
    try:
        raise ValueError
    except ValueError as e:
        boundary.report(e, state)

    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert err.endswith("error: unexpected ValueError\n")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "error: interrupted\n"),
        (click.Abort(), 130, "error: interrupted\n"),
        (SystemExit(3), 3, ""),
        (SystemExit(), 0, ""),
        (SystemExit("stop"), 1, "error: stop\n"),
        (click.exceptions.Exit(4), 4, ""),
        (click.ClickException("m"), 1, "error: m\n"),
    ],
)
def test_other_ends(capsys, error, code, message):
    """Interrupts are 130; what asks for an exit code gets it."""
    assert code == boundary.report(error, State())
    assert message == capsys.readouterr().err


def test_a_missing_package_of_the_extra_is_explained(capsys):
    """Without the extra `local`, the error says how to install it."""
    error = ModuleNotFoundError("No module named 'rasterio'", name="rasterio._io")

    assert errors.EXIT_FAILURE == boundary.report(error, State())
    assert "TIP: pip install 'rvcli[local]'" in capsys.readouterr().err


def test_any_other_missing_module_is_unexpected(capsys):
    """A module that no extra brings is a fault like others."""
    boundary.report(ModuleNotFoundError("No module named 'foo'", name="foo"), State())

    assert "error: unexpected ModuleNotFoundError" in capsys.readouterr().err


def test_an_interrupt_anywhere_is_130(project, monkeypatch):
    """Ctrl-C outside a run ends `rv` with 130 as well."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(State, "settings", interrupted)

    assert (130, "", "error: interrupted\n") == project.rv("config", "show")


def test_a_broken_pipe_is_silent(project):
    """When the reader of the output goes away, nothing is said about it."""
    code = "from rvcli.cli.main import main; main()"
    for unbuffered in ("", "1"):
        process = subprocess.Popen(
            [sys.executable, "-c", code, "config", "show"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"" == process.stderr.read()
        process.stderr.close()
        assert errors.EXIT_FAILURE == process.wait()


def test_another_broken_pipe_is_a_failure(project, monkeypatch):
    """A pipe that breaks elsewhere is an error like any other."""

    def broken(*_: object) -> None:
        raise BrokenPipeError("to a worker")

    monkeypatch.setattr(State, "settings", broken)
    result = project.rv("config", "show")

    assert errors.EXIT_FAILURE == result.code
    assert "unexpected BrokenPipeError" in result.err


def test_completion_of_shells(project, monkeypatch):
    """The shell's completion is answered."""
    monkeypatch.setenv("_RV_COMPLETE", "bash_source")
    result = project.rv()

    assert 0 == result.code
    assert "_rv_completion" in result.out


def test_the_arguments_of_the_process_are_the_default(project, monkeypatch):
    """Without argv, `main` reads those of the process."""
    monkeypatch.setattr(sys, "argv", ["rv", "--version"])

    assert 0 == main()


def test_credentials_in_uris_are_masked(capsys):
    """Neither message nor hint nor traceback holds the password of a URI."""
    state = State()
    state.verbosity = 1
    uri = "https://me:hunter2@host/plugin.py"

    boundary.report(errors.RvError(f"cannot read {uri}", hint=f"look at {uri}"), state)

    err = capsys.readouterr().err
    assert 3 == err.count("https://********@host/plugin.py")
    assert "hunter2" not in err


def test_what_the_system_refuses_is_an_error_with_the_path(capsys):
    """A file that cannot be made is no fault of ours: its path and the reason say enough."""
    error = PermissionError(13, "Permission denied", "/proc/x")

    assert errors.EXIT_FAILURE == boundary.report(error, State())
    assert capsys.readouterr().err.startswith("error: /proc/x: Permission denied\nTIP: ")


def test_a_fault_in_a_worker_is_logged_with_its_traceback(capsys):
    """In a worker's log a fault shows where it is; a user's mistake does not."""
    state = State()
    state.is_worker = True
    boundary.report(ValueError("boo"), state)
    fault = capsys.readouterr().err
    boundary.report(errors.DataError("no image"), state)

    assert "Traceback" not in capsys.readouterr().err
    assert fault.endswith("ValueError: boo\nerror: unexpected ValueError: boo\n")
