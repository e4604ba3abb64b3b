"""A whole run with everything in S3: imagery, labels, plugin and root."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import pytest
import rasterio

EXPERIMENT = """
import town

import rvcli as rv


class Place(str):
    def __truediv__(self, name):
        return f"{self}/etiketten/{name}"


class Set(rv.ExperimentSet):
    def exp_s3(self, place: str, iterations: int = 5):
        town.image = lambda name: f"{place}/bilder/{name}.tif"
        town.HERE = Place(place)
        of = town.task()
        return town.experiment(
            "fern", f"{place}/Ausgabe ü", task=of, backend=town.backend(of, iterations)
        )
"""

PLUGIN = '''
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
    client.put_object(Bucket=bucket, Key="plugins/unused.py", Body=PLUGIN.encode())
    project.write("fern.py", EXPERIMENT)
    project.add_plugin(f"{s3_root}/plugins/unused.py", alone=True)
    project.env.update({k: v for k, v in os.environ.items() if k.startswith("AWS_")})
    return project, s3_root


def test_a_run_in_s3(far: Any) -> None:
    """Everything is read and written in place; a second run has nothing to do."""
    from rvcli.filesystem import resolve

    project, place = far
    result = project.rv("run", "local", "fern.py", "-a", "place", place)
    assert result.code == 0, result.text
    fs = resolve(place)
    figures = json.loads(fs.read_str(f"{place}/Ausgabe ü/eval/fern/eval.json"))
    assert figures["overall"][-1]["f1"] > 0.6
    with rasterio.open(
        io.BytesIO(fs.read_bytes(f"{place}/Ausgabe ü/predict/fern/Bild West ö.tif"))
    ) as out:
        assert (100, 100, "EPSG:32633") == (out.width, out.height, str(out.crs))

    again = project.rv("run", "local", "fern.py", "-a", "place", place)
    assert "nothing to run: 6 commands up to date" in again.out


def test_changes_in_s3_are_noticed(far: Any) -> None:
    """New labels in the bucket make exactly the commands run that read them."""
    from rvcli.filesystem import resolve

    project, place = far
    words = ("fern.py", "-a", "place", place)
    assert project.rv("run", "inprocess", *words).code == 0
    fs = resolve(place)
    uri = f"{place}/etiketten/Bild West ö.geojson"
    labels = json.loads(fs.read_str(uri))
    labels["features"].pop()
    fs.write_str(uri, json.dumps(labels))
    assert ["fern/EVAL"] == project.to_run(*words)
