"""History: of each run that ran something, its plan and what became of it, below each root."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import Any

from rvcli.dag import Plan, Step
from rvcli.errors import NotReadableError, RvError, UsageError
from rvcli.filesystem import join_uri, resolve, shown
from rvcli.filesystem.threads import in_threads
from rvcli.profile.secrets import MASK, is_secret
from rvcli.profile.secrets import shown as masked
from rvcli.records.record import iso_text
from rvcli.runner.outcome import JobResult
from rvcli.utils.files import file_to_str, names_in, str_to_file
from rvcli.version import __version__

FOLDER = "history"
SCHEMA = 1
MOST_KEPT = 50


@dataclass(frozen=True)
class History:
    """What one root keeps of a run. Secrets are masked.

    Attributes:
        run_id: sorts by time.
        runner: its key.
        started, finished: ISO 8601, UTC; not finished, "", is what goes on without `rv`.
        host: where `rv run` was called.
        command_line: of `rv`.
        version: of `rv`.
        plan: `Plan.to_dict()` of the steps of this root, also of those that were not to run.
        results: `JobResult.to_dict()` of each command of this root that the run has dealt with;
            none of classic runners, which do not say.
    """

    run_id: str
    runner: str
    started: str
    finished: str = ""
    host: str = ""
    command_line: tuple[str, ...] = ()
    version: str = __version__
    plan: Mapping[str, Any] | None = None
    results: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def begin(cls, run_id: str, runner: str, command_line: Sequence[str]) -> History:
        """Return that of a run which begins now, here."""
        started = iso_text(datetime.now(timezone.utc))
        host = socket.gethostname()
        return cls(run_id, runner, started, host=host, command_line=tuple(command_line))

    def concerns(self, experiment_id: str) -> bool:
        """True if the plan has steps of an experiment."""
        steps = (self.plan or {}).get("steps", ())
        return any(step.get("experiment_id") == experiment_id for step in steps)

    def to_dict(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_dict(cls, content: Any) -> History:
        """Read what `to_dict` gave.

        Raises:
            ValueError: it is none, or of a schema that this version does not know.
        """
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            raise ValueError("it is no history of a run, or that of another version of rv")
        try:
            return cls(
                **{
                    **{key: value for key, value in content.items() if key != "schema"},
                    "command_line": tuple(content["command_line"]),
                    "results": tuple(content["results"]),
                }
            )
        except (KeyError, TypeError) as e:
            raise ValueError("parts of it are missing") from e


def history_uri(root_uri: str, run_id: str) -> str:
    """Return where a root keeps what it knows of a run."""
    return join_uri(root_uri, FOLDER, f"{run_id}.json")


def write_history(
    begun: History, plan: Plan, results: Iterable[JobResult], *, goes_on: bool = False
) -> list[str]:
    """Keep a run below each root of which something was to run; drop all but the newest fifty.

    Args:
        begun: as `History.begin` returned it.
        results: of the commands that have ended, or were not run for those that failed.
        goes_on: it has not finished: its commands go on without this process.

    Returns:
        what could not be kept, and why, in sentences.
    """
    finished = "" if goes_on else iso_text(datetime.now(timezone.utc))
    by_root: dict[str, list[JobResult]] = {}
    for result in results:
        by_root.setdefault(result.job.root_uri, []).append(result)

    def write(root_uri: str) -> str:
        steps = tuple(step for step in plan.steps if _root_of(step) == root_uri)
        part = replace(
            begun,
            finished=finished,
            plan=_without_secrets(replace(plan, steps=steps).to_dict()),
            results=_results(by_root.get(root_uri, ())),
        )
        return _keep(root_uri, part)

    roots = dict.fromkeys(_root_of(step) for step in plan.to_run)
    return [problem for problem in in_threads(write, roots) if problem]


def finish_history(
    root_uris: Iterable[str], run_id: str, results: Iterable[JobResult]
) -> list[str]:
    """Add what became of a run that has gone on without the process that began it.

    Returns:
        what could not be kept, and why, in sentences.
    """
    ended = list(results)
    finished = iso_text(datetime.now(timezone.utc))

    def add(root_uri: str) -> str:
        try:
            begun = _read(history_uri(root_uri, run_id))
        except NotReadableError:
            return ""  # nothing was kept, or it has been dropped for newer runs
        own = _results(result for result in ended if result.job.root_uri == root_uri)
        return _keep(root_uri, replace(begun, finished=finished, results=own))

    return [problem for problem in in_threads(add, list(root_uris)) if problem]


def list_history(root_uri: str) -> list[str]:
    """List the ids of the runs of which a root keeps the history, the newest first.

    Raises:
        NotReadableError: it cannot be listed.
    """
    return names_in(join_uri(root_uri, FOLDER), ".json")[::-1]


def read_history(root_uri: str, run_id: str | None = None) -> History:
    """Read what a root keeps of a run.

    Args:
        run_id: its id; the newest by default.

    Raises:
        UsageError: there is none.
        NotReadableError: it cannot be read, or is of another version of `rv`.
    """
    if run_id is None:
        found = list_history(root_uri)
        if not found:
            raise UsageError(
                f"no run is kept below {shown(root_uri)!r}",
                hint="give the root URI of an experiment that rv run has run",
            )
        run_id = found[0]
    return _read(history_uri(root_uri, run_id))


def _read(uri: str) -> History:
    text = file_to_str(uri)
    try:
        return History.from_dict(json.loads(text))
    except ValueError as e:
        raise NotReadableError(
            f"{shown(uri)!r} is not what rv keeps of a run: {e}",
            hint=f"it may be of another version of rv than this one, {__version__}; it can be"
            " deleted",
        ) from e


def _keep(root_uri: str, history: History) -> str:
    """Write it and drop what is too old; return what went wrong, or ""."""
    try:
        text = json.dumps(history.to_dict(), indent=1, ensure_ascii=False) + "\n"
        str_to_file(text, history_uri(root_uri, history.run_id))
        for run_id in list_history(root_uri)[MOST_KEPT:]:
            uri = history_uri(root_uri, run_id)
            resolve(uri, "w").delete(uri)
    except (RvError, OSError) as e:
        reason = e.message if isinstance(e, RvError) else str(e)
        return f"the history of the run is not kept below {shown(root_uri)!r}: {reason}"
    return ""


def _results(results: Iterable[JobResult]) -> tuple[Mapping[str, Any], ...]:
    return tuple(masked(result.to_dict(), secret=False) for result in results)


def _root_of(step: Step) -> str:
    """Return the root of a step as its job has it."""
    definition = step.definition
    experiment = definition.experiment
    root_uri: str = definition.root_uri if experiment is None else experiment.root_uri
    return root_uri


def _without_secrets(plan: dict[str, Any]) -> dict[str, Any]:
    """Mask what a plan says of options whose names say that they are secret, and in URIs."""
    for step in plan["steps"]:
        texts = {}
        for change in step["changes"]:
            if is_secret("", change["path"]):
                texts[change["text"]] = f"{change['path']}: {MASK}"
                change.update(old=MASK, new=MASK, text=texts[change["text"]])
        for text, hidden in texts.items():
            step["reason"] = step["reason"].replace(text, hidden)
    hidden_plan: dict[str, Any] = masked(plan, secret=False)
    return hidden_plan
