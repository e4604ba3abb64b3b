"""What the Dask runner costs beside plain Dask, and a thousand chip commands on it.

    python benchmarks/dask_runner.py overhead [--commands 40] [--workers 2] [--rounds 3]
    python benchmarks/dask_runner.py chips [--commands 1000] [--workers 2]

Both start a scheduler and workers as processes of their own. `overhead` compares runs of
do-nothing commands with plain Dask tasks that start the same processes (aim: at most 1.3
times). `chips` plans, submits and runs CHIP commands of one scene each; it prints the time of
each phase, and the memory of the scheduler and of this process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

AIM = 1.3

PLUGIN = '''
from rvcli.command.aux_command import AuxCommand, AuxCommandOptions

class Nothing(AuxCommand):
    """Does nothing."""
    command_type = "NOTHING"
    command_options = AuxCommandOptions(outputs=lambda config: config["writes"])
    def run(self):
        for path in self.command_config["writes"]:
            open(path, "w").close()

def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("NOTHING", Nothing)
'''


def run_process(message_uri: str) -> int:
    """Run a command as a plain Dask task would."""
    argv = [sys.executable, "-m", "rvcli", "run-command", message_uri]
    return subprocess.run(argv, capture_output=True, check=True).returncode


@contextmanager
def cluster(directory: Path, workers: int) -> Iterator[Any]:
    """Start a scheduler and workers of one thread each."""
    from rvcli.testing import DaskProcesses

    environment = {"RV_CACHE_DIR": str(directory / "cache-of-workers")}
    with DaskProcesses(directory / "dask", environment=environment) as processes:
        for _ in range(workers):
            processes.add_worker()
        yield processes


@contextmanager
def session(directory: Path, address: str, plugins: Sequence[str] = ()) -> Iterator[None]:
    """Put settings and plugins in force."""
    from rvcli import profile, registry
    from rvcli.plugins import FILE, PluginSpec, load_plugins

    overrides = [f"RV.cache_dir={directory / 'cache'}", f"DASK.scheduler={address}"]
    overrides.append("DASK.shared_files=true")
    own = registry.Registry(registry.default())
    with profile.use(profile.load_settings(overrides=overrides)), registry.use(own):
        load_plugins([PluginSpec(FILE, path) for path in plugins], own, strict=True)
        yield


def plan_nothing(root: Path, count: int) -> Any:
    """Plan do-nothing commands."""
    import rvcli as rv
    from rvcli.dag import derive, plan
    from rvcli.records import RecordStore
    from rvcli.runner.experiment_runner import pins_of

    configs = [
        rv.CommandConfig.builder("NOTHING")
        .with_root_uri(str(root / str(i)))
        .with_config(writes=[str(root / f"{i}.txt")])
        .build()
        for i in range(count)
    ]
    return plan(derive([], configs), RecordStore(), pins=pins_of)


def overhead(commands: int, workers: int, rounds: int) -> None:
    """Compare runs with plain Dask tasks, in turns."""
    from distributed import Client

    from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
    from rvcli.runner.messages import stamp_and_write

    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        (directory / "nothing.py").write_text(PLUGIN)
        plugins = [str(directory / "nothing.py")]
        ours, plain = [], []
        with cluster(directory, workers) as processes, session(
            directory, processes.address, plugins
        ):  # fmt: skip
            for number in range(-1, rounds):
                made = plan_nothing(directory / f"plain-{number}", commands)
                uris = [stamp_and_write(step) for step in made.to_run]
                with Client(processes.address, set_as_default=False) as client:
                    started = time.perf_counter()
                    client.gather(client.map(run_process, uris))
                    plain_s = time.perf_counter() - started
                made = plan_nothing(directory / f"rv-{number}", commands)
                started = time.perf_counter()
                outcome = ExperimentRunner.get_runner("dask").run_plan(made, RunOptions())
                ours_s = time.perf_counter() - started
                assert outcome.ok
                if number >= 0:  # The first one fills caches.
                    plain.append(plain_s)
                    ours.append(ours_s)
    ratios = [x / y for x, y in zip(ours, plain, strict=True)]
    print(f"{commands} commands, {workers} workers, {rounds} rounds; medians")
    print(f"plain Dask tasks  {statistics.median(plain):7.2f} s")
    print(f"rv run dask       {statistics.median(ours):7.2f} s")
    print(f"ratio             {statistics.median(ratios):7.3f}    (aim {AIM})")


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Memory:
    """The most memory of processes by name, looked at all the time."""

    def __init__(self, pids: dict[str, int]) -> None:
        self.pids = pids
        self.before = {name: resident_mb(pid) for name, pid in pids.items()}
        self.most = dict(self.before)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            for name, pid in self.pids.items():
                self.most[name] = max(self.most[name], resident_mb(pid))

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()


def make_experiment(root: Path, scenes: int) -> Any:
    """Write a small image and build an experiment with as many scenes of it."""
    import numpy as np
    import rasterio

    import rvcli as rv

    image, labels = root / "image.tif", root / "labels.geojson"
    pixels = np.random.default_rng(0).integers(0, 255, (3, 64, 64), dtype="uint8")
    transform = rasterio.transform.from_origin(500_000, 5_000_000, 1, 1)
    with rasterio.open(
        image, "w", driver="GTiff", height=64, width=64, count=3, dtype="uint8",
        crs="EPSG:32633", transform=transform,
    ) as stream:  # fmt: skip
        stream.write(pixels)
    labels.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    task = (
        rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_classes({"a": (1, "green"), "b": (2, "blue")})
        .with_chip_size(32)
        .with_chip_options(chips_per_scene=8)
        .build()
    )
    source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uris([str(image)]).build()
    scene = rv.SceneConfig.builder().with_task(task).with_raster_source(source)
    scene = scene.with_label_source(str(labels))
    train = [scene.with_id(f"scene-{number}").build() for number in range(scenes)]
    backend = rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task).build()
    return (
        rv.ExperimentConfig.builder()
        .with_id("many")
        .with_root_uri(str(root / "out"))
        .with_task(task)
        .with_backend(backend)
        .with_dataset(rv.DatasetConfig.builder().with_train_scenes(train).build())
        .build()
    )


def chips(commands: int, workers: int) -> None:
    """Plan, submit and run CHIP commands; print times and memory."""
    from rvcli.dag import derive, plan
    from rvcli.records import RecordStore
    from rvcli.runner.dask_experiment_runner import DaskExperimentRunner
    from rvcli.runner.experiment_runner import RunOptions, pins_of

    marks: dict[str, float] = {}

    class Timed(DaskExperimentRunner):
        """Notes when each phase ends."""

        def start(self, options: RunOptions) -> None:
            super().start(options)
            marks["connect"] = time.perf_counter()

        def submit_all(self, jobs: Any) -> None:
            marks["write messages"] = time.perf_counter()
            super().submit_all(jobs)
            marks["submit"] = time.perf_counter()

        def finish(self) -> None:
            marks["run"] = time.perf_counter()
            super().finish()
            marks["finish"] = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        with cluster(directory, workers) as processes, session(directory, processes.address):
            memory = Memory({"scheduler": processes.scheduler.pid, "this process": os.getpid()})
            begun = time.perf_counter()
            experiment = make_experiment(directory, commands)
            marks["build the experiment"] = time.perf_counter()
            definitions = derive([experiment], [], ["CHIP"], commands)
            made = plan(definitions, RecordStore(), pins=pins_of)
            marks["plan"] = time.perf_counter()
            outcome = Timed().run_plan(made, RunOptions())
            memory.stop()
        found = Counter(result.state.status for result in outcome.results)
    print(f"{commands} chip commands, {workers} workers: {dict(found)}")
    last = begun
    for name, at in marks.items():
        print(f"{name:22} {at - last:8.2f} s")
        last = at
    for name, most in memory.most.items():
        print(f"memory of {name:12} {memory.before[name]:6.0f} MB before, {most:6.0f} MB at most")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["overhead", "chips"])
    parser.add_argument("--commands", type=int)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.what == "overhead":
        overhead(options.commands or 40, options.workers, options.rounds)
    else:
        chips(options.commands or 1000, options.workers)


if __name__ == "__main__":
    main()
