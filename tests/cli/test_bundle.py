"""`rv bundle check`: what a package is, and whether it works here."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins_examples"
PLUGIN = f"PLUGINS.files={PLUGINS / 'nearest_mean_backend.py'}"


def rewrite(path: Path, without: str = "-", **changed: bytes) -> None:
    """Leave members of a package out whose name holds a text, and change others by their stem."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist() if without not in name}
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, changed.get(Path(name).stem, content))


def test_a_package_passes_its_test(project, package):
    """What it is and was trained on is told, and the result, also as JSON."""
    result = project.rv("bundle", "check", str(package))

    assert 0 == result.code, result.err
    for words in ("SEMANTIC_SEGMENTATION", "NEAREST_MEAN", "1 left, 2 right", "by rv 0"):
        assert words in result.out
    for name, value in {"bands": "2", "dtype": "uint8", "CRS": "EPSG:32633"}.items():
        assert f"{name.ljust(10)}  {value}\n" in result.out
    assert "nearest_mean_backend.py" in result.out
    assert "resolution  1 metre" in result.out
    assert (
        "self-test: passed: 100.00% of 64 x 64 pixels equal, largest difference 0\n" in result.out
    )
    content = project.rv("bundle", "check", str(package), "--json").json
    assert ("passed", True, 1.0) == (content["result"], content["ok"], content["numbers"]["share"])
    assert (0, "", "") == project.rv("bundle", "check", str(package), "-q")


def test_a_package_that_predicts_something_else_fails(project, package):
    """How much differs is told, and whether another version may be why."""
    project.write_image("other.tif", package_image(package)[:, :, ::-1].copy())
    content = (project.root / "other.tif").read_bytes()
    with zipfile.ZipFile(package) as file:
        facts = file.read("self_test/self_test.json").replace(b'"rasterio": "', b'"rasterio": "0.')
    rewrite(package, image=content, self_test=facts)

    result = project.rv("bundle", "check", str(package))

    assert 1 == result.code
    assert "self-test: failed: 0.00% of 64 x 64 pixels equal" in result.out
    assert "another version: rasterio 0." in result.out


def package_image(path):
    """Return the bands of the image in a package."""
    import rasterio

    with rasterio.open(f"zip://{path}!self_test/image.tif") as dataset:
        return dataset.read()


def test_a_package_that_was_changed_fails(project, package):
    """A file that is not what was packed is named, even where the model can be read."""
    with zipfile.ZipFile(package) as file:
        contents = {Path(name).stem: file.read(name) for name in file.namelist()}
    changed = ("stac-mlm", "means")
    rewrite(package, **{name: contents[name] + b"\n" for name in changed})

    result = project.rv("bundle", "check", str(package))

    assert 1 == result.code
    for name in changed:
        assert re.search(rf"{name}[.\w]* is not what was packed", result.out)


def test_an_older_package_has_no_test(project, package):
    """What is known is told, and that there is none; only --strict takes it ill."""
    rewrite(package, without="self_test")

    result = project.rv("bundle", "check", str(package))

    assert 0 == result.code, result.err
    assert "by an older rv" in result.out
    assert "self-test: absent: made by a release that made none" in result.out
    assert 1 == project.rv("bundle", "check", str(package), "--strict").code


def test_what_cannot_be_a_package_is_refused(project, package):
    """Half a file, another file, and a package whose plugin is missing or another."""
    project.write("half.zip", "")
    (project.root / "half.zip").write_bytes(package.read_bytes()[:300])
    for name in ("half.zip", "missing.zip"):
        result = project.rv("bundle", "check", name)
        assert (1, True) == (result.code, name in result.err)
        assert "unexpected" not in result.err
    rewrite(package, nearest_mean_backend=b"print('harm')")
    result = project.rv("bundle", "check", str(package))
    assert (4, "") == (result.code, result.out)


def test_a_self_test_that_is_not_as_one_is_written_is_an_error(project, package):
    """Of what is in a file nothing is believed: neither names outside its folder nor kinds."""
    with zipfile.ZipFile(package) as file:
        content = json.loads(file.read("self_test/self_test.json"))
    test = content["test"]
    for change, words in {
        "training": ({"training": 5}, "training is no JSON object"),
        "outside": ({"test": {**test, "images": ["../x.tif"]}}, "'../x.tif' is no name of a file"),
        "to": ({"test": {**test, "expected": "../x.tif"}}, "'../x.tif' is no name of a file"),
        "without": ({"test": {**test, "expected": "gone.tif"}}, "what is expected cannot be read"),
        "newer": ({"schema": 9}, "self-test: absent: its self-test is that of another release"),
    }.values():
        rewrite(package, self_test=json.dumps({**content, **change}).encode())
        result = project.rv("bundle", "check", str(package))
        assert words in result.out + result.err
        assert "unexpected" not in result.err
        assert ("absent" in words) == (result.code == 0)


def bundle(project, *options):
    """Make the package anew."""
    path = project.root / "out/bundle/halves/predict_package.zip"
    words = ["run", "inprocess", "exp.py", "bundle", "--rerun", *options, "--set", PLUGIN]
    result = project.rv(*words)
    assert 0 == result.code, result.err
    return path


def test_packages_are_the_same_each_time(project, package):
    """Equal models give equal bytes, self-test and all, also when they were trained anew."""
    before = package.read_bytes()
    assert before == bundle(project).read_bytes()
    assert before == bundle(project, "train").read_bytes()


def test_imagery_may_be_gone_when_a_package_is_made(project, package):
    """It is no input of the command: then there is no self-test, which is said."""
    (project.root / "image.tif").unlink()

    made = bundle(project)

    check = project.rv("bundle", "check", str(made))
    assert (0, True) == (check.code, "absent: none could be made" in check.out)
    assert "image.tif" in check.out
    assert str(project.root / "image.tif") not in check.out


def test_imagery_may_have_to_stay(project, package):
    """Where the profile says so it is synthetic, or there is none."""
    made = bundle(project, "--set", "RV.self_test=synthetic")
    shutil.move(made, "drawn.zip")
    check = project.rv("bundle", "check", "drawn.zip")
    assert (0, True) == (check.code, "(synthetic)" in check.out)
    assert "passed" in check.out

    made = bundle(project, "--set", "RV.self_test=none")
    with zipfile.ZipFile(made) as file:
        assert not [n for n in file.namelist() if n.endswith(".tif")]
    assert "RV.self_test is none" in project.rv("bundle", "check", str(made)).out


def test_a_backend_that_cannot_predict_here_makes_a_package(project, package, backend):
    """Without a self-test, and with a warning that says why."""
    text = backend.read_text(encoding="utf-8")
    broken = text.replace(
        "    def load_model(",
        "    def load_model(self, *a): raise ImportError('no tensorflow')\n\n    def _load(",
    )
    assert text != broken
    plugin = project.write(backend.name, broken)
    made = project.root / "out/bundle/halves/predict_package.zip"
    words = ["run", "inprocess", "exp.py", "--set", f"PLUGINS.files={plugin}"]

    result = project.rv(*words, "chip", "train", "bundle")

    assert 0 == result.code, result.err
    assert made.is_file()
    check = project.rv("bundle", "check", str(made))
    assert "none could be made: ImportError: no tensorflow" in check.out


@pytest.mark.parametrize("words", [("run", "inprocess", "exp.py", "bundle", "-n")])
def test_bundle_is_a_command_of_runs_as_well(project, package, words):
    """The group takes nothing from it."""
    result = project.rv(*words, "--set", PLUGIN)
    assert (0, True) == (result.code, "BUNDLE" in result.out)
