"""What every file system must do."""

from __future__ import annotations

import uuid
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rvcli.filesystem import NotReadableError, join_uri


class FileSystemContract:
    """Tests of a file system: subclass it, and set `file_system` and `root_uri`.

    class TestMyFileSystem(FileSystemContract):
        file_system = MyFileSystem
        root_uri = "my://somewhere/writable"

    Attributes:
        file_system: the class under test.
        root_uri: a directory that may be written to; each test uses new names below it.
    """

    file_system: Any
    root_uri: str

    def new_uri(self, name: str = "file.txt") -> str:
        """Return a URI that nothing has been written to."""
        return join_uri(self.root_uri, uuid.uuid4().hex, name)

    def test_takes_its_own_uris(self) -> None:
        """It answers for its own URIs, to read and to write."""
        uri = self.new_uri()
        assert tuple(bool(self.file_system.matches_uri(uri, m)) for m in "rw") == (True, True)

    def test_leaves_other_uris(self) -> None:
        """It does not answer for a scheme that nobody has."""
        assert not self.file_system.matches_uri("rv-contract-no-such-scheme://x/y", "r")

    def test_text_comes_back(self) -> None:
        """A text is read as it was written."""
        uri = self.new_uri("with space é.txt")
        self.file_system.write_str(uri, "text é\n")
        assert self.file_system.read_str(uri) == "text é\n"

    def test_bytes_come_back(self) -> None:
        """Bytes are read as they were written, and written anew as a whole."""
        uri = self.new_uri()
        self.file_system.write_bytes(uri, b"long \x00\xff" * 100)
        self.file_system.write_bytes(uri, b"short")
        assert self.file_system.read_bytes(uri) == b"short"

    def test_existence(self) -> None:
        """A file exists once it is written, and so does its directory."""
        uri = self.new_uri()
        assert not self.file_system.file_exists(uri)
        self.file_system.write_str(uri, "")
        assert self.file_system.file_exists(uri)
        parent = uri.rpartition("/")[0]
        assert self.file_system.file_exists(parent)
        assert not self.file_system.file_exists(parent, include_dir=False)

    def test_missing_file_is_not_readable(self) -> None:
        """Reading what is not there raises NotReadableError."""
        for read in (self.file_system.read_bytes, self.file_system.read_str):
            try:
                read(self.new_uri())
            except NotReadableError:
                continue
            raise AssertionError(f"{read.__name__} of a missing file raises no NotReadableError")

    def test_copies_there_and_back(self) -> None:
        """A local file that is copied there and back is the same."""
        uri = self.new_uri()
        with TemporaryDirectory() as directory:
            there, back = Path(directory, "there"), Path(directory, "deep", "back")
            there.write_bytes(b"content")
            self.file_system.copy_to(str(there), uri)
            back.parent.mkdir()
            self.file_system.copy_from(uri, str(back))
            assert back.read_bytes() == b"content"

    def test_directories_sync(self) -> None:
        """A directory that is synchronized there and back has the same files."""
        uri = self.new_uri("folder")
        with TemporaryDirectory() as directory:
            source, target = Path(directory, "source"), Path(directory, "target")
            (source / "inner").mkdir(parents=True)
            target.mkdir()
            (source / "a.txt").write_text("a")
            (source / "inner" / "b.txt").write_text("b")
            self.file_system.sync_to_dir(str(source), uri)
            self.file_system.sync_from_dir(uri, str(target))
            texts = {p.relative_to(target).as_posix(): p.read_text() for p in target.rglob("*.txt")}
        assert texts == {"a.txt": "a", "inner/b.txt": "b"}

    def test_lists_files(self) -> None:
        """The files below a directory are listed, by extension if one is given."""
        uri = self.new_uri("folder")
        for name in ("a.txt", "b.json"):
            self.file_system.write_str(join_uri(uri, name), name)
        found = sorted(path.rpartition("/")[2] for path in self.file_system.list_paths(uri))
        assert found == ["a.txt", "b.json"]
        assert [path.rpartition("/")[2] for path in self.file_system.list_paths(uri, ".json")] == [
            "b.json"
        ]
