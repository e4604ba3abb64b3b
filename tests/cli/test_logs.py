"""How much is said, and in which form, by every command."""

from __future__ import annotations

import json

import pytest

LOGGING = """
import logging

import rvcli as rv
from rvcli.utils.progress import track

log = logging.getLogger("rvcli.talk")


class Talk(rv.AuxCommand):
    command_type = "TALK"
    command_options = rv.AuxCommandOptions(outputs=lambda c: c["target"])

    def run(self, tmp_dir):
        log.debug("fine detail")
        log.info("what is done")
        log.warning("what is odd")
        with track("talking", 3, "words") as progress:
            progress.stage, progress.measure = "part 1/1", lambda: {"loss": 0.5}
            progress.advance(3)
        rv_file = open(self.command_config["target"], "w")
        rv_file.close()


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("TALK", Talk)
"""

SET = """
from pathlib import Path

import rvcli as rv

HERE = Path(__file__).parent


class Talks(rv.ExperimentSet):
    def exp_talk(self):
        root = HERE / "out"
        builder = rv.CommandConfig.builder("TALK").with_root_uri(str(root))
        return builder.with_config(target=str(root / "said.txt")).build()
"""


@pytest.fixture
def talks(project):
    """A project whose command logs at every level."""
    project.write("talk.py", LOGGING)
    project.write("rv.toml", '[PLUGINS]\nfiles = ["talk.py"]\n')
    project.write("talks.py", SET)
    return project


@pytest.mark.parametrize(
    ("options", "shown", "hidden"),
    [
        ([], [], ["what is done", "fine detail"]),
        (["-v"], ["what is done"], ["fine detail"]),
        (["-vv"], ["what is done", "fine detail"], []),
        (["-q"], [], ["what is done", "fine detail", "what is odd"]),
    ],
)
def test_levels_of_a_command_in_this_process(talks, options, shown, hidden):
    """-v shows what is done, -vv all; a warning is told once, as an event of the run."""
    result = talks.rv("run", "inprocess", "talks.py", *options)

    assert 0 == result.code
    assert [] == [text for text in shown if text not in result.err]
    assert [] == [text for text in hidden if text in result.err + result.out]
    expected = 0 if "-q" in options else 1
    assert expected == (result.out + result.err).count("what is odd")


def test_the_log_file_has_what_the_settings_say(talks):
    """The log of a command that runs in this process is like that of any other."""
    talks.rv("run", "inprocess", "talks.py")
    (log,) = (talks.root / "out" / "logs").iterdir()
    assert "INFO rvcli.talk: what is done" in log.read_text()
    assert "fine detail" not in log.read_text()


@pytest.mark.parametrize("runner", ["inprocess", "local"])
def test_json_lines(talks, runner):
    """Logs and progress are objects on the standard error; results are what they were."""
    result = talks.rv("run", runner, "talks.py", "--log-format", "json")

    assert 0 == result.code
    assert "done: 1 command: 1 run\n" in result.out
    events = [json.loads(line) for line in result.err.splitlines()]
    of_run = [event for event in events if event.get("job")]
    kinds = [event["event"] for event in of_run]
    assert ["started", "done"] == [kinds[0], kinds[-1]]
    last = [event for event in of_run if event["event"] == "progress"][-1]
    assert ("talking", 3, 3, "words", "part 1/1", {"loss": 0.5}) == tuple(
        last[name] for name in ("message", "done", "total", "unit", "stage", "figures")
    )
    assert ["what is odd"] == [e["message"] for e in events if e["level"] == "WARNING"]
    (log,) = (talks.root / "out" / "logs").iterdir()
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    assert "what is done" in [line["message"] for line in logged]
    assert {"TALK"} == {line["command"] for line in logged if line.get("logger") == "rvcli.talk"}


def test_an_error_is_json_too(talks):
    """Programs that read the standard error find objects alone there."""
    result = talks.rv("run", "nowhere", "talks.py", "--log-format=json")
    (error,) = [json.loads(line) for line in result.err.splitlines()]
    assert ("ERROR", result.code) == (error["level"], error["exit_code"])
    assert "'nowhere'" in error["message"]
    assert error["hint"].startswith("there are: ")


def test_the_form_of_logs_is_one_of_two(talks):
    """A misspelt one is refused with those that there are."""
    result = talks.rv("run", "inprocess", "talks.py", "--log-format", "yaml")
    assert 2 == result.code
    assert "'text', 'json'" in result.err


FOREIGN = """
import logging, sys, warnings

print("on the standard output")
print("on the standard error, without an end", end="", file=sys.stderr)
warnings.simplefilter("default")
warnings.warn("odd")
logging.getLogger("elsewhere").warning("odd as well")
"""


def test_what_other_code_prints_is_json_too(talks):
    """Each line of the standard error is an object, whoever wrote it."""
    talks.write("foreign.py", FOREIGN + SET)

    result = talks.rv("--log-format", "json", "ls", "foreign.py")

    said = [json.loads(line) for line in result.err.splitlines()]
    printed = [s["message"] for s in said if s.get("event") == "printed"]
    assert ["on the standard output", "on the standard error, without an end"] == printed
    warned = [s["message"] for s in said if s["level"] == "WARNING"]
    assert "UserWarning: odd" in warned[0]
    assert "odd as well" == warned[1]
    assert "printed" not in result.out


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--nosuch", "--log-format", "json"),
        ("--log-format=json", "nosuch"),
        ("run", "--log-format", "json"),
    ],
)
def test_arguments_that_cannot_be_understood_are_told_as_json(talks, words):
    """Whether the option comes before what is wrong or after it."""
    result = talks.rv(*words)
    assert 2 == result.code
    assert [2] == [json.loads(line)["exit_code"] for line in result.err.splitlines()]
    assert "" == result.out


def test_plugins_that_do_not_load_are_told_as_json(talks):
    """A warning of rv keys is an object, too."""
    talks.write("talk.py", "import nothing_of_this_name")
    result = talks.rv("keys", "task", "--log-format", "json")
    [said] = [json.loads(line) for line in result.err.splitlines()]
    assert ("WARNING", True) == (said["level"], "nothing_of_this_name" in said["message"])
