"""A whole experiment on AWS Batch, with everything in S3 and plugins of this machine."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import Any

EXPERIMENT = """
import town

import rvcli as rv


class Place(str):
    def __truediv__(self, name):
        return f"{self}/etiketten/{name}"


class Set(rv.ExperimentSet):
    def exp_far(self, place: str):
        town.image = lambda name: f"{place}/bilder/{name}.tif"
        town.HERE = Place(place)
        of = town.task()
        root = f"{place}/Ausgabe ü"
        west = [town.scene(town.WEST), town.scene(town.WEST, "noch einmal")]
        quick = town.quick_backend(of)
        return town.experiment("fern ü", root, task=of, backend=quick, validation=west)
"""


def lay_out(project: Any, batch: SimpleNamespace) -> str:
    """Put the project's imagery into a bucket and choose queues by variables; give the place."""
    from rvcli.filesystem import s3_client

    client, bucket = s3_client.client(), batch.root.removeprefix("s3://")
    for path in project.path.glob("Bild*"):
        folder = "bilder" if path.suffix == ".tif" else "etiketten"
        client.upload_file(str(path), bucket, f"{folder}/{path.name}")
        path.unlink()
    project.write("fern.py", EXPERIMENT)
    project.env.update({k: v for k, v in os.environ.items() if k.startswith("AWS_")})
    project.env.update({k.replace(".", "_").upper(): v for k, v in batch.settings.items()})
    return str(batch.root)


def test_an_experiment_on_aws_batch(base: Any, batch: SimpleNamespace) -> None:
    """A base install submits it; splits are arrays, the plugin travels, a second run is empty."""
    from rvcli.filesystem import resolve

    place = lay_out(base, batch)
    words = ("run", "aws_batch", "fern.py", "-a", "place", place, "--splits", "2")
    result = base.rv(*words)
    assert 0 == result.code, result.text
    root = f"{place}/Ausgabe ü"
    figures = json.loads(resolve(place).read_str(f"{root}/eval/fern ü/eval.json"))
    assert figures["overall"][-1]["f1"] > 0.5
    sizes = [r["arrayProperties"]["size"] for r in batch.server.requests if "arrayProperties" in r]
    assert [2] == sizes[:1]

    again = base.rv(*words)
    assert "nothing to run" in again.out

    listed = json.loads(base.rv("jobs", "list", root, "--json").out)
    assert [("aws_batch", True)] == [(r["runner"], r["commands"] == r["done"]) for r in listed]
    assert 0 == base.rv("jobs", "follow", root).code
