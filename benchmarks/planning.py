"""Time a plan of 100 experiments with 10 scenes each in 4 splits, and a no-op rerun of it.

    python benchmarks/planning.py [--experiments 100] [--scenes 10] [--splits 4] [--profile]

The commands are not run: outputs of a few bytes and records are written in their stead.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

AIM_S = 3.0


def make_experiments(root: Path, experiments: int, scenes: int) -> list[Any]:
    """Build experiments that share imagery; half of the scenes are for validation."""
    import rvcli as rv

    task = (
        rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_classes({"field": (1, "green"), "water": (2, "blue")})
        .with_chip_size(256)
        .build()
    )

    def scene(number: int) -> Any:
        image, labels = root / f"data/image-{number}.tif", root / f"data/labels-{number}.geojson"
        source = (
            rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
            .with_uris([str(image)])
            .with_stats_transformer()
            .build()
        )
        return (
            rv.SceneConfig.builder()
            .with_task(task)
            .with_id(f"scene-{number}")
            .with_raster_source(source)
            .with_label_source(str(labels))
            .build()
        )

    all_scenes = [scene(number) for number in range(scenes)]
    dataset = (
        rv.DatasetConfig.builder()
        .with_train_scenes(all_scenes[: scenes // 2])
        .with_validation_scenes(all_scenes[scenes // 2 :])
        .build()
    )
    backend = rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task)
    return [
        rv.ExperimentConfig.builder()
        .with_id(f"experiment-{number}")
        .with_root_uri(str(root / "out"))
        .with_task(task)
        .with_backend(backend.with_train_options(seed=number).build())
        .with_dataset(dataset)
        .with_stats_analyzer()
        .build()
        for number in range(experiments)
    ]


def write_data(root: Path, scenes: int) -> None:
    """Write what stands for imagery and labels: plans read their bytes only."""
    (root / "data").mkdir()
    for number in range(scenes):
        (root / f"data/image-{number}.tif").write_bytes(bytes([number]) * 1_000_000)
        (root / f"data/labels-{number}.geojson").write_text(f'{{"n": {number}}}')


def pretend_to_run(plan: Any) -> None:
    """Write the outputs and records of all that would run."""
    from rvcli import records

    identities = records.RecordStore().identities
    for step in plan.to_run:
        for uri in step.definition.io_def.output_uris:
            Path(uri).parent.mkdir(parents=True, exist_ok=True)
            Path(uri).write_text(step.id)
        definition = step.definition
        draft = records.note_inputs(step.draft)
        now = datetime.now(timezone.utc)
        records.write_record(definition.root_uri, definition.split_id, draft, now, identities)


def timed(name: str, call: Callable[[], Any], times: dict[str, float]) -> Any:
    """Run and note the time in seconds: of this process, which other work does not stretch."""
    start = time.process_time()
    result = call()
    times[name] = round(time.process_time() - start, 3)
    return result


def main() -> None:
    """Measure and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=100)
    parser.add_argument("--scenes", type=int, default=10)
    parser.add_argument("--splits", type=int, default=4)
    parser.add_argument("--profile", action="store_true", help="print where the no-op rerun spends")
    options = parser.parse_args()
    times: dict[str, float] = {}

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_data(root, options.scenes)
        from rvcli import dag, profile, records

        with profile.use(profile.load_settings(overrides=[f"RV.cache_dir={root / 'cache'}"])):
            for run in ("first", "no-op"):
                configs = timed(
                    f"{run}: build configs",
                    lambda: make_experiments(root, options.experiments, options.scenes),
                    times,
                )
                profiler = cProfile.Profile()
                if options.profile and run == "no-op":
                    profiler.enable()
                definitions = timed(
                    f"{run}: derive", partial(dag.derive, configs, splits=options.splits), times
                )
                plan = timed(
                    f"{run}: plan", partial(dag.plan, definitions, records.RecordStore()), times
                )
                profiler.disable()
                if options.profile and run == "no-op":
                    pstats.Stats(profiler).sort_stats("cumulative").print_stats(40)
                counts = plan.counts()
                if run == "first":
                    assert counts["run"] + counts["duplicate"] == len(definitions), counts
                    pretend_to_run(plan)
                    time.sleep(0.1)
                else:
                    assert counts["run"] == 0, plan.to_run[0]
    for run in ("first", "no-op"):
        times[f"{run}: total"] = round(sum(t for n, t in times.items() if n.startswith(run)), 3)
    print(json.dumps({"commands": len(definitions), "cpu_seconds": times, "aim": AIM_S}, indent=1))


if __name__ == "__main__":
    main()
