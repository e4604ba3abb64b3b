"""utils.files, utils.misc and file systems of old code."""

from __future__ import annotations

import datetime
import gzip
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from rvcli import keys, registry
from rvcli.core.class_map import ClassItem
from rvcli.filesystem.filesystem import (
    FileSystem,
    NotReadableError,
    NotWritableError,
    ProtobufParseException,
)
from rvcli.filesystem.http_filesystem import HttpFileSystem
from rvcli.filesystem.local_filesystem import LocalFileSystem, make_dir
from rvcli.filesystem.s3_filesystem import (
    S3FileSystem,
    get_matching_s3_keys,
    get_matching_s3_objects,
)
from rvcli.protos.class_item_pb2 import ClassItem as ClassItemMsg
from rvcli.utils import files
from rvcli.utils.misc import (
    grouped,
    numpy_to_png,
    png_to_numpy,
    replace_nones_in_dict,
    save_img,
    set_nested_keys,
    split_into_groups,
)


class TestLocal:
    """Paths of this machine."""

    def test_make_dir(self, tmp_path: Path) -> None:
        """A directory is made, emptied, or refused if it is not empty."""
        assert files.make_dir is make_dir
        folder = tmp_path / "hello"
        path = str(folder / "hello.txt")
        make_dir(path, use_dirname=True)
        files.str_to_file("hello", path)
        make_dir(str(folder), force_empty=False)
        make_dir(str(folder), check_empty=False)
        with pytest.raises(Exception, match="is not empty"):
            make_dir(str(folder), check_empty=True)
        assert (folder / "hello.txt").is_file()
        make_dir(str(folder), force_empty=True)
        assert [] == list(folder.iterdir())

    def test_text(self, tmp_path: Path) -> None:
        """Text is written with the directories above it; what is not there is not readable."""
        path = str(tmp_path / "a" / "b.txt")
        with pytest.raises(NotReadableError):
            files.file_to_str(path)
        with pytest.raises(NotReadableError):
            files.download_if_needed(path, str(tmp_path))
        assert not files.file_exists(path)
        files.str_to_file("hello", path)
        assert "hello" == files.file_to_str(path)
        assert path == files.download_if_needed(path, str(tmp_path / "other"))
        assert files.file_exists(path)
        assert files.file_exists(str(tmp_path / "a"))
        assert not files.file_exists(str(tmp_path / "a"), include_dir=False)
        (tmp_path / "file").write_text("")
        with pytest.raises(NotWritableError):
            files.str_to_file("hello", str(tmp_path / "file" / "x.txt"))

    def test_lists_and_copies(self, tmp_path: Path) -> None:
        """Directories are listed, copied and synchronized."""
        source, path = str(tmp_path / "lorem"), str(tmp_path / "lorem" / "ipsum.txt")
        fs = FileSystem.get_file_system(source, "r")
        assert fs is LocalFileSystem
        fs.write_bytes(path, bytes([0x00, 0x01]))
        assert b"\x00\x01" == fs.read_bytes(path)
        files.sync_from_dir(source, source, delete=True)
        files.sync_to_dir(source, str(tmp_path / "copy"), delete=True)
        files.upload_or_copy(path, str(tmp_path / "third" / "copy.txt"))
        for folder in ("lorem", "copy", "third"):
            assert 1 == len(files.list_paths(str(tmp_path / folder)))
        assert [path] == files.list_paths(source, ext=".txt")
        assert [] == files.list_paths(source, "tif")
        assert isinstance(fs.last_modified(path), datetime.datetime)
        assert files.download_or_copy(path, str(tmp_path / "d")) == str(tmp_path / "d/ipsum.txt")

    def test_paths_of_downloads(self) -> None:
        """Where a URI is, or would be once it is downloaded."""
        assert "/my/file.txt" == files.get_local_path("/my/file.txt", "/d")
        assert "/d/s3/bucket/my/file.txt" == files.get_local_path("s3://bucket/my/file.txt", "/d")
        assert "/d/http/bucket/my/f.txt" == files.get_local_path("http://bucket/my/f.txt", "/d")
        assert files.get_local_path(None, "/d") is None

    def test_json_and_zip(self, tmp_path: Path) -> None:
        """JSON and zip files come back as they were."""
        folder, value = tmp_path / "a", {"b": [1, 2.5, None]}
        files.json_to_file(value, str(folder / "c" / "x.json"))
        assert value == files.file_to_json(str(folder / "c" / "x.json"))
        files.zipdir(str(folder), str(tmp_path / "a.zip"))
        files.unzip(str(tmp_path / "a.zip"), str(tmp_path / "b"))
        assert value == files.file_to_json(str(tmp_path / "b" / "c" / "x.json"))
        cached = files.get_cached_file(str(tmp_path / "cache"), str(folder / "c" / "x.json"))
        assert value == files.file_to_json(cached)
        for error in (files.NotReadableError, files.NotWritableError, files.ProtobufParseException):
            assert issubclass(error, Exception)

    def test_cached_gzip(self, tmp_path: Path) -> None:
        """A file that is packed is unpacked once; one that is damaged is an error."""
        packed = tmp_path / "a.mvt.gz"
        packed.write_bytes(gzip.compress(b"tile"))
        cached = files.get_cached_file(str(tmp_path / "cache"), str(packed))
        assert b"tile" == Path(cached).read_bytes()
        packed.write_bytes(b"")
        assert cached == files.get_cached_file(str(tmp_path / "cache"), str(packed))
        (tmp_path / "b.gz").write_bytes(gzip.compress(b"tile")[:-3])
        with pytest.raises(ValueError, match="no whole gzip file"):
            files.get_cached_file(str(tmp_path / "cache"), str(tmp_path / "b.gz"))

    def test_sync(self, tmp_path: Path) -> None:
        """The last copy is made when the block ends."""
        source = tmp_path / "a"
        source.mkdir()
        with files.start_sync(str(source), str(tmp_path / "b"), sync_interval=600):
            (source / "x").write_text("x")
        assert (tmp_path / "b" / "x").is_file()

    def test_messages(self, tmp_path: Path) -> None:
        """Messages are saved as JSON; what is no such message is told from what is not there."""
        uri = str(tmp_path / "a.json")
        files.save_json_config(ClassItem(3, "a", "red").to_proto(), uri)
        assert ClassItem(3, "a", "red") == ClassItem.from_proto(
            files.load_json_config(uri, ClassItemMsg())
        )
        for wrong in ('{"idd": 3}', '{"id": "x"}', "{", ""):
            files.str_to_file(wrong, uri)
            with pytest.raises(ProtobufParseException):
                files.load_json_config(uri, ClassItemMsg())
        with pytest.raises(NotReadableError):
            files.load_json_config(str(tmp_path / "b.json"), ClassItemMsg())


class TestHttp:
    """A web server that does not answer, and is never written to."""

    uri = "http://127.0.0.1:9/a/b.txt"

    def test_is_read_only(self, tmp_path: Path) -> None:
        """Each way to write is refused, and each way to list."""
        (tmp_path / "x").write_text("x")
        fs = FileSystem.get_file_system(self.uri, "r")
        assert fs is HttpFileSystem
        for write in (
            lambda: files.str_to_file("xxx", self.uri),
            lambda: files.sync_to_dir(str(tmp_path), self.uri),
            lambda: files.upload_or_copy(str(tmp_path / "x"), self.uri),
            lambda: fs.write_str(self.uri, "x"),
            lambda: fs.write_bytes(self.uri, b"x"),
            lambda: fs.copy_to(str(tmp_path / "x"), self.uri),
        ):
            with pytest.raises(NotWritableError):
                write()
        for read in (
            lambda: files.sync_from_dir(self.uri, str(tmp_path)),
            lambda: files.list_paths(self.uri),
        ):
            with pytest.raises(NotReadableError):
                read()

    def test_time_is_not_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """When a file was changed is not known where no server answers."""
        from rvcli.filesystem import http_client

        monkeypatch.setattr(http_client, "ATTEMPTS", 1)
        assert HttpFileSystem.last_modified(self.uri) is None


class TestS3:
    """An S3 server on loopback."""

    def test_objects(self, s3_root: str, tmp_path: Path) -> None:
        """Objects are written, read, listed, synchronized, found by prefix and suffix."""
        uri = f"{s3_root}/lorem/ipsum.txt"
        assert FileSystem.get_file_system(uri, "r") is S3FileSystem
        with pytest.raises(NotReadableError):
            files.file_to_str(uri)
        files.str_to_file("hello", uri)
        assert "hello" == files.file_to_str(uri)
        assert isinstance(S3FileSystem.last_modified(uri), datetime.datetime)
        assert [uri] == files.list_paths(f"{s3_root}/lorem", ".txt")
        assert [] == files.list_paths(f"{s3_root}/lorem", ".png")
        bucket = s3_root.removeprefix("s3://").partition("/")[0]
        prefix = uri.removeprefix(f"s3://{bucket}/").removesuffix("ipsum.txt")
        [key] = get_matching_s3_keys(bucket, prefix=prefix, suffix=".txt", request_payer="None")
        [found] = get_matching_s3_objects(bucket, prefix, ".txt", "requester")
        assert prefix + "ipsum.txt" == key == found["Key"]
        assert "None" == S3FileSystem.get_request_payer()
        files.sync_from_dir(f"{s3_root}/lorem", str(tmp_path / "a"))
        assert ["ipsum.txt"] == [path.name for path in (tmp_path / "a").iterdir()]
        downloaded = files.download_if_needed(uri, str(tmp_path / "d"))
        assert "hello" == Path(downloaded).read_text()

    def test_no_such_bucket(self, s3_environment: str) -> None:
        """Neither readable nor writable."""
        with pytest.raises(NotWritableError):
            files.str_to_file("hello", "s3://wrongpath/x.txt")
        with pytest.raises(NotReadableError):
            files.file_to_str("s3://wrongpath/x.txt")


class Memory(FileSystem):
    """A file system of a plugin: static methods, and no more than were abstract."""

    content: ClassVar[dict[str, bytes]] = {}

    @staticmethod
    def matches_uri(uri: str, mode: str) -> bool:
        """See FileSystem."""
        return uri.startswith("mem://")

    @staticmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        """See FileSystem."""
        return any(key == uri or key.startswith(uri + "/") for key in Memory.content)

    @staticmethod
    def read_str(uri: str) -> str:
        """See FileSystem."""
        return Memory.read_bytes(uri).decode()

    @staticmethod
    def read_bytes(uri: str) -> bytes:
        """See FileSystem."""
        try:
            return Memory.content[uri]
        except KeyError as e:
            raise NotReadableError(f"Could not read {uri}") from e

    @staticmethod
    def write_str(uri: str, data: str) -> None:
        """See FileSystem."""
        Memory.write_bytes(uri, data.encode())

    @staticmethod
    def write_bytes(uri: str, data: bytes) -> None:
        """See FileSystem."""
        Memory.content[uri] = data

    @staticmethod
    def sync_to_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """See FileSystem."""
        for path in Path(src_dir_uri).iterdir():
            Memory.copy_to(str(path), f"{dest_dir_uri}/{path.name}")

    @staticmethod
    def sync_from_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """See FileSystem."""
        make_dir(dest_dir_uri)
        for uri in Memory.list_paths(src_dir_uri):
            Memory.copy_from(uri, f"{dest_dir_uri}/{uri.rpartition('/')[2]}")

    @staticmethod
    def copy_to(src_path: str, dst_uri: str) -> None:
        """See FileSystem."""
        Memory.content[dst_uri] = Path(src_path).read_bytes()

    @staticmethod
    def copy_from(uri: str, path: str) -> None:
        """See FileSystem."""
        Path(path).write_bytes(Memory.read_bytes(uri))

    @staticmethod
    def local_path(uri: str, download_dir: str) -> str:
        """See FileSystem."""
        return f"{download_dir}/{uri[len('mem://') :]}"

    @staticmethod
    def last_modified(uri: str) -> datetime.datetime:
        """See FileSystem."""
        return datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)

    @staticmethod
    def list_paths(uri: str, ext: str = "") -> list[str]:
        """See FileSystem."""
        return [key for key in Memory.content if key.startswith(uri) and key.endswith(ext)]


class TestPluginFileSystem:
    """A file system of a plugin behind the functions of utils.files."""

    @pytest.mark.parametrize("given", [True, False])
    def test_functions(self, tmp_path: Path, given: bool) -> None:
        """It is found by its URIs, or given as `fs`."""
        Memory.content.clear()
        own = registry.Registry(parent=registry.current())
        fs: Any = {"fs": Memory} if given else {}
        if not given:
            own.add(keys.FILESYSTEM, "MEMORY", Memory, origin="test")
        with registry.use(own):
            self.use(tmp_path, fs)

    def use(self, tmp_path: Path, fs: Any) -> None:
        """Call every function that takes `fs`."""
        uri = "mem://a/x.txt"
        assert not files.file_exists(uri, **fs)
        with pytest.raises(NotReadableError, match="Could not read"):
            files.file_to_str(uri, **fs)
        files.str_to_file("hello", uri, **fs)
        assert "hello" == files.file_to_str(uri, **fs)
        assert files.file_exists(uri, include_dir=False, **fs)
        assert [uri] == files.list_paths("mem://a", ext=".txt", **fs)
        local = files.get_local_path(uri, str(tmp_path), **fs)
        assert f"{tmp_path}/a/x.txt" == local
        assert local == files.download_if_needed(uri, str(tmp_path), **fs)
        assert "hello" == Path(local).read_text()
        assert files.download_or_copy(uri, str(tmp_path / "c"), **fs) == str(tmp_path / "c/x.txt")
        files.upload_or_copy(local, "mem://b/y.txt", **fs)
        files.sync_to_dir(str(tmp_path / "c"), "mem://d", **fs)
        files.sync_from_dir("mem://d", str(tmp_path / "e"), **fs)
        assert "hello" == (tmp_path / "e" / "x.txt").read_text()
        files.save_json_config(ClassItemMsg(id=1, name="a"), "mem://m.json", **fs)
        assert 1 == files.load_json_config("mem://m.json", ClassItemMsg(), **fs).id
        with files.start_sync(str(tmp_path / "c"), "mem://f", 600, **fs):
            pass
        assert {"mem://b/y.txt", "mem://d/x.txt", "mem://f/x.txt"} <= set(Memory.content)


class TestMisc:
    """utils.misc."""

    def test_nones(self) -> None:
        """Each None is replaced, in place, in lists too."""
        value = {"a": None, "b": {"c": [{"d": None, "e": 1}], "f": None}}
        replace_nones_in_dict(value, "x")
        assert {"a": "x", "b": {"c": [{"d": "x", "e": 1}], "f": "x"}} == value

    def test_nested_keys(self) -> None:
        """Keys are found at any depth; what is not found is an error, passed over, or set."""

        def target() -> dict[str, Any]:
            return {"k1": {"k2": {"k3": 3, "k4": 4}, "k5": 5}, "k6": 6}

        value = target()
        set_nested_keys(value, {"k2": {"k3": 30}, "k5": 50, "k6": 60})
        assert {"k1": {"k2": {"k3": 30, "k4": 4}, "k5": 50}, "k6": 60} == value
        with pytest.raises(Exception, match="k9"):
            set_nested_keys(target(), {"k9": 1})
        set_nested_keys(value, {"k9": 1}, ignore_missing_keys=True)
        assert "k9" not in value
        set_nested_keys(value, {"k2": {"k9": 1}, "k8": 8}, set_missing_keys=True)
        assert (1, 8) == (value["k1"]["k2"]["k9"], value["k8"])

    def test_groups(self) -> None:
        """Lists of lists, all of one size but for the last."""
        assert [[1, 2], [3]] == grouped([1, 2, 3], 2)
        assert [[1, 2, 3], [4, 5, 6], [7]] == split_into_groups([1, 2, 3, 4, 5, 6, 7], 3)

    def test_pictures(self, tmp_path: Path) -> None:
        """PNG in memory and in files."""
        for array in (
            np.arange(12, dtype=np.uint8).reshape(3, 4),
            np.arange(36, dtype=np.uint8).reshape(3, 4, 3),
        ):
            np.testing.assert_array_equal(array, png_to_numpy(numpy_to_png(array)))
            save_img(array, str(tmp_path / "a.png"))
            saved = png_to_numpy((tmp_path / "a.png").read_bytes())
            np.testing.assert_array_equal(array, saved)
