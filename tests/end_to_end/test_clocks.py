"""Machines whose clocks are hours apart work on one root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rvcli.records import find_record
from rvcli.runner.messages import MessageWriter
from rvcli.testing.workshop import Workshop
from tests.processes import wait_until

# Process ids of its own make another machine of a process.
OTHER_MACHINE = ["unshare", "--pid", "--fork", "--mount-proc"]
CLOCKS = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def _can_be_another_machine() -> bool:
    if not CLOCKS or shutil.which("unshare") is None:
        return False
    return subprocess.run([*OTHER_MACHINE, "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not _can_be_another_machine(), reason="needs faketime, and the right to unshare"
)


@pytest.fixture
def shop(s3_root: str) -> Iterator[Workshop]:
    """Give a workshop whose root is in S3, which every machine reaches."""
    workshop = Workshop(s3_root, {})
    yield workshop
    workshop.close()


def start(shop: Workshop, uri: str, offset: str | None = None) -> subprocess.Popen[bytes]:
    """Run a command on another machine whose clock may be off."""
    clock = {} if offset is None else {"LD_PRELOAD": str(CLOCKS[0]), "FAKETIME": offset}
    words = [sys.executable, "-m", "rvcli", *shop.options, "run-command", uri]
    return subprocess.Popen(
        [*OTHER_MACHINE, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=Path(shop.directory),
        env={**os.environ, **clock},
    )


@pytest.mark.parametrize("offset", [pytest.param("-5h", marks=pytest.mark.slow), "+5h"])
def test_a_command_is_done_once(shop: Workshop, offset: str) -> None:
    """The one that comes second waits, though the first one's signs of life seem long ago."""
    config = shop.work("a", seconds=60, until=shop.uri("go"), begins=shop.uri("began"))
    (step,) = shop.plan(config).to_run
    uri = MessageWriter(remote=True).write(step)
    first = start(shop, uri, offset)
    wait_until(lambda: shop.runs("a") == 1)
    (other,) = shop.plan(config).to_run
    MessageWriter(remote=True).write(other)
    second = start(shop, uri)
    time.sleep(2)
    assert 1 == shop.runs("a")
    shop.put("go")
    finish(first)
    finish(second)
    assert 1 == shop.runs("a")
    assert ["up_to_date"] == [s.status for s in shop.plan(config).steps]


@pytest.mark.parametrize("offset", [pytest.param("-5h", marks=pytest.mark.slow), "+5h"])
def test_a_rerun_is_one(shop: Workshop, offset: str) -> None:
    """A record of a machine whose clock is ahead is no newer than the plan of a rerun."""
    (step,) = shop.plan(shop.work("a")).to_run
    finish(start(shop, MessageWriter(remote=True).write(step), offset))
    (again,) = shop.plan(shop.work("a"), rerun=True).to_run
    finish(start(shop, MessageWriter(remote=True).write(again)))
    assert 2 == shop.runs("a")
    record = find_record(step.definition.root_uri).record
    assert record is not None
    assert again.draft["plan"] == record.plan


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait until a command is done."""
    printed, _ = process.communicate(timeout=60)
    assert 0 == process.returncode, printed.decode()
