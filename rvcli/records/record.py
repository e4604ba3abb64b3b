"""The record of a command: written last, it proves that the outputs are whole, and of what."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from rvcli.errors import CommandError, FileSystemError, NotReadableError
from rvcli.filesystem import resolve
from rvcli.records.digests import default_cache
from rvcli.records.fingerprint import fingerprint
from rvcli.records.identity import Identities, local_path
from rvcli.records.names import draft_uri, record_uri
from rvcli.records.versions import versions_now

SCHEMA = 1
NEVER_FINISHED = "no record: it never finished here"

Draft = dict[str, Any]
"""What the plan says about a command before it runs; plain values only:
schema, fingerprint, plan, planned, replaces, command_type, experiment_id, split_id, splits,
config, plugins, components, inputs (each with uri, identity, by, record) and outputs (URIs)."""


@dataclass(frozen=True)
class Output:
    """One output as it was when the command finished.

    Attributes:
        identity: the text of its Identity; "absent" for a name that no file backs.
        files: relative names in a directory; None for a file.
    """

    uri: str
    identity: str
    size_bytes: int | None = None
    files: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Record:
    """Proof that a command finished, with what it read and wrote.

    Attributes:
        started, finished: ISO 8601, UTC.
        versions: of Python, rvcli and the packages that did the work.
        usage: "wall_s", "cpu_s", "peak_memory_bytes", "gpu_peak_memory_bytes", as far as known.
        facts: what the command says of its work, by name; see `Command.record_facts`.
    """

    draft: Mapping[str, Any]
    outputs: tuple[Output, ...] = ()
    started: str = ""
    finished: str = ""
    host: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    usage: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the command that finished."""
        return str(self.draft["fingerprint"])

    @property
    def splits(self) -> int:
        """Into how many parts the command was split."""
        return int(self.draft.get("splits") or 1)

    @cached_property
    def made(self) -> str:
        """A token of the outputs' content: a rerun that makes the same things keeps it."""
        return fingerprint([[o.uri, o.identity] for o in self.outputs])

    def to_dict(self) -> dict[str, Any]:
        """Return the record as it is written."""
        return {
            **self.draft,
            "outputs": [_output_to_dict(o) for o in self.outputs],
            "started": self.started,
            "finished": self.finished,
            "host": self.host,
            "versions": dict(self.versions),
            "usage": dict(self.usage),
            **({"facts": dict(self.facts)} if self.facts else {}),
        }

    @property
    def plan(self) -> str:
        """Token of the plan by which it ran, or when that was made; it tells runs apart."""
        return str(self.draft.get("plan") or self.draft.get("planned", ""))

    @property
    def noted(self) -> dict[str, str]:
        """What each producer, by the URI of its record, had made when the command started."""
        inputs = self.draft["inputs"]
        return {i["record"]: i["made"] for i in inputs if "record" in i and "made" in i}

    @classmethod
    def from_dict(cls, content: Any) -> Record:
        """Read a record.

        Raises:
            ValueError: it is none, or of a schema that this version does not know.
        """
        if not isinstance(content, dict) or not isinstance(content.get("fingerprint"), str):
            raise ValueError("it is no record")
        if content.get("schema") != SCHEMA:
            raise ValueError(f"its schema is {content.get('schema')!r}, not {SCHEMA}")
        try:
            outputs = tuple(_output_from_dict(o) for o in content["outputs"])
            _check_draft(content)
        except (KeyError, TypeError, AttributeError) as e:
            raise ValueError("parts of it are missing") from e
        return cls(
            draft={k: v for k, v in content.items() if k not in _ADDED},
            outputs=outputs,
            started=str(content.get("started", "")),
            finished=str(content.get("finished", "")),
            host=str(content.get("host", "")),
            versions=content.get("versions") or {},
            usage=_figures(content.get("usage")),
            facts=facts if isinstance(facts := content.get("facts"), dict) else {},
        )


@dataclass(frozen=True)
class Found:
    """The record of a command, or why there is none."""

    record: Record | None
    reason: str = ""


def read_record(uri: str) -> Found:
    """Read the record at a URI; one that is truncated or foreign counts as none."""
    text = _read(uri)
    if not text:
        return Found(None, NEVER_FINISHED)
    try:
        return Found(Record.from_dict(json.loads(text)))
    except ValueError as e:
        what = "it is cut off or no JSON" if isinstance(e, json.JSONDecodeError) else str(e)
        return Found(None, f"its record {uri} counts as none: {what}")


def find_record(root_uri: str, split_id: int = 0) -> Found:
    """Read the record of the command with this root and split."""
    return read_record(record_uri(root_uri, split_id))


def remove_record(root_uri: str, split_id: int = 0) -> None:
    """Remove the record of a command, which is about to run; fine if there is none."""
    uri = record_uri(root_uri, split_id)
    path = local_path(uri)
    if path is not None:
        Path(path).unlink(missing_ok=True)
        return
    resolve(uri, "w").delete(uri)


def write_draft(root_uri: str, split_id: int, draft: Draft) -> None:
    """Write what the plan says about a command beside its message."""
    _write(draft_uri(root_uri, split_id), draft)


def read_draft(root_uri: str, split_id: int = 0) -> Draft | None:
    """Return what the plan says about a command, or None if nothing readable is there."""
    text = _read(draft_uri(root_uri, split_id))
    if text is None:
        return None
    try:
        content = json.loads(text)
        _check_draft(content)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return dict(content)


def note_inputs(draft: Draft) -> Draft:
    """Return the draft with a token of what each producer has made by now.

    Call it when the command starts. The token tells a later plan whether the producer has
    run again since, even if nothing in its fingerprint changed.

    Raises:
        CommandError: a producer has no record, or has run by another plan.
    """
    records: dict[str, Record] = {}
    inputs = []
    for item in draft["inputs"]:
        uri = item.get("record")
        if not uri:
            inputs.append(item)
            continue
        if uri not in records:
            records[uri] = _made_as_planned(item)
        inputs.append({**item, "made": records[uri].made})
    return {**draft, "inputs": inputs}


def _made_as_planned(item: Mapping[str, Any]) -> Record:
    record = read_record(item["record"]).record
    if record is not None and record.fingerprint == item["identity"]:
        return record
    what = "has no record, so it is not done" if record is None else "was run by another plan"
    raise CommandError(
        f"input {item['uri']}: {item['by']} {what}",
        hint="if another run works below the same root, run again when that has ended",
    )


def write_record(
    root_uri: str,
    split_id: int,
    draft: Draft,
    started: datetime,
    identities: Identities | None = None,
    *,
    usage: Mapping[str, float] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Record:
    """Write the record of a command that has just finished.

    `draft` is as `note_inputs` returned it when the command started; `started` is aware.
    """
    looked_up = identities or Identities(default_cache())
    record = Record(
        draft=draft,
        outputs=tuple(_output_now(uri, looked_up) for uri in draft["outputs"]),
        started=iso_text(started),
        finished=iso_text(datetime.now(timezone.utc)),
        host=socket.gethostname(),
        versions=versions_now(),
        usage=usage or {},
        facts=facts or {},
    )
    _write(record_uri(root_uri, split_id), record.to_dict())
    looked_up.digests.flush()
    return record


def why_not_proven(record: Record, draft: Draft, identities: Identities) -> str | None:
    """Say why a record does not prove a command done, or return None if it does."""
    if record.fingerprint != draft["fingerprint"]:
        return "its record is of another plan"
    return output_problem(record.outputs, identities) or input_problem(record, draft)


def output_problem(outputs: Iterable[Output], identities: Identities) -> str | None:
    """Say what is wrong with outputs that a record names, or return None."""
    for output in outputs:
        if output.identity == "absent":
            continue
        try:
            if output.files is not None:
                problem = _directory_problem(output, identities)
            else:
                problem = _file_problem(output, identities)
        except FileSystemError as e:
            problem = e.message
        if problem is not None:
            return problem
    return None


def input_problem(record: Record, draft: Draft) -> str | None:
    """Say which producer has made other things since the record was written, or None."""
    noted = record.noted
    for item in note_inputs(draft)["inputs"]:
        producer = item.get("record")
        if producer in noted and item["made"] != noted[producer]:
            return f"input {item['uri']}: {item['by']} has made it anew"
    return None


def _file_problem(output: Output, identities: Identities) -> str | None:
    now = identities.of(output.uri)
    if not now.present:
        return f"output {output.uri} is missing"
    if now.text != output.identity:
        return f"output {output.uri} is not what it wrote"
    return None


def _directory_problem(output: Output, identities: Identities) -> str | None:
    names = identities.names(output.uri)
    if names is None:
        return f"output {output.uri} is missing"
    lost = sorted(set(output.files or ()) - names)
    if not lost:
        return None
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    return f"output {output.uri} lacks {lost[0]}{more}"


def _output_now(uri: str, identities: Identities) -> Output:
    identity = identities.of(uri)
    return Output(uri, identity.text, identity.size_bytes, identity.files)


def _output_to_dict(output: Output) -> dict[str, Any]:
    content: dict[str, Any] = {"uri": output.uri, "identity": output.identity}
    if output.size_bytes is not None:
        content["size_bytes"] = output.size_bytes
    if output.files is not None:
        content["files"] = list(output.files)
    return content


def _output_from_dict(content: Mapping[str, Any]) -> Output:
    files = content.get("files")
    return Output(
        uri=content["uri"],
        identity=content["identity"],
        size_bytes=content.get("size_bytes"),
        files=None if files is None else tuple(files),
    )


_ADDED = frozenset({"outputs", "started", "finished", "host", "versions", "usage", "facts"})


def _figures(content: Any) -> dict[str, float]:
    """Return the numbers by name that a record holds; one of an older release has none."""
    items = content.items() if isinstance(content, dict) else ()
    return {str(k): v for k, v in items if isinstance(v, (int, float))}


def _check_draft(content: Mapping[str, Any]) -> None:
    """Raise KeyError or TypeError unless the parts that are relied on are there."""
    content["fingerprint"].lower()
    content["outputs"].copy()
    content["config"].keys()
    content["components"].keys()
    content["plugins"].copy()
    for item in content["inputs"]:
        _ = item["uri"], item["identity"]


def _read(uri: str) -> str | None:
    path = local_path(uri)
    if path is not None:
        try:
            return Path(path).read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (UnicodeDecodeError, ValueError):
            return ""
        except OSError as e:
            raise NotReadableError(f"{uri} cannot be read: {e.strerror or e}") from e
    file_system = resolve(uri, "r")
    if not file_system.file_exists(uri, include_dir=False):
        return None
    try:
        return str(file_system.read_str(uri))
    except NotReadableError:
        # Removed since it was seen, by another run.
        return None
    except UnicodeDecodeError:
        return ""


def _write(uri: str, content: Mapping[str, Any]) -> None:
    resolve(uri, "w").write_str(uri, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def iso_text(moment: datetime) -> str:
    """Write a moment in UTC; the order of such texts is that of time."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")
