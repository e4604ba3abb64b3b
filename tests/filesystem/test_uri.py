"""URIs: joining, names, absolute paths, and what messages show."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.errors import FileSystemError
from rvcli.filesystem import (
    absolute_uri,
    base_name,
    is_local,
    join_uri,
    parent_uri,
    scheme,
    shown,
    to_path,
)
from rvcli.filesystem.uri import place_below


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/a/b", ""),
        ("a:b/c.tif", ""),
        ("c://x", ""),
        ("file:///a", "file"),
        ("S3://b/k", "s3"),
        ("git+ssh://h/x", "git+ssh"),
    ],
)
def test_scheme(uri: str, expected: str) -> None:
    """The scheme is what stands before ://, in lower case; one letter is none."""
    assert expected == scheme(uri)


def test_paths_and_file_uris_are_local() -> None:
    """Paths and file:// are local, all else is not."""
    assert [True, True, False] == [is_local(u) for u in ("a/b", "file:///a", "https://h/a")]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/a b/ü.tif", "/a b/ü.tif"),
        ("file:///a%20b/ü.tif", "/a b/ü.tif"),
        ("FILE://localhost/a#b?c", "/a#b?c"),
        ("rel/x", "rel/x"),
    ],
)
def test_path_of_local_uri(uri: str, expected: str) -> None:
    """file:// is taken off and %20 is decoded; a plain path stays as it is."""
    assert Path(expected) == to_path(uri)


@pytest.mark.parametrize("uri", ["", "s3://b/k", "file://elsewhere/a", "file://a"])
def test_no_path(uri: str) -> None:
    """An empty URI, a remote one and one of another host have no path here."""
    with pytest.raises(FileSystemError):
        to_path(uri)


def test_absolute_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths become absolute, against a base or the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    expected = {
        ("a/../b ü", None): f"{tmp_path}/b ü",
        ("b", "/base"): "/base/b",
        ("b", "file:///base"): "/base/b",
        ("b", "base"): f"{tmp_path}/base/b",
        ("/b/./c/", "/base"): "/b/c",
        ("b", "s3://bucket/dir"): "s3://bucket/dir/b",
        ("~/x", None): "/home/someone/x",
        ("~x", "/base"): "/base/~x",
        ("file:///x%20y", None): "/x y",
        ("s3://bucket/a/../b", "/base"): "s3://bucket/a/../b",
    }
    assert expected == {args: absolute_uri(*args) for args in expected}


def test_absolute_uri_of_nothing() -> None:
    """An empty URI is refused rather than taken for the working directory."""
    with pytest.raises(FileSystemError, match="empty"):
        absolute_uri("")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("/a", "b", "c.tif"), "/a/b/c.tif"),
        (("/a/", "/b/", "c/"), "/a/b/c/"),
        (("/", "b"), "/b"),
        (("s3://bucket", "b", ""), "s3://bucket/b"),
        (("file:///a%20b", "c"), "/a b/c"),
        (("", "b"), "b"),
        (("http://h/a/", "b"), "http://h/a/b"),
    ],
)
def test_join(parts: tuple[str, ...], expected: str) -> None:
    """Parts are joined by single slashes, always below the root."""
    assert expected == join_uri(*parts)


@pytest.mark.parametrize(
    ("uri", "name", "parent"),
    [
        ("/a/b ü.tif", "b ü.tif", "/a"),
        ("file:///a/b%20c", "b c", "/a"),
        ("s3://bucket/dir/k.tif", "k.tif", "s3://bucket/dir"),
        ("s3://bucket/dir/", "dir", "s3://bucket"),
        ("http://h/a%20b.tif?sig=1", "a b.tif", "http://h"),
    ],
)
def test_base_name_and_parent(uri: str, name: str, parent: str) -> None:
    """The last part is the name, what stands before it the parent."""
    assert (name, parent) == (base_name(uri), parent_uri(uri))


def test_parent_of_a_bucket() -> None:
    """A bucket is its own parent."""
    assert parent_uri("s3://bucket") == "s3://bucket"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/a?b@c", "/a?b@c"),
        ("https://user:secret@host/a?key=secret", "https://...@host/a?..."),
        ("https://host/a", "https://host/a"),
        ("s3://bucket/a?b", "s3://bucket/a?b"),
    ],
)
def test_shown_hides_secrets(uri: str, expected: str) -> None:
    """Messages show neither passwords nor signed queries."""
    assert expected == shown(uri)


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=300), max_size=4))
def test_places_stay_below(parts: list[str]) -> None:
    """Whatever a URI contains, its place lies below the directory, with names of bounded length."""
    place = Path(place_below("/down load", "s3", *parts))
    assert place.is_relative_to("/down load/s3")
    assert ".." not in place.parts
    assert all(len(part.encode()) < 255 for part in place.parts)
    assert "\0" not in str(place)


def test_long_names_keep_their_extension_and_differ() -> None:
    """Names too long for a file system stay apart and keep their extension."""
    a, b = place_below("/d", "x" * 300 + "a.tif"), place_below("/d", "y" * 300 + "a.tif")
    assert a != b
    assert a.endswith("a.tif")
