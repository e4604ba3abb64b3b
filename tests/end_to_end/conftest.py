"""Fixtures for tests of whole runs: a small town, its experiments, and `rv` as a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import from_origin
from rasterio.warp import transform_geom

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "plugins_examples"
CRS = "EPSG:32633"
ALL = ["ANALYZE", "CHIP", "TRAIN", "PREDICT", "EVAL", "BUNDLE"]
PLUGIN_FOLDER = "Erweiterungen ß"
PLUGINS = {
    "nearest_mean_backend.py": "nächstes Mittel.py",
    "normalized_difference.py": "Differenz ü.py",
}
# Settings of whoever runs the tests must not reach them.
_FOREIGN = ("RV_", "PLUGINS_", "AWS_", "XDG_", "GDAL_", "RASTERVISION_", "LOG_")


@dataclass(frozen=True)
class Result:
    """What a process of `rv` left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.out + self.err


@dataclass
class Project:
    """A folder with imagery, experiments, plugins and a profile, and `rv` called in it.

    Attributes:
        path: the folder; there are blanks and umlauts in its name.
        home: the HOME of the processes.
        env: further variables of their environment.
    """

    path: Path
    home: Path
    env: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """Where the experiments write unless told otherwise."""
        return self.path / "Ausgabe ü"

    def environment(self) -> dict[str, str]:
        """Return the environment of the processes."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        home = {"HOME": str(self.home), "TMPDIR": str(self.home)}
        # Tests that look at reports ask for them: a second for each run.
        own = {"COLUMNS": "400", "PYTHONDONTWRITEBYTECODE": "1", "RV_REPORT": "false"}
        return {**kept, **home, **own, **self.env}

    def start(self, *words: str, cwd: Path | None = None, **options: Any) -> subprocess.Popen[str]:
        """Start `rv` in a process group of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "rvcli", *words],
            cwd=cwd or self.path,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
            **options,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """End what a failed test has left running."""
        for process in self.started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def rv(self, *words: str, cwd: Path | None = None, timeout_s: float = 120) -> Result:
        """Run `rv` to its end."""
        process = self.start(*words, cwd=cwd)
        out, err = process.communicate(timeout=timeout_s)
        return Result(process.returncode, out, err)

    def plan(self, *words: str) -> dict[str, Any]:
        """Return the plan of `rv run local WORDS --dry-run --json`."""
        result = self.rv("run", "local", *words, "--dry-run", "--json")
        assert result.code == 0, result.text
        plan: dict[str, Any] = json.loads(result.out)
        return plan

    def to_run(self, *words: str) -> list[str]:
        """List the ids of the commands that the plan would run."""
        return [step["id"] for step in self.plan(*words)["steps"] if step["status"] == "run"]

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.path / name
        path.write_text(text, encoding="utf-8")
        return path

    def experiment(self, name: str, *methods: str) -> Path:
        """Write an experiment file whose methods return these expressions.

        Args:
            methods: `name = expression`, in which `town` and `rv` can be used.
        """
        lines = ["import rvcli as rv", "import town", "", "", "class Set(rv.ExperimentSet):"]
        for method in methods:
            function, _, expression = method.partition("=")
            lines += [f"    def exp_{function.strip()}(self):", f"        return {expression}", ""]
        return self.write(name, "\n".join(lines))

    def add_plugin(self, *files: str, alone: bool = False) -> None:
        """Name plugin files in the profile, beside those that are there unless alone."""
        kept = [] if alone else [f"{PLUGIN_FOLDER}/{name}" for name in PLUGINS.values()]
        write_profile(self.path, [*kept, *files])

    def draw(self, name: str, **options: Any) -> None:
        """Draw an image and its labels into the project."""
        draw(self.path / name, **options)

    def children(self, pid: int) -> list[int]:
        """List the processes that a process has started and that still run."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                try:
                    state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                except OSError:
                    continue
                if int(parent) == pid and state != "Z":
                    found.append(int(folder.name))
        return found

    def processes(self) -> list[str]:
        """List the command lines of processes that work for this project."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                try:
                    words = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
                    environ = (folder / "environ").read_bytes()
                except OSError:
                    continue
                if words and f"HOME={self.home}\0".encode() in environ:
                    found.append(words.replace("\0", " "))
        return found


def draw(
    path: Path,
    seed: int = 0,
    size: int = 96,
    left: float = 500_000.0,
    dtype: str = "uint16",
    buildings: int = 6,
    image_crs: str | None = CRS,
    label_crs: str = "EPSG:4326",
) -> None:
    """Draw an image of 3 bands, 0 where there is no data, and the GeoJSON of its buildings.

    Args:
        path: without suffix.
        left: west border, metres.
        image_crs: None for an image without georeferencing; then labels are in pixels.
    """
    random = np.random.default_rng(seed)
    transform = from_origin(left, 5_800_000.0, 1.0, 1.0)
    if image_crs is None:
        transform = rasterio.Affine.identity()
    classes = np.full((size, size), 2, np.uint8)
    rings = []
    for _ in range(buildings):
        y, x = random.integers(6, size - 26, 2)
        height, width = random.integers(10, 20, 2)
        classes[y : y + height, x : x + width] = 1
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y))
        rings.append([transform * (float(cx), float(cy)) for cx, cy in corners])
    means = np.array([[0, 0, 0], [220, 120, 90], [60, 110, 80]])
    pixels = np.clip(means[classes] + random.normal(0, 8, (size, size, 3)), 1, 250)
    pixels[:6, :6] = 0
    if image_crs is None:
        profile = {"driver": "PNG", "dtype": "uint8"}
    else:
        tiles = {"tiled": True, "blockxsize": 32, "blockysize": 32}
        profile = {"driver": "GTiff", "dtype": dtype, "crs": image_crs, "nodata": 0, **tiles}
        profile |= {"transform": transform}
    suffix = ".png" if image_crs is None else ".tif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        image = rasterio.open(
            path.with_name(path.name + suffix), "w", height=size, width=size, count=3, **profile
        )
    with image:
        image.write(np.moveaxis(pixels.astype(profile["dtype"]), -1, 0))
    write_labels(path.with_name(path.name + ".geojson"), rings, image_crs, label_crs)


def write_labels(path: Path, rings: list[Any], crs: str | None, label_crs: str) -> None:
    """Write polygons as GeoJSON, with the CRS named unless it is that of the standard."""
    features = []
    for ring in rings:
        geometry: Any = {"type": "Polygon", "coordinates": [ring]}
        if crs is not None and crs != label_crs:
            geometry = transform_geom(crs, label_crs, geometry)
        properties = {"class_name": "building"}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if label_crs != "EPSG:4326":
        urn = f"urn:ogc:def:crs:{label_crs.replace(':', '::')}"
        collection["crs"] = {"type": "name", "properties": {"name": urn}}
    path.write_text(json.dumps(collection), encoding="utf-8")


def lay_out(folder: Path) -> Project:
    """Make a project in a folder: imagery, experiments, plugins and a profile."""
    path = folder / "Städtchen für rv"
    home = folder / "home"
    shutil.copytree(HERE / "town", path, ignore=shutil.ignore_patterns("__pycache__"))
    home.mkdir()
    draw(path / "Bild Ost ä", seed=1)
    draw(path / "Bild West ö", seed=2, size=100, left=501_000.0)
    (path / PLUGIN_FOLDER).mkdir()
    for name, local in PLUGINS.items():
        shutil.copy(EXAMPLES / name, path / PLUGIN_FOLDER / local)
    project = Project(path, home)
    project.add_plugin()
    return project


def write_profile(folder: Path, files: Sequence[str]) -> None:
    """Write a profile that names plugin files."""
    text = json.dumps(list(files), ensure_ascii=False)
    (folder / "rv.toml").write_text(f"[PLUGINS]\nfiles = {text}\n", encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Give a project in which nothing has run."""
    project = lay_out(tmp_path)
    yield project
    project.end()


@dataclass
class Snapshot:
    """A project that has run, and a copy of it to put it back."""

    project: Project
    copy: Path
    result: Result

    def restore(self) -> Project:
        """Put the project back as it was after its run."""
        shutil.rmtree(self.project.path, ignore_errors=True)
        shutil.copytree(self.copy, self.project.path)
        return Project(self.project.path, self.project.home)


def _snapshot(folder: Path, *words: str) -> Snapshot:
    project = lay_out(folder)
    result = project.rv(*words)
    assert result.code == 0, result.text
    copy = folder / "copy"
    shutil.copytree(project.path, copy)
    return Snapshot(project, copy, result)


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return _snapshot(tmp_path_factory.mktemp("ganz"), "run", "local", "experiment.py")


@pytest.fixture(scope="session")
def _finished_quick(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return _snapshot(tmp_path_factory.mktemp("schnell"), "run", "inprocess", "quick.py")


@pytest.fixture
def finished(_finished: Snapshot) -> Iterator[Project]:
    """Give a project in which `rv run local experiment.py` has run."""
    project = _finished.restore()
    yield project
    project.end()


@pytest.fixture
def first_run(_finished: Snapshot) -> Result:
    """Give what `rv run local experiment.py` said."""
    return _finished.result


@pytest.fixture
def finished_quick(_finished_quick: Snapshot) -> Iterator[Project]:
    """Give a project in which `rv run inprocess quick.py` has run."""
    project = _finished_quick.restore()
    yield project
    project.end()


def outputs(root: Path) -> Mapping[str, Any]:
    """Return what is below a root, by path: pixels, JSON, or bytes; not rv's own files."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_dir() or path.name.startswith("command-") or name == "report.html":
            continue
        if name.startswith(("experiments/", "history/")):
            continue
        if path.suffix == ".tif":
            with rasterio.open(path) as image:
                found[name] = (image.profile.items(), image.read().tobytes())
        elif path.parent.name == "stac":
            # When and with what it was made differs from run to run.
            item = json.loads(path.read_text(encoding="utf-8"))
            found[name] = {key: item[key] for key in ("id", "geometry", "assets")}
        elif path.suffix == ".json":
            found[name] = json.loads(path.read_text(encoding="utf-8"))
        elif path.name == "predict_package.zip":
            found[name] = package_content(path)
        else:
            found[name] = path.read_bytes()
    return found


def package_content(path: Path) -> dict[str, bytes]:
    """Return the files of a predict package, by name, without the message, which has paths."""
    import zipfile

    with zipfile.ZipFile(path) as package:
        names = [name for name in package.namelist() if name != "bundle_config.json"]
        return {name: package.read(name) for name in names}


def wait_for(what: Any, timeout_s: float = 60.0) -> bool:
    """Wait until a function gives something true; return whether it did."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="session")
def tools() -> Any:
    """Give the functions of this file, which tests cannot import."""
    from types import SimpleNamespace

    return SimpleNamespace(draw=draw, lay_out=lay_out, outputs=outputs, wait_for=wait_for)


FAR_EXPERIMENT = """
import town

import rvcli as rv


class Place(str):
    def __truediv__(self, name):
        return f"{self}/etiketten/{name}"


class Set(rv.ExperimentSet):
    def exp_s3(self, place: str, root: str = "", iterations: int = 5):
        town.image = lambda name: f"{place}/bilder/{name}.tif"
        town.HERE = Place(place)
        of = town.task()
        return town.experiment(
            "fern", root or f"{place}/Ausgabe ü", task=of, backend=town.backend(of, iterations)
        )
"""

UNUSED_PLUGIN = '''
from rvcli import keys
from rvcli.config import field
from rvcli.evaluation.evaluator import Evaluator
from rvcli.evaluation.evaluator_config import EvaluatorConfig


class Unused(EvaluatorConfig):
    """Is in the profile, and no command uses it."""

    key = "UNUSED"


def register_plugin(plugin_registry):
    plugin_registry.register_config(Unused)
'''


@pytest.fixture
def far(project: Any, s3_root: str) -> Any:
    """Give a project whose files are in a bucket, and the bucket's URI."""
    from rvcli.filesystem import s3_client

    client, bucket = s3_client.client(), s3_root.removeprefix("s3://")
    for path in project.path.glob("Bild*"):
        folder = "bilder" if path.suffix == ".tif" else "etiketten"
        client.upload_file(str(path), bucket, f"{folder}/{path.name}")
        path.unlink()
    client.put_object(Bucket=bucket, Key="plugins/unused.py", Body=UNUSED_PLUGIN.encode())
    project.write("fern.py", FAR_EXPERIMENT)
    project.add_plugin(f"{s3_root}/plugins/unused.py", alone=True)
    project.env.update({k: v for k, v in os.environ.items() if k.startswith("AWS_")})
    return project, s3_root


BLOCKER = '''
"""Imported by every Python that starts: packages of the extra `local` are as if not installed."""

import sys

ABSENT = {"affine", "joblib", "numpy", "onnx", "onnxruntime", "pyproj", "rasterio", "scipy",
          "shapely", "sklearn", "skl2onnx", "skops", "torch"}


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, Blocker())
'''


@pytest.fixture
def base(project: Any) -> Any:
    """Give a project whose processes lack the packages of the extra `local`."""
    folder = project.home / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BLOCKER)
    project.env = {"PYTHONPATH": str(folder)}
    return project
