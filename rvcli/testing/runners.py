"""What every runner must do."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from rvcli.filesystem import join_uri
from rvcli.runner.command_runner import CommandRunner
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.messages import stamp_and_write
from rvcli.runner.outcome import Outcome
from rvcli.testing.workshop import Workshop, write_package, write_plugin, write_wheel
from rvcli.utils.files import file_to_str, list_paths, upload_or_copy

_EXPERIMENTS = """
import rvcli as rv


class Commands(rv.ExperimentSet):
    def exp_one(self, root_uri, fails=""):
        config = {{"writes": [root_uri + "/out.json"], "reads": [], "fails": fails}}
        builder = rv.CommandConfig.builder("WORK").with_root_uri(root_uri + "/one")
        return builder.with_config(**config).build()
"""


class RunnerContract:
    """Tests of a runner: subclass it, and set `runner`.

    class TestMyRunner(RunnerContract):
        runner = "my"
        plugins = ("my_runner.py",)

    The tests run small commands for real, and need nothing but Python.

    Attributes:
        runner: key of the runner, in any case.
        plugins: paths or URIs of the plugin files that bring it.
        settings: of the profile: values by SECTION.key.
        root_uri: a directory that may be written to, on a file system that its commands
            reach; a new one on this machine by default.
        side_by_side: whether two commands can run at once.
        processes: whether each command is a process of its own.
        gpus: how many GPUs it is to hand out, named by CUDA_VISIBLE_DEVICES; 0 if it names none.
        plan_size: number of commands in the large plan.
    """

    runner: ClassVar[str]
    plugins: Sequence[str] = ()
    settings: Mapping[str, str] = {}
    root_uri: str = ""
    side_by_side: ClassVar[bool] = True
    processes: ClassVar[bool] = True
    gpus: ClassVar[int] = 1
    plan_size: ClassVar[int] = 200

    def setup_method(self) -> None:
        """Make a workshop with a root of its own."""
        self._directory = TemporaryDirectory(prefix="rv runner-")
        root = join_uri(self.root_uri or self._directory.name, uuid.uuid4().hex[:12])
        self.workshop = Workshop(root, self.settings, self.plugins)
        self.events: list[RunEvent] = []

    def teardown_method(self) -> None:
        """Remove what is on this machine."""
        self.workshop.close()
        self._directory.cleanup()

    def run(self, *configs: Any, rerun: bool = False, **options: Any) -> Outcome:
        """Plan commands and run them."""
        return self.run_plan(self.workshop.plan(*configs, rerun=rerun), **options)

    def run_plan(self, made: Any, **options: Any) -> Outcome:
        """Run a plan; what happens is kept in `events`."""
        values = {
            "jobs": 2,
            "gpus": self.gpus or None,
            "backoff_s": 0.05,
            "settings_options": tuple(self.workshop.options),
            "sink": self.events.append,
            **options,
        }
        outcome: Outcome = ExperimentRunner.get_runner(self.runner).run_plan(
            made, RunOptions(**values)
        )
        return outcome

    def texts(self, kind: str) -> list[str]:
        """Return the texts of all events of a kind."""
        return [event.text for event in self.events if event.kind == kind]

    def test_order(self) -> None:
        """What reads an output runs after what writes it, with spaces and umlauts in all paths."""
        work = self.workshop.work
        outcome = self.run(work("c", reads=["b"]), work("b", reads=["a"]), work("a"))
        assert statuses(outcome) == {"a": "done", "b": "done", "c": "done"}
        made = [self.workshop.made(name) for name in "abc"]
        assert sorted(m["started"] for m in made) == [m["started"] for m in made]
        assert all(x["ended"] <= y["started"] for x, y in pairwise(made))

    def test_events(self) -> None:
        """A start, progress, warnings and the end are told, in this order."""
        self.run(self.workshop.work("a", warns="this looks odd"))
        kinds = [event.kind for event in self.events]
        assert (kinds[0], kinds[-1]) == ("started", "done")
        assert [(e.text, e.done, e.total) for e in self.events if e.kind == "progress"][-1:] == [
            ("counting", 3, 3)
        ]
        assert self.texts("warning") == ["this looks odd"]

    def test_logs(self) -> None:
        """All that a command prints is in the log of its attempt, once and in order."""
        outcome = self.run(self.workshop.work("a", lines=300))
        log = Path(outcome.results[0].job.log_path).read_text("utf-8").splitlines()
        if self.processes:
            assert [f"line {i}" for i in range(300)] == [x for x in log if x.startswith("line ")]
        assert outcome.ok

    def test_parallelism(self) -> None:
        """Two commands that wait for each other both come to an end."""
        if not self.side_by_side:
            return
        work, uri = self.workshop.work, self.workshop.uri
        outcome = self.run(
            work("a", begins=uri("a-began"), meets=uri("b-began")),
            work("b", begins=uri("b-began"), meets=uri("a-began")),
        )
        assert statuses(outcome) == {"a": "done", "b": "done"}

    def test_resources(self) -> None:
        """Commands that want a GPU have one to themselves; others do not wait for it."""
        work = self.workshop.work
        outcome = self.run(
            *(work(f"gpu-{i}", gpu=True, seconds=0.4) for i in range(self.gpus + 1)), work("cpu")
        )
        assert outcome.ok
        if self.gpus:
            made = [self.workshop.made(f"gpu-{i}") for i in range(self.gpus + 1)]
            by_device: dict[str, list[tuple[float, float]]] = {}
            for item in made:
                by_device.setdefault(item["devices"], []).append((item["started"], item["ended"]))
            assert None not in by_device
            assert len(by_device) <= self.gpus
            for times in by_device.values():
                assert all(x[1] <= y[0] for x, y in pairwise(sorted(times))), by_device

    def test_one_failure(self) -> None:
        """What depends on a failure is not run, all else is; the outcome says what and why."""
        work = self.workshop.work
        outcome = self.run(
            work("bad", fails="badly"),
            work("after", reads=["bad"]),
            work("healthy"),
            work("later", reads=["healthy"]),
        )
        expected = {"bad": "failed", "after": "not_run", "healthy": "done", "later": "done"}
        assert expected == statuses(outcome)
        (failed,) = outcome.failed
        assert any("the work went wrong: badly" in line for line in failed.last_lines)
        assert "run-command" in failed.reproduce
        assert outcome.not_run[0].state.detail == "bad/WORK failed"
        assert (self.workshop.runs("bad"), self.workshop.runs("after")) == (1, 0)

    def test_a_crash(self) -> None:
        """A process that dies has failed; its exit code and last words are told."""
        if not self.processes:
            return
        outcome = self.run(self.workshop.work("bad", crashes=7))
        (failed,) = outcome.failed
        assert (failed.state.exit_code, "7" in failed.state.detail) == (7, True)
        assert "last words" in failed.last_lines

    def test_an_exit(self) -> None:
        """A command that calls sys.exit(0) before it is done has failed."""
        outcome = self.run(self.workshop.work("quits", exits=True))
        assert statuses(outcome) == {"quits": "failed"}
        assert any("WORK called sys.exit(0)" in line for line in outcome.failed[0].last_lines)

    def test_fail_fast(self) -> None:
        """After a failure, what was not started is not run."""
        work, uri = self.workshop.work, self.workshop.uri
        waits = work("waits", begins=uri("never"), reads=["bad"])
        outcome = self.run(work("bad", fails="badly"), waits, fail_fast=True)
        assert statuses(outcome) == {"bad": "failed", "waits": "not_run"}

    def test_retry(self) -> None:
        """A command that fails is tried again, and what depends on it runs then."""
        work = self.workshop.work
        flaky = work("flaky", fails="once", fails_first=1)
        outcome = self.run(flaky, work("after", reads=["flaky"]), attempts=2)
        assert statuses(outcome) == {"flaky": "done", "after": "done"}
        assert self.workshop.runs("flaky") == 2

    def test_no_retry(self) -> None:
        """What fails in a way that another attempt does not mend is not tried again."""
        outcome = self.run(self.workshop.work("bad", fails="for good", lasting=True), attempts=3)
        assert (statuses(outcome), self.workshop.runs("bad")) == ({"bad": "failed"}, 1)

    def test_cancel_and_resume(self) -> None:
        """An interrupted run ends what it had started; the next one goes on from there."""
        work, uri = self.workshop.work, self.workshop.uri
        configs = (
            work("first"),
            work("long", reads=["first"], seconds=300, beats=uri("beats"), until=uri("go")),
            work("last", reads=["long"]),
        )

        def interrupt(event: RunEvent) -> None:
            self.events.append(event)
            if (event.job_id, event.kind) == ("long/WORK", "progress"):
                raise KeyboardInterrupt

        try:
            self.run(*configs, sink=interrupt)
        except KeyboardInterrupt:
            pass
        else:
            raise AssertionError("the interrupt did not end the run")
        assert "cancelled" in [e.kind for e in self.events if e.job_id == "long/WORK"] or (
            not self.processes
        )
        beats = self._beats()
        time.sleep(1.0)
        assert beats == self._beats(), "the cancelled command works on"

        self.workshop.put("go")
        steps = self.workshop.plan(*configs).steps
        assert [step.status for step in steps] == ["up_to_date", "run", "run"]
        assert statuses(self.run(*configs)) == {"long": "done", "last": "done"}
        assert [step.status for step in self.workshop.plan(*configs).steps] == ["up_to_date"] * 3

    def _beats(self) -> int:
        return len(list_paths(self.workshop.uri("beats"))) if self.processes else 0

    def test_exit_codes(self) -> None:
        """`rv run` ends with 0 when all is done, also long before, and with 5 after a failure."""
        folder = self.workshop.new_folder("experiments")
        experiments = folder / "experiments.py"
        experiments.write_text(_EXPERIMENTS.format())
        listed = ", ".join(repr(plugin) for plugin in self.workshop.plugins)
        (folder / "rv.toml").write_text(f"[PLUGINS]\nfiles = [{listed}]\n", "utf-8")
        argv = [sys.executable, "-m", "rvcli", "--config", str(folder / "rv.toml"), "-q"]
        argv += [*self.workshop.options, "run", self.runner, str(experiments)]
        argv += ["-a", "root_uri", self.workshop.uri("cli")]
        codes = [
            subprocess.run([*argv, *more], stdin=subprocess.DEVNULL, check=False).returncode
            for more in ([], [], ["-a", "fails", "badly"])
        ]
        assert codes == [0, 0, 5]

    def test_plugins_from_everywhere(self) -> None:
        """Plugins of each kind, from here, from the web and from the root's own store."""
        folder = self.workshop.new_folder("web")
        with web_server(folder) as url:
            locations = {
                "FROM_FILE": write_plugin(self.workshop.new_folder("file"), "FROM_FILE"),
                "FROM_PACKAGE": write_package(self.workshop.new_folder("package"), "FROM_PACKAGE"),
                "FROM_WHEEL": write_wheel(self.workshop.new_folder("wheel"), "FROM_WHEEL"),
                "FROM_WEB": f"{url}/{Path(write_plugin(folder, 'FROM_WEB')).name}",
                "FROM_ROOT": self._uploaded("FROM_ROOT"),
            }
            self.workshop.load(list(locations.values()))
            configs = [self.workshop.command(key, key.lower()) for key in locations]
            made = self.workshop.plan(*configs)
            if ExperimentRunner.get_runner(self.runner).traits.remote:
                outcome = None
            else:
                outcome = self.run_plan(made)
        if outcome is None:
            # The web server is gone: what other machines need has been shipped.
            outcome = self.run_plan(made)
        assert set(statuses(outcome).values()) == {"done"}
        found = {key: file_to_str(self.workshop.output(key.lower())) for key in locations}
        assert {key: key for key in locations} == found

    def _uploaded(self, key: str) -> str:
        """Put a plugin with its sibling below the root; return its URI."""
        path = Path(write_plugin(self.workshop.new_folder("source"), key))
        for file in path.parent.iterdir():
            upload_or_copy(str(file), self.workshop.uri("plugins", file.name))
        return self.workshop.uri("plugins", path.name)

    def test_what_another_run_did_is_not_done_again(self) -> None:
        """Two plans of the same work do it once, one after the other; a forced rerun, again."""
        work = self.workshop.work
        first, second = self.workshop.plan(work("a")), self.workshop.plan(work("a"))
        assert self.run_plan(first).ok
        assert self.run_plan(second).ok
        assert self.workshop.runs("a") == 1
        assert self.run(work("a"), rerun=True).ok
        assert self.workshop.runs("a") == 2

    def test_inputs_that_another_run_makes_differently(self) -> None:
        """A command does not work on them, and is not reported as done."""
        work, uri = self.workshop.work, self.workshop.uri
        made = self.workshop.plan(
            work("a"), work("b", reads=["a", "c"]), work("c", seconds=60, until=uri("go"))
        )
        (other,) = self.workshop.plan(work("a", seconds=0.01)).to_run

        def meanwhile(event: RunEvent) -> None:
            self.events.append(event)
            if (event.job_id, event.kind) == ("a/WORK", "done"):
                CommandRunner.run(stamp_and_write(other))
                self.workshop.put("go")

        outcome = self.run_plan(made, sink=meanwhile)
        assert statuses(outcome)["b"] == "failed"
        assert any(
            "a/WORK was run by another plan" in line for line in outcome.failed[0].last_lines
        )
        assert self.workshop.made("b") is None

    def test_a_large_plan(self) -> None:
        """One command, many that read what it writes, and one that reads what those write."""
        work, names = self.workshop.work, [f"w{i}" for i in range(self.plan_size - 2)]
        configs = [work("first"), *(work(name, reads=["first"]) for name in names)]
        outcome = self.run(*configs, work("last", reads=names))
        assert (self.plan_size, True) == (len(outcome.results), outcome.ok)
        latest = max(self.workshop.made(name)["ended"] for name in names[:5])
        assert latest <= self.workshop.made("last")["started"]


def statuses(outcome: Outcome) -> dict[str, str]:
    """Return the status of each job by the name of its root."""
    return {r.job.id.partition("/")[0]: r.state.status for r in outcome.results}


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; give the URL."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
