"""Records: written last, read again, and what they prove."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from rvcli.errors import CommandError, NotReadableError
from rvcli.records import (
    Draft,
    Identities,
    find_record,
    note_inputs,
    read_draft,
    record_uri,
    remove_record,
    why_not_proven,
    write_draft,
    write_record,
)
from rvcli.records import record as module
from rvcli.records.digests import DigestCache
from rvcli.records.record import NEVER_FINISHED, Record, read_record

STARTED = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)


def draft(outputs: list[str], **changes: Any) -> Draft:
    """Return a draft as a plan makes it."""
    return {
        "schema": 1,
        "fingerprint": "f" * 64,
        "command_type": "TRAIN",
        "experiment_id": "exp",
        "split_id": 0,
        "splits": 1,
        "config": {"seed": 1},
        "plugins": [],
        "components": {"rvcli Train": 1},
        "inputs": [],
        "outputs": outputs,
        **changes,
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of a command, with one file and one directory that it made."""
    root = tmp_path / "out ü"
    (root / "chips").mkdir(parents=True)
    (root / "model.rvm").write_text("model")
    (root / "chips" / "a.npy").write_text("a")
    (root / "chips" / "b.npy").write_text("b")
    return root


@pytest.fixture
def anew(digests: DigestCache) -> Callable[[], Identities]:
    """Look at everything anew."""
    return lambda: Identities(digests)


def written(root: Path, identities: Identities, **changes: Any) -> Record:
    """Write a record of both outputs and one phony one."""
    outputs = [str(root / "chips"), str(root / "model.rvm"), str(root / ".phony")]
    return write_record(str(root), 0, draft(outputs, **changes), STARTED, identities)


def test_is_read_as_it_was_written(root: Path, identities: Identities) -> None:
    """A record that was written is read again, with all it says."""
    record = written(root, identities)
    found = find_record(str(root))
    assert (record.to_dict(), "") == (found.record and found.record.to_dict(), found.reason)
    assert [f"listing:{'x' * 64}"[:8], "sha256:", "absent"] == [
        output.identity.rpartition(":")[0] + ":" if ":" in output.identity else output.identity
        for output in record.outputs
    ]
    assert ("a.npy", "b.npy") == record.outputs[0].files
    assert 5 == record.outputs[1].size_bytes
    assert "2026-11-22T10:00:00.000+00:00" == record.started
    assert {"rvcli", "python"} <= set(record.versions)
    assert record.host
    assert 1 == record.splits


def test_versions_name_the_packages_in_use(
    root: Path, identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The versions of packages that the process has imported are in the record."""
    import numpy as np

    assert np.__version__ == written(root, identities).versions["numpy"]


def test_needs_no_identities(root: Path, tmp_path: Path) -> None:
    """A worker just writes the record."""
    from rvcli import profile

    with profile.use(profile.load_settings(overrides=[f"RV.cache_dir={tmp_path}/c"])):
        record = write_record(str(root), 3, draft([str(root / "model.rvm")]), STARTED)
    assert record.fingerprint == read_record(record_uri(str(root), 3)).record.fingerprint  # type: ignore[union-attr]


def test_none_was_written(tmp_path: Path) -> None:
    """Without a file there is no record, and the reason is that it never finished."""
    assert (None, NEVER_FINISHED) == (
        find_record(str(tmp_path)).record,
        find_record(str(tmp_path / "none")).reason,
    )


GOOD = {**draft([]), "outputs": [{"uri": "/x", "identity": "absent"}]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (json.dumps(GOOD)[:-20], "cut off"),
        ("[]", "is no record"),
        ("{}", "is no record"),
        (json.dumps({**GOOD, "schema": 2}), "schema is 2"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "config"}), "parts of it are missing"),
        (json.dumps({**GOOD, "outputs": [{"uri": "/x"}]}), "parts of it are missing"),
        (json.dumps({**GOOD, "inputs": [1]}), "parts of it are missing"),
        ("", NEVER_FINISHED),
    ],
)
def test_truncated_or_foreign_counts_as_none(tmp_path: Path, text: str, reason: str) -> None:
    """A file that is no whole record counts as none, and the reason is said."""
    (tmp_path / "command-record-0.json").write_text(text)
    found = find_record(str(tmp_path))
    assert found.record is None
    assert reason in found.reason


def test_bytes_that_are_no_text_count_as_none(tmp_path: Path) -> None:
    """A record that is no text counts as none."""
    (tmp_path / "command-record-0.json").write_bytes(b"\xff\xfe\x00")
    assert find_record(str(tmp_path)).record is None


def test_unreadable_record_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that is there and cannot be read is not taken for none."""

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.Path, "read_text", refuse)
    with pytest.raises(NotReadableError, match="Permission denied"):
        find_record(str(tmp_path))


def test_removal(root: Path, identities: Identities) -> None:
    """A removed record is gone; removing none is fine."""
    written(root, identities)
    remove_record(str(root))
    remove_record(str(root))
    assert find_record(str(root)).record is None


def test_draft_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A draft travels beside the message, non-ASCII names and all."""
    content = draft(["/x/é.tif"], config={"nan": float("inf"), "name": "ü"})
    write_draft(str(tmp_path / "new"), 2, content)
    assert content == read_draft(str(tmp_path / "new"), 2)
    assert read_draft(str(tmp_path / "new"), 0) is None


@pytest.mark.parametrize("text", ["{", "[]", "{}", "3"])
def test_draft_that_is_none(tmp_path: Path, text: str) -> None:
    """A file that is no draft counts as none."""
    (tmp_path / "command-plan-0.json").write_text(text)
    assert read_draft(str(tmp_path)) is None


def test_proves_what_it_says(root: Path, identities: Identities) -> None:
    """A record proves its own draft, and no other."""
    record = written(root, identities)
    same = draft([])
    assert why_not_proven(record, same, identities) is None
    other = why_not_proven(record, {**same, "fingerprint": "other"}, identities)
    assert "its record is of another plan" == other


def test_lost_output_is_seen(root: Path, anew: Callable[[], Identities]) -> None:
    """An output that is missing, other than it was, or lacks a file, proves nothing."""
    record = written(root, anew())
    model = root / "model.rvm"
    model.write_text("half")
    assert f"output {model} is not what it wrote" == why_not_proven(record, draft([]), anew())
    model.unlink()
    assert f"output {model} is missing" == why_not_proven(record, draft([]), anew())
    (root / "chips" / "a.npy").unlink()
    assert f"output {root}/chips lacks a.npy" == why_not_proven(record, draft([]), anew())
    (root / "chips" / "b.npy").unlink()
    lacks = why_not_proven(record, draft([]), anew())
    assert f"output {root}/chips lacks a.npy and 1 more" == lacks
    (root / "chips").rmdir()
    assert f"output {root}/chips is missing" == why_not_proven(record, draft([]), anew())


def test_more_files_in_a_directory_are_fine(root: Path, anew: Callable[[], Identities]) -> None:
    """Another split may put more files into the same directory."""
    record = written(root, anew())
    (root / "chips" / "c.npy").write_text("c")
    assert why_not_proven(record, draft([]), anew()) is None


def test_unreadable_output_proves_nothing(root: Path, digests: DigestCache) -> None:
    """An output that cannot be looked at is a reason, not a crash."""
    record = written(root, Identities(digests))
    outputs = (*record.outputs, module.Output("nowhere://x", "etag:1"))
    problem = module.output_problem(outputs, Identities(digests))
    assert problem
    assert "nowhere" in problem


def made_by(root: Path, mark: str) -> dict[str, str]:
    """Describe an input that the command with this root and fingerprint makes."""
    record = record_uri(str(root), 0)
    return {"uri": f"{root}/model.rvm", "identity": mark, "by": "exp/TRAIN", "record": record}


def test_producer_of_another_plan_is_refused(root: Path, anew: Callable[[], Identities]) -> None:
    """Inputs that another run makes, or has made, differently meanwhile are not read."""
    producer = written(root, anew())
    with pytest.raises(CommandError, match=r"model\.rvm: exp/TRAIN was run by another plan"):
        note_inputs(draft([], inputs=[made_by(root, "another")]))
    remove_record(str(root))
    with pytest.raises(CommandError, match="exp/TRAIN has no record"):
        note_inputs(draft([], inputs=[made_by(root, producer.fingerprint)]))


def test_producer_that_ran_again_is_seen(root: Path, anew: Callable[[], Identities]) -> None:
    """A record does not prove a command whose producer has made other things since."""
    producer = written(root, anew())
    uri = str(root / "model.rvm")
    inputs = [
        made_by(root, producer.fingerprint),
        {"uri": "/image.tif", "identity": "sha256:1"},
    ]
    consumer_root = root / "consumer"
    noted = note_inputs(draft([], inputs=inputs))
    assert [producer.made, None] == [item.get("made") for item in noted["inputs"]]
    record = write_record(str(consumer_root), 0, noted, STARTED, anew())
    plain = draft([], inputs=inputs)
    assert why_not_proven(record, plain, anew()) is None
    (root / "model.rvm").write_text("another model")
    written(root, anew())
    expected = f"input {uri}: exp/TRAIN has made it anew"
    assert expected == why_not_proven(record, plain, anew())


def test_same_content_made_again_changes_nothing(
    root: Path, anew: Callable[[], Identities]
) -> None:
    """The token of what a producer made depends on content alone."""
    first = written(root, anew())
    (root / "model.rvm").write_text("model")
    assert first.made == written(root, anew()).made


def test_s3(s3_root: str, identities: Identities) -> None:
    """Records and drafts live in an object store as well."""
    root = f"{s3_root}/train/exp"
    assert find_record(root).reason == NEVER_FINISHED
    write_draft(root, 0, draft([]))
    record = write_record(root, 0, read_draft(root) or {}, STARTED, identities)
    assert record.to_dict() == (find_record(root).record or record).to_dict()
    remove_record(root)
    assert find_record(root).record is None


def test_object_that_vanishes_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that another run removes while it is read counts as none; so does no text."""

    class Flighty:
        error: Exception = NotReadableError("gone")

        @staticmethod
        def file_exists(uri: str, include_dir: bool = True) -> bool:
            return True

        @classmethod
        def read_str(cls, uri: str) -> str:
            raise cls.error

    monkeypatch.setattr(module, "resolve", lambda *_: Flighty)
    assert find_record("odd://x").reason == NEVER_FINISHED
    Flighty.error = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")
    assert find_record("odd://x").record is None


def test_usage_is_no_part_of_what_is_proven(root: Path, identities: Identities) -> None:
    """A record says what was used; its token and its draft are those of one that does not."""
    used = {"wall_s": 1.5, "peak_memory_bytes": 1024}
    plain = written(root, identities)
    outputs = list(plain.draft["outputs"]) if "outputs" in plain.draft else []
    outputs = outputs or [o.uri for o in plain.outputs]
    write_record(str(root), 0, draft(outputs), STARTED, identities, usage=used)
    found = find_record(str(root)).record
    assert found is not None
    assert used == found.usage
    assert (plain.made, "usage") == (found.made, *({"usage"} - set(found.draft)))


def test_a_record_of_an_older_release_has_no_usage(root: Path, identities: Identities) -> None:
    """It is read, and says nothing of time and memory."""
    content = written(root, identities).to_dict()
    del content["usage"]
    assert {} == Record.from_dict(content).usage
