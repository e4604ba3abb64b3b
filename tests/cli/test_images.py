"""Images that a command line names, and where their predictions go."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvcli.cli.images import expand, is_folder, outputs_for
from rvcli.errors import DataError, UsageError
from rvcli.filesystem import resolve


def test_patterns_name_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each image once, in order; a file that is called like a pattern is that file."""
    monkeypatch.chdir(tmp_path)
    Path("deep/er").mkdir(parents=True)
    for name in ("b.tif", "a.tif", "c[1].tif", "deep/er/d.tif", "e.txt"):
        Path(name).touch()
    assert ["a.tif", "b.tif"] == expand(["a.tif", "[ab].tif"])
    assert ["c[1].tif"] == expand(["c[1].tif"])
    assert ["deep/er/d.tif"] == expand(["deep/**/*.tif"])
    for word in ("x,*.tif", '["a*.tif"]', "https://a.b/c.tif?d=*", "missing.tif"):
        assert [word] == expand([word])
    with pytest.raises(DataError, match=r"no image matches 'z\*\.tif'"):
        expand(["z*.tif"])


def test_each_image_has_its_output() -> None:
    """In a directory under its own name, or as a pattern says."""
    images = ["a/x.tif", "s3://b/c/y.jp2", "p/q.tif,r.tif"]
    assert ["out/x.json", "out/y.json", "out/q.json"] == outputs_for(images, "out/", ".json")
    assert ["a-x.gpkg", "c-y.gpkg", "p-q.gpkg"] == outputs_for(images, "{parent}-{name}.gpkg", "")
    with pytest.raises(UsageError, match=r"there are 3 images, and OUTPUT is one file, o\.tif"):
        outputs_for(images, "o.tif", ".tif")
    with pytest.raises(UsageError, match=r"predictions in o/x\.tif"):
        outputs_for(["a/x.tif", "b/x.tif"], "o", ".tif")


def test_directories_and_patterns_take_many(tmp_path: Path) -> None:
    """A directory is there, or ends with a slash."""
    assert [True, True, True, False] == [
        is_folder(name) for name in (str(tmp_path), "new/", "{name}.tif", "new")
    ]


def test_patterns_of_buckets(s3_root: str) -> None:
    """A star stays within a directory, two of them do not."""
    for name in ("a.tif", "b.txt", "deep/c.tif", "deep/er/d.tif"):
        resolve(s3_root, "w").write_str(f"{s3_root}/in/{name}", "")
    assert [f"{s3_root}/in/a.tif"] == expand([f"{s3_root}/in/*.tif"])
    assert [f"{s3_root}/in/deep/c.tif"] == expand([f"{s3_root}/in/*/[a-c].tif"])
    assert 3 == len(expand([f"{s3_root}/in/**/*.tif"]))
