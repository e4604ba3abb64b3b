"""`rv lineage` on a small experiment that has run."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvcli.cli.main import call as main
from rvcli.cli.render.lineage import MOST_FILES, lines_of
from rvcli.errors import DataError
from rvcli.lineage import Finder, Input, Lineage, Maker, trace
from rvcli.lineage.content import AS_RECORDED, CHANGED, MISSING, NOT_CHECKED, UNKNOWN, State
from rvcli.lineage.states import Checker
from rvcli.records import is_own_name, read_record, record_uri
from rvcli.records.record import Record


def titles(lineage: Lineage) -> list[str]:
    """Name all makers."""
    return sorted(maker.title for maker in lineage.makers.values())


def inputs_of(lineage: Lineage, title: str) -> dict[str, Input]:
    """Return what a command read, by the name of the file."""
    maker = next(m for m in lineage.makers.values() if m.title == title)
    return {item.uri.rpartition("/")[2]: item for item in maker.inputs}


def change_record(path: Path, **changes: Any) -> None:
    """Write a record anew with other parts."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


ALL = ["e/ANALYZE", "e/CHIP/0", "e/CHIP/1", "e/TRAIN"]


@pytest.mark.parametrize(
    ("name", "made_by", "all_makers"),
    [
        ("root/predict/e/b.tif", ["e/PREDICT"], [*ALL, "e/PREDICT"]),
        ("root/eval/e/eval.json", ["e/EVAL"], [*ALL, "e/EVAL", "e/PREDICT"]),
        ("root/bundle/e/predict_package.zip", ["e/BUNDLE"], [*ALL, "e/BUNDLE"]),
        ("root/train/e/model.zip", ["e/TRAIN"], ALL),
        ("root/analyze/e/stats.json", ["e/ANALYZE"], ["e/ANALYZE"]),
        ("root/chip/e/train/a.npz", ["e/CHIP/0"], ["e/ANALYZE", "e/CHIP/0"]),
        ("root/chip/e/train", ["e/CHIP/0", "e/CHIP/1"], ["e/ANALYZE", "e/CHIP/0", "e/CHIP/1"]),
        ("root/chip/e", ["e/CHIP/0", "e/CHIP/1"], ["e/ANALYZE", "e/CHIP/0", "e/CHIP/1"]),
        ("own/predicted.tif", ["rv predict"], [*ALL, "e/BUNDLE", "rv predict"]),
    ],
)
def test_each_artifact_has_a_lineage(
    finished: Path, name: str, made_by: list[str], all_makers: list[str]
) -> None:
    """The chain reaches from what was made to what came from outside, all as it was."""
    lineage = trace(str(finished / name), Finder())
    assert (AS_RECORDED, "") == (lineage.state.status, lineage.note)
    assert made_by == [lineage.makers[key].title for key in lineage.made_by]
    assert sorted(all_makers) == titles(lineage)
    items = [item for maker in lineage.makers.values() for item in maker.inputs]
    assert {(AS_RECORDED, True)} == {(item.state.status, item.same_run) for item in items}
    outside = {item.uri.rpartition("/")[2] for item in items if not item.made_by}
    assert outside <= {"a.tif", "b.tif", "labels.tif"}
    assert {item.run for item in items if item.made_by} <= {"of the same run"}


def test_every_file_of_a_run_is_accounted_for(finished: Path) -> None:
    """Nothing lies below a root that no command is known to have made, debug images included."""
    files = [path for path in (finished / "root").rglob("*") if path.is_file()]
    others = [p for p in files if p.parent.name not in ("experiments", "history")]
    assert len(others) > 20
    for path in others:
        assert trace(str(path), Finder(), checker=Checker(False)).made_by, path


def test_records_name_what_took_part(finished: Path) -> None:
    """The record of every command names versions, and inputs with what made them."""
    for path in (finished / "root").glob("*/*/command-record-*.json"):
        record = read_record(str(path)).record
        assert record is not None
        assert {"rvcli", "python", "numpy", "rasterio", "gdal"} <= set(record.versions), path
        assert record.draft["inputs"]
        assert all(":" in item["identity"] or "by" in item for item in record.draft["inputs"])
        assert all(":" in output.identity for output in record.outputs)
    trained = read_record(record_uri(str(finished / "root/train/e"), 0)).record
    assert trained is not None
    assert "sklearn" in trained.versions


def test_what_changed_is_said(copied: Path, finished: Path) -> None:
    """A file that was changed, one that is missing, and one that was made anew are told apart."""
    root = copied / "root"
    # The copy is made the original: records speak of where they were written.
    for path in root.glob("*/*/command-*.json"):
        path.write_text(path.read_text().replace(str(finished), str(copied)))
    with (copied / "b.tif").open("ab") as file:
        file.write(b"x")
    (root / "analyze/e/stats.json").unlink()
    model = root / "train/e/command-record-0.json"
    outputs = json.loads(model.read_text())["outputs"]
    outputs[0]["identity"] = "sha256:0"
    change_record(model, outputs=outputs)
    lineage = trace(str(root / "predict/e/b.tif"), Finder())
    read = inputs_of(lineage, "e/PREDICT")
    assert CHANGED == read["b.tif"].state.status
    assert MISSING == read["stats.json"].state.status
    assert ("e/TRAIN has run again since, and made it anew", False) == (
        read["model.zip"].run,
        read["model.zip"].same_run,
    )
    change_record(model, fingerprint="other")
    read = inputs_of(trace(str(root / "predict/e/b.tif"), Finder()), "e/PREDICT")
    assert "e/TRAIN has run by another plan since" in read["model.zip"].run
    model.unlink()
    read = inputs_of(trace(str(root / "predict/e/b.tif"), Finder()), "e/PREDICT")
    assert ("the record of e/TRAIN is gone", ()) == (
        read["model.zip"].run,
        read["model.zip"].made_by,
    )
    with pytest.raises(DataError, match="was made by e/TRAIN, whose record is gone"):
        trace(str(root / "train/e/model.zip"), Finder())


def test_a_root_may_be_moved(copied: Path, finished: Path, tmp_path: Path) -> None:
    """Of a copy at another place the records are found, by their content, and the files."""
    away = finished.with_name("away")
    finished.rename(away)
    try:
        lineage = trace(str(copied / "root/eval/e/eval.json"), Finder())
    finally:
        away.rename(finished)
    assert "a copy: it was written to" in lineage.note
    assert sorted([*ALL, "e/EVAL", "e/PREDICT"]) == titles(lineage)
    states = {item.state for maker in lineage.makers.values() for item in maker.inputs}
    assert {State(AS_RECORDED, "moved with its record")} == states


def test_a_root_can_be_named(finished: Path, tmp_path: Path) -> None:
    """What lies elsewhere is found by the records below a root; what it read, too."""
    outside = str(finished / "labels.tif")
    with pytest.raises(DataError, match="no record tells what made"):
        trace(outside, Finder())
    with pytest.raises(DataError, match="comes from outside") as caught:
        trace(outside, Finder([str(finished / "root")]))
    assert "it was read by e/CHIP/0, e/CHIP/1, e/EVAL" == caught.value.hint
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(finished / "root/train", elsewhere / "root/train")
    record = elsewhere / "root/train/e/command-record-0.json"
    place = tmp_path / "models" / "m.zip"
    place.parent.mkdir()
    place.write_bytes((finished / "root/train/e/model.zip").read_bytes())
    outputs = json.loads(record.read_text())["outputs"]
    change_record(record, outputs=[{**outputs[0], "uri": str(place)}])
    lineage = trace(str(place), Finder([str(elsewhere / "root")]))
    assert (AS_RECORDED, ["e/TRAIN"]) == (
        lineage.state.status,
        [lineage.makers[key].title for key in lineage.made_by],
    )


def test_depth_bounds_the_search(finished: Path) -> None:
    """One level is what the artifact was made from, and what made that by name."""
    lineage = trace(str(finished / "root/eval/e/eval.json"), Finder(), depth=1)
    assert ["e/EVAL", "e/PREDICT"] == titles(lineage)
    predict = next(m for m in lineage.makers.values() if m.title == "e/PREDICT")
    assert (False, ()) == (predict.followed, predict.inputs)
    assert any("--depth says so" in line for line in lines_of(lineage, everything=False))


def test_a_package_speaks_for_itself(finished: Path, tmp_path: Path) -> None:
    """Away from its record a package tells by its STAC item what its model was trained on."""
    package = tmp_path / "given.zip"
    package.write_bytes((finished / "root/bundle/e/predict_package.zip").read_bytes())
    lineage = trace(str(package), Finder())
    assert ["e/TRAIN and BUNDLE"] == titles(lineage)
    assert {"a.tif", "b.tif", "labels.tif"} == set(inputs_of(lineage, "e/TRAIN and BUNDLE"))
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a.txt", "a")
    with pytest.raises(DataError, match="no record tells"):
        trace(str(tmp_path / "other.zip"), Finder())


def test_items_lead_to_what_they_describe(finished: Path) -> None:
    """The STAC item of predictions has their lineage, with and without a record."""
    for name, title in (
        ("root/predict/e/stac/b.tif.json", "e/PREDICT"),
        ("own/stac/predicted.tif.json", "rv predict"),
    ):
        lineage = trace(str(finished / name), Finder(), depth=1)
        assert "it is the STAC item of predictions" == lineage.note
        assert [title] == [lineage.makers[key].title for key in lineage.made_by]


def test_predictions_of_a_package_are_compared(copied: Path) -> None:
    """What was written over, after `rv predict` made it, has changed."""
    path = copied / "own/predicted.tif"
    path.write_bytes(b"something else")
    lineage = trace(str(path), Finder(), depth=1)
    assert CHANGED == lineage.state.status


def test_the_items_are_valid(
    finished: Path, validate_item: Callable[[dict[str, Any]], None]
) -> None:
    """Those of predictions and that of the model follow their schemas."""
    for name in ("root/predict/e/stac/b.tif.json", "own/stac/predicted.tif.json"):
        validate_item(json.loads((finished / name).read_text()))
    with zipfile.ZipFile(finished / "root/bundle/e/predict_package.zip") as package:
        item = json.loads(package.read("stac-mlm.json"))
    validate_item(item)
    properties = item["properties"]
    assert item["bbox"] == pytest.approx([15.0, 36.1442, 15.0005, 36.1447], abs=1e-4)
    assert ("e", "scikit-learn", 2, 3) == tuple(
        properties[n]
        for n in ("rv:experiment", "mlm:framework", "rv:training_scenes", "rv:training_files")
    )
    assert ["a.tif", "b.tif", "labels.tif"] == [d["name"] for d in properties["rv:training_data"]]
    assert [-1, 3, 24, 24] == properties["mlm:input"][0]["input"]["shape"]
    assert 3 == len(properties["mlm:input"][0]["value_scaling"])
    assert (5, False) == (
        properties["mlm:hyperparameters"]["iterations"],
        properties["mlm:pretrained"],
    )


def test_items_change_no_plan(finished: Path) -> None:
    """An item is no output: neither record nor plan knows of it."""
    record: Record | None = read_record(record_uri(str(finished / "root/predict/e"), 0)).record
    assert record is not None
    assert [str(finished / "root/predict/e/b.tif")] == [output.uri for output in record.outputs]
    assert not is_own_name("b.tif.json")


def test_many_inputs_are_bounded() -> None:
    """Ten of many files are printed, what is wrong first; JSON has them all."""
    state = State(AS_RECORDED)
    items = [Input(f"/x/{i}.tif", f"sha256:{i:064}", state) for i in range(42)]
    items.append(Input("/x/bad.tif", "sha256:1", State(CHANGED)))
    maker = Maker("/r/command-record-0.json", "e/CHIP", inputs=tuple(items))
    lineage = Lineage("/r/a.npz", state, (maker.key,), {maker.key: maker})
    lines = lines_of(lineage, everything=False)
    assert "from /x/bad.tif (sha256:1): changed" in lines[2]
    assert "from 42 files: as recorded" in lines[3]
    assert f"and {42 - MOST_FILES} more" == lines[-1].strip()
    assert 43 == len(lineage.to_dict()["makers"][0]["inputs"])
    assert 42 + 4 == len(lines_of(lineage, everything=True))


def test_the_command(
    finished: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It prints a tree in which nothing is said twice, or JSON; mistakes have a hint."""
    monkeypatch.chdir(finished)
    assert 0 == main(["lineage", "root/predict/e/b.tif"])
    text = capsys.readouterr().out
    assert text.startswith("root/predict/e/b.tif: as recorded\n└─ made by e/PREDICT, 20")
    assert 1 == text.count("made by e/ANALYZE, 20")
    assert "made by e/ANALYZE, shown above" in text
    assert 0 == main(["lineage", "root/predict/e/b.tif", "--json", "--no-check"])
    content = json.loads(capsys.readouterr().out)
    assert (1, NOT_CHECKED) == (content["schema"], content["status"])
    assert sorted([*ALL, "e/PREDICT"]) == sorted(m["title"] for m in content["makers"])
    assert 1 == main(["lineage", "nothing.tif"])
    assert "--root" in capsys.readouterr().err
    assert 1 == main(["lineage", "root"])
    error = capsys.readouterr().err
    assert "is the root of experiments" in error
    assert "stats.json" in error


def test_a_root_in_s3(finished: Path, s3_root: str) -> None:
    """Records and files in S3 are found and compared as on a disk; a copy has moved there."""
    from rvcli.utils.files import upload_or_copy

    for path in (finished / "root").rglob("*"):
        if path.is_file():
            upload_or_copy(str(path), f"{s3_root}/root/{path.relative_to(finished / 'root')}")
    for command in ("predict", "train", "chip", "analyze"):
        for number in range(2 if command == "chip" else 1):
            uri = record_uri(f"{s3_root}/root/{command}/e", number)
            record = read_record(uri).record
            assert record is not None
            text = json.dumps(record.to_dict()).replace(str(finished / "root"), f"{s3_root}/root")
            upload = finished / "tmp" / "record.json"
            upload.write_text(text)
            upload_or_copy(str(upload), uri)
    lineage = trace(f"{s3_root}/root/predict/e/b.tif", Finder())
    assert sorted([*ALL, "e/PREDICT"]) == titles(lineage)
    # Written with digests of a disk, where S3 tells ETags.
    assert UNKNOWN == lineage.state.status
    with pytest.raises(DataError, match="there is nothing at s3://"):
        trace(f"{s3_root}/none.tif", Finder())
