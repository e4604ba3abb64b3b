"""A whole run with everything in S3: imagery, labels, plugin and root."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import rasterio


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


@pytest.mark.slow
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


def test_missing_credentials_are_said_once(far: Any) -> None:
    """Not of each input: what was tried, and what to do."""
    project, place = far
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del project.env[name]
    project.env |= {"AWS_EC2_METADATA_DISABLED": "true", "RV_LOAD_PLUGINS": ""}
    words = ("run", "local", "fern.py", "-a", "place", place, "-a", "root", str(project.root))
    result = project.rv(*words)
    assert (1, 1) == (result.code, result.text.count("there are no AWS credentials"))
    assert "tried: the environment" in result.text
    assert "AWS_NO_SIGN_REQUEST" in result.text
