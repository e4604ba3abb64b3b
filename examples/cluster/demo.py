"""Run the tiny town on a cluster of its own, and kill a worker on the way.

python examples/cluster/demo.py

Everything is on this machine, and in processes that share nothing: an S3 endpoint that holds
imagery and results, a web server that holds the plugin, a Dask scheduler and three workers. The
worker that trains is killed; another one takes over. At the end the results are held against
those of a run on this machine alone. Needs `pip install 'rvcli[local,dask]' 'moto[server]'`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from services import Services, kill_worker_at

TOWN = Path(__file__).parents[1] / "tiny_town"
BUCKET = "town"
WORKERS = 3
KILLED_AT = "train"
RESULTS = (
    "predict/tiny-town/east.tif",
    "eval/tiny-town/eval.json",
    "eval/tiny-town/areas.json",
)

PROFILE = """
[PLUGINS]
files = ["{web}/area_evaluator.py"]

[DASK]
scheduler = "{scheduler}"

# The demonstration shall not wait for the claim of the killed worker to expire.
[RV]
lease_timeout_s = 5.0
"""


def main() -> int:
    """Run the demonstration; return 0 if the results are equal."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {text}", flush=True)

    with tempfile.TemporaryDirectory(prefix="rv-demo-") as name:
        directory = Path(name)
        here = copy_town(directory / "here")
        say("on this machine alone")
        rv(here, "local", {})
        with Services(directory / "services") as services:
            return demonstrate(services, here, copy_town(directory / "there"), say)


def demonstrate(services: Services, here: Path, there: Path, say: Any) -> int:
    """Run the experiment on the cluster and compare; return 0 if the results are equal."""
    environment = services.storage()
    say(f"S3 endpoint: {environment['AWS_ENDPOINT_URL']}")
    client = s3_client(environment)
    client.create_bucket(Bucket=BUCKET)
    for path in sorted((here / "data").iterdir()):
        client.upload_file(str(path), BUCKET, f"data/{path.name}")
    web = services.web(here / "plugins")
    say(f"plugin: {web}/area_evaluator.py")
    scheduler = services.dask(WORKERS, environment)
    say(f"Dask: {scheduler}, {WORKERS} workers")

    # Nothing but the experiment file and a profile; no plugin, no imagery.
    shutil.rmtree(there / "plugins")
    (there / "rv.toml").write_text(PROFILE.format(web=web, scheduler=scheduler))
    killer = threading.Thread(target=kill, args=(services, say), daemon=True)
    killer.start()
    arguments = ["-a", "root_uri", f"s3://{BUCKET}/out", "-a", "data_dir", f"s3://{BUCKET}/data"]
    rv(there, "dask", environment, *arguments)
    killer.join(1)
    if killer.is_alive():
        say("no worker was killed: the command was over too soon")
        return 1
    return compare(here, client, say)


def kill(services: Services, say: Any) -> None:
    """Kill the worker that trains, in the middle of it."""
    while True:
        time.sleep(0.05)
        victim = kill_worker_at(services, KILLED_AT)
        if victim is not None:
            say(f"killed {victim}")
            return


def compare(here: Path, client: Any, say: Any) -> int:
    """Hold the results in the bucket against those on this machine."""
    different = 0
    for name in RESULTS:
        there = client.get_object(Bucket=BUCKET, Key=f"out/{name}")["Body"].read()
        same = content(here / "out" / name) == content_of(name, there)
        different += not same
        say(f"{name}: {'equal' if same else 'DIFFERENT'}")
    return min(different, 1)


def content(path: Path) -> Any:
    """Return what a result says, without what differs between two equal results."""
    return content_of(path.name, path.read_bytes())


def content_of(name: str, data: bytes) -> Any:
    """Return pixels and georeference of an image, or the values of a JSON file."""
    if name.endswith(".json"):
        return json.loads(data)
    import rasterio

    with rasterio.MemoryFile(data) as file, file.open() as image:
        return image.read().tobytes(), image.shape, image.crs, image.transform


def copy_town(directory: Path) -> Path:
    """Copy the example without what it has made."""
    shutil.copytree(TOWN, directory, ignore=shutil.ignore_patterns("data", "out", "__pycache__"))
    return directory


def rv(directory: Path, runner: str, environment: dict[str, str], *words: str) -> None:
    """Run the experiment of a directory as a person would; what it prints is indented."""
    argv = [sys.executable, "-u", "-m", "rvcli", "run", runner, "experiment.py", *words]
    process = subprocess.Popen(
        argv,
        cwd=directory,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        print(f"    {line}", end="", flush=True)
    if process.wait() != 0:
        raise SystemExit(f"rv run {runner} ended with {process.returncode}")


def s3_client(environment: dict[str, str]) -> Any:
    """Return a client of the S3 endpoint."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


if __name__ == "__main__":
    sys.exit(main())
