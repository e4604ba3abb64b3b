"""Leases, held by real processes that are waited for, killed and stopped."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rvcli.errors import FileSystemError, RvError
from rvcli.filesystem import FileSystem
from rvcli.filesystem.local_filesystem import LocalFileSystem
from rvcli.filesystem.process import ProcessId
from rvcli.records import lease as lease_module
from rvcli.records.lease import Holder, LeaseError, claim

_HOLD = """
import sys
from rvcli.records.lease import claim
with claim(sys.argv[1], expiry_s=float(sys.argv[2])) as lease:
    print("held", flush=True)
    sys.stdin.readline()
print("lost" if lease.lost else "kept", flush=True)
"""

# Every process adds one to a number, which goes wrong if two do so at once.
_COUNT = """
import sys, time
from pathlib import Path
from rvcli.records.lease import claim
number = Path(sys.argv[2])
for _ in range(int(sys.argv[3])):
    with claim(sys.argv[1], expiry_s=30):
        value = int(number.read_text())
        time.sleep(0.005)
        number.write_text(str(value + 1))
"""


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """Give the URI of a lease in a directory that is not there yet."""
    return str(tmp_path / "a b" / "ü" / "command-lease-0.json")


@pytest.fixture(params=["local", "s3"])
def any_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URI of a lease, local and on S3."""
    if request.param == "local":
        return str(tmp_path / "command-lease-0.json")
    return f"{request.getfixturevalue('s3_root')}/command-lease-0.json"


def _left(uri: str) -> list[str]:
    return sorted(path.name for path in Path(uri).parent.iterdir())


class _Process:
    """A child process that holds a lease until told otherwise."""

    def __init__(self, uri: str, expiry_s: float) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", _HOLD, uri, str(expiry_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def until_it_holds(self) -> _Process:
        assert self.popen.stdout is not None
        assert self.popen.stdout.readline() == "held\n"
        return self

    def end(self) -> str:
        return self.popen.communicate("\n")[0]

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def other(any_uri: str) -> Iterator[_Process]:
    """Have another process hold the lease for an expiry of 30 s."""
    process = _Process(any_uri, 30).until_it_holds()
    yield process
    process.kill()


def test_free_lease(uri: str) -> None:
    """A lease that is free is had at once, names its owner, and leaves nothing behind."""
    with claim(uri) as lease:
        content = json.loads(Path(uri).read_text())
        assert (os.getpid(), ProcessId.current().host) == (content["pid"], content["host"])
        assert content["started"] == ProcessId.current().started
        assert lease.taken_from is None
        assert not lease.lost
        lease.check()
    assert _left(uri) == []


def test_lease_is_given_back_after_an_error(uri: str) -> None:
    """A block that fails gives the lease back, too."""
    with pytest.raises(ZeroDivisionError), claim(uri):
        raise ZeroDivisionError
    assert _left(uri) == []


def test_an_interrupt_while_it_is_taken_leaves_none(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between the file and the block removes the file."""

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rvcli.records.lease._in_force", interrupt)
    with pytest.raises(KeyboardInterrupt), claim(uri):
        pass
    assert _left(uri) == []


def test_live_owner_is_waited_for(any_uri: str, other: _Process) -> None:
    """A second claim waits, says for whom, once, and goes on when the first is done."""
    waited_for: list[Holder] = []
    timer = threading.Timer(0.6, other.end)
    timer.start()
    began_s = time.monotonic()
    with claim(any_uri, on_wait=waited_for.append) as lease:
        assert time.monotonic() - began_s > 0.5
        assert lease.taken_from is None
    timer.join()
    assert [other.popen.pid] == [holder.pid for holder in waited_for]
    assert f"process {other.popen.pid} on {ProcessId.current().host}" in str(waited_for[0])


def test_waiting_has_an_end(any_uri: str, other: _Process) -> None:
    """When the time is over the error names the owner, whose lease stays."""
    with (
        pytest.raises(LeaseError, match=f"held by process {other.popen.pid} on"),
        claim(any_uri, timeout_s=0.2),
    ):
        pass
    assert other.end() == "kept\n"


def test_dead_owner_is_succeeded_at_once(any_uri: str, other: _Process) -> None:
    """After kill -9 of the owner, long before its lease expires, the next one has it."""
    other.kill()
    with claim(any_uri, timeout_s=5, on_wait=lambda holder: pytest.fail("waited")) as lease:
        assert lease.taken_from is not None
        assert lease.taken_from.pid == other.popen.pid
    with claim(any_uri, timeout_s=5) as lease:
        assert lease.taken_from is None


def test_owner_that_dies_while_it_is_waited_for(uri: str) -> None:
    """A claim that waits notices the owner's death within a second."""
    process = _Process(uri, 30).until_it_holds()
    timer = threading.Timer(0.3, process.kill)
    timer.start()
    began_s = time.monotonic()
    with claim(uri, timeout_s=10):
        assert time.monotonic() - began_s < 3
    timer.join()
    assert _left(uri) == []


def test_owners_that_die_one_after_the_other(uri: str) -> None:
    """However many owners were killed, the next one gets the lease and clears up."""
    for _ in range(3):
        _Process(uri, 30).until_it_holds().kill()
    assert len(_left(uri)) == 3
    with claim(uri, timeout_s=5):
        pass
    assert _left(uri) == []


def test_stopped_owner_loses_its_lease(uri: str) -> None:
    """An owner that is stopped for longer than its expiry is succeeded, and learns of it."""
    process = _Process(uri, 0.6).until_it_holds()
    try:
        process.popen.send_signal(signal.SIGSTOP)
        with claim(uri, timeout_s=10) as lease:
            assert lease.taken_from is not None
            process.popen.send_signal(signal.SIGCONT)
            time.sleep(0.5)
            assert process.end() == "lost\n"
            lease.check()
            assert len(_left(uri)) == 2
    finally:
        process.kill()
    assert _left(uri) == []


def test_living_owner_keeps_its_lease(uri: str) -> None:
    """An owner that renews its lease keeps it beyond the expiry."""
    process = _Process(uri, 0.6).until_it_holds()
    with pytest.raises(LeaseError), claim(uri, timeout_s=1.5):
        pass
    assert process.end() == "kept\n"


def test_reused_pid_is_not_the_owner(uri: str) -> None:
    """A live process that has the dead owner's pid does not keep the lease."""
    stale = dataclasses.replace(Holder.new(3600), started="1")
    LocalFileSystem.write_bytes(uri, stale.to_bytes())
    with claim(uri, timeout_s=5) as lease:
        assert lease.taken_from == stale


def _elsewhere(renewed: str, expiry_s: float) -> Holder:
    return dataclasses.replace(
        Holder.new(expiry_s), host="other", machine="elsewhere", renewed=renewed
    )


def test_lease_of_another_machine_expires_before_our_eyes(uri: str) -> None:
    """A remote owner's lease is taken over once it has stood still for its expiry."""
    LocalFileSystem.write_bytes(uri, _elsewhere("2100-01-01T00:00:00+00:00", 0.4).to_bytes())
    began_s = time.monotonic()
    with claim(uri, timeout_s=10):
        assert time.monotonic() - began_s > 0.4


def test_old_lease_of_another_machine_is_taken_at_once(uri: str) -> None:
    """One that has expired long ago by any clock is not waited for."""
    LocalFileSystem.write_bytes(uri, _elsewhere("2001-01-01T00:00:00+00:00", 60).to_bytes())
    with claim(uri, timeout_s=1, on_wait=lambda holder: pytest.fail("waited")):
        pass


def test_clock_that_went_back(uri: str) -> None:
    """A renewal that seems to lie in the future says nothing about age."""
    future = dataclasses.replace(Holder.new(60), renewed_monotonic_s=time.monotonic() + 1e6)
    assert future.age_s() is None


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"token": "a"}', b"\xff"]
    + [
        json.dumps({**dataclasses.asdict(Holder.new(60)), **change}).encode()
        for change in (
            {"machine": "m", "renewed": "soon"},
            {"machine": 1, "renewed": "2001-01-01"},
            {"pid": "x"},
        )
    ],
)
def test_damaged_lease_blocks_nobody(uri: str, content: bytes) -> None:
    """A file that is no lease is succeeded as one whose owner is dead."""
    LocalFileSystem.write_bytes(uri, content)
    with claim(uri, timeout_s=5):
        pass
    assert _left(uri) == []


def test_empty_lease_blocks_nobody(uri: str) -> None:
    """Nor does a file that is empty since the machine went down while it was written."""
    LocalFileSystem.write_bytes(uri, b"")
    with claim(uri, timeout_s=5):
        pass
    assert _left(uri) == []


def test_emptied_lease_is_free(uri: str) -> None:
    """An empty file counts as none: file systems without delete leave it."""
    lease = Path(uri)
    lease.parent.mkdir(parents=True)
    lease.touch()

    class Emptying(LocalFileSystem):
        delete = classmethod(FileSystem.delete.__func__)  # type: ignore[attr-defined]

        @classmethod
        def write_exclusive(cls, uri: str, data: bytes) -> bool:
            if cls.read_bytes(uri):
                return False
            cls.write_bytes(uri, data)
            return True

    mine, taken_from = lease_module._acquire(Emptying, uri, 5, None, 60)
    assert taken_from is None
    assert mine.pid == os.getpid()


def test_of_many_takers_one_gets_a_dead_lease(any_uri: str, other: _Process) -> None:
    """Threads that all see a dead owner hold the lease one after the other."""
    other.kill()
    inside: list[int] = []
    taken: list[Holder | None] = []

    def take() -> None:
        with claim(any_uri, timeout_s=60) as lease:
            inside.append(1)
            assert len(inside) == 1
            taken.append(lease.taken_from)
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 6
    assert [other.popen.pid] == [holder.pid for holder in taken if holder is not None]


def test_processes_exclude_each_other_though_some_are_killed(uri: str, tmp_path: Path) -> None:
    """Processes that count together lose no count, while others are killed in between."""
    number = tmp_path / "number"
    number.write_text("0")
    counting = [
        subprocess.Popen([sys.executable, "-c", _COUNT, uri, str(number), "10"]) for _ in range(3)
    ]
    while any(process.poll() is None for process in counting):
        doomed = _Process(uri, 30)
        time.sleep(0.25)
        doomed.kill()
    assert [0, 0, 0] == [process.returncode for process in counting]
    assert number.read_text() == "30"


def test_chain_that_is_removed_while_it_is_continued(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A taker that continues a chain just removed does not hold the lease by that."""
    stale = dataclasses.replace(Holder.new(60), started="1")
    LocalFileSystem.write_bytes(uri, stale.to_bytes())
    real = LocalFileSystem.write_exclusive
    writes: list[str] = []

    def write(place: str, data: bytes) -> bool:
        if not writes:
            Path(uri).unlink()
        writes.append(place)
        return real(place, data)

    monkeypatch.setattr(LocalFileSystem, "write_exclusive", write)
    with claim(uri, timeout_s=5) as lease:
        assert lease.taken_from is None
        assert writes == [f"{uri}.{stale.token}", uri]
        assert _left(uri) == [Path(uri).name]


def test_lease_that_cannot_be_renewed_or_removed(
    uri: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Trouble with the lease's file is logged and does not undo the work."""

    def fail(*args: object) -> None:
        raise FileSystemError("no")

    with claim(uri, expiry_s=0.2):
        monkeypatch.setattr(LocalFileSystem, "write_bytes", fail)
        monkeypatch.setattr(LocalFileSystem, "delete", fail)
        time.sleep(0.15)
    assert "could not renew the lease" in caplog.text
    assert "could not remove the lease" in caplog.text


def test_file_that_goes_while_it_is_read(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease removed between looking and reading is free; one that cannot be read is an error."""
    LocalFileSystem.write_bytes(uri, Holder.new(60).to_bytes())

    def fail(uri: str) -> bytes:
        Path(uri).unlink()
        raise FileSystemError("gone")

    monkeypatch.setattr(LocalFileSystem, "read_bytes", fail)
    assert lease_module._read(LocalFileSystem, uri) is None
    monkeypatch.setattr(LocalFileSystem, "file_exists", lambda uri, include_dir: True)
    monkeypatch.setattr(Path, "unlink", lambda self: None)
    with pytest.raises(FileSystemError, match="gone"):
        lease_module._read(LocalFileSystem, uri)


def test_loss_is_an_error_when_asked(uri: str) -> None:
    """A lease that was lost says so when it is checked."""
    with claim(uri) as lease:
        lease._lost.set()
        with pytest.raises(LeaseError, match="has taken over"):
            lease.check()


def test_what_is_no_lease_is_named_and_does_not_block_for_ever(tmp_path: Path) -> None:
    """A folder in the place of a lease is an error, not an endless loop."""
    place = tmp_path / "lease.json"
    (place / "inner").mkdir(parents=True)
    with pytest.raises(RvError), claim(str(place)):
        pass
