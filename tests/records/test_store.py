"""The read-only view that a plan has."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

import pytest

from rvcli.records import Identities, RecordStore, find_record, write_record
from rvcli.records.digests import DigestCache

DRAFT = {
    "schema": 1,
    "fingerprint": "f",
    "config": {},
    "plugins": [],
    "components": {},
    "inputs": [],
    "outputs": [],
}


def finish(root: str, identities: Identities, outputs: list[str] | None = None) -> None:
    """Write a record."""
    now = datetime.now(timezone.utc)
    write_record(root, 0, {**DRAFT, "outputs": outputs or []}, now, identities)


def test_record_is_read_once(tmp_path: Path, identities: Identities) -> None:
    """A store shows records as they were when it first looked."""
    store = RecordStore(identities)
    assert store.record(str(tmp_path)).record is None
    finish(str(tmp_path), identities)
    assert store.record(str(tmp_path)).record is None
    assert RecordStore(identities).record(str(tmp_path)).record is not None


def test_prefetch(s3_root: str, tmp_path: Path, digests: DigestCache) -> None:
    """Remote records, their outputs and inputs are looked at ahead."""
    roots = [f"{s3_root}/{name}" for name in ("a", "b")]
    (tmp_path / "in.txt").write_text("x")
    for root in roots:
        finish(root, Identities(digests), [f"{root}/none"])
    store = RecordStore(Identities(digests))
    store.prefetch([(root, 0) for root in [*roots, str(tmp_path)]], [str(tmp_path / "in.txt")])
    assert all(store.record(root).record for root in roots)
    record = find_record(roots[0]).record
    assert record is not None
    assert store.output_problem(record) is None


def test_identity_and_glimpse(tmp_path: Path, identities: Identities) -> None:
    """Inputs are identified through the store."""
    (tmp_path / "in.txt").write_text("x")
    store = RecordStore(identities)
    assert store.identity(str(tmp_path / "in.txt")).present
    assert (None, False) == store.glimpse(str(tmp_path / "none"))


def test_makes_its_own_identities() -> None:
    """A store needs nothing but the profile."""
    assert RecordStore().identities.digests is not None


def test_writable_roots(tmp_path: Path, identities: Identities) -> None:
    """A root that is there, or can be made, is fine."""
    store = RecordStore(identities)
    assert store.writing_problem(str(tmp_path)) is None
    assert store.writing_problem(str(tmp_path / "new" / "deeper")) is None
    assert store.writing_problem("s3://bucket/x") is None


def test_unwritable_roots(
    tmp_path: Path, identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A root below a file, in a read-only folder, or on the web is refused."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    store = RecordStore(identities)
    below = store.writing_problem(str(tmp_path / "file" / "x"))
    assert f"{tmp_path}/file is no folder" == below
    assert f"{tmp_path}/dangling is no folder" == store.writing_problem(f"{tmp_path}/dangling/x")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert f"{tmp_path} is not writable" == store.writing_problem(str(tmp_path / "x"))
    assert store.writing_problem("http://127.0.0.1/x")
