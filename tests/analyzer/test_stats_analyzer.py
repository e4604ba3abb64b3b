"""StatsAnalyzer: from scenes to a file of statistics."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from rvcli.analyzer.stats_analyzer import StatsAnalyzer
from rvcli.core.raster_stats import RasterStats
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.data.raster_transformer.measured_transformer_config import scene_stats_uri
from rvcli.data.scene import Scene


def make_scene(folder: Path, value: int) -> Scene:
    """Make a scene of two bands, half of it nodata."""
    bands = np.stack([np.full((600, 500), value + band, dtype=np.uint16) for band in range(2)])
    bands[:, :, :250] = 9999
    path = folder / f"{value}.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=500, height=600, count=2, dtype="uint16", nodata=9999,
        crs="EPSG:32637", transform=from_origin(500_000, 1_000_000, 1, 1),
    ) as dataset:  # fmt: skip
        dataset.write(bands)
    return Scene(str(value), RasterioSource([str(path)], [], str(folder), channel_order=[1]))


def test_writes_the_statistics_of_all_scenes(tmp_path: Path) -> None:
    """The file has figures for all channels of the images, over all scenes, without nodata."""
    uri = str(tmp_path / "out" / "stats.json")
    scenes = [make_scene(tmp_path, value) for value in (100, 300)]
    StatsAnalyzer(uri).process(iter(scenes), str(tmp_path))
    stats = RasterStats.load(uri)
    assert [200.0, 201.0] == stats.means
    assert [100.0, 100.0] == stats.stds
    assert [2 * 600 * 250] * 2 == stats.counts


def test_writes_the_same_file_each_time(tmp_path: Path) -> None:
    """Statistics of the same scenes are the same bytes, sampled or not."""
    scene = make_scene(tmp_path, 100)
    for share in (None, 0.5):
        written = []
        for name in ("a.json", "b.json"):
            StatsAnalyzer(str(tmp_path / name), share).process([scene], str(tmp_path))
            written.append((tmp_path / name).read_bytes())
        assert written[0] == written[1]
        assert {"means", "stds", "counts", "percentiles"} == set(json.loads(written[0]))


def test_writes_the_statistics_of_each_scene(tmp_path: Path) -> None:
    """With per_scene there is a file for each scene as well, beside the one for all."""
    uri = str(tmp_path / "out" / "stats.json")
    scenes = [make_scene(tmp_path, value) for value in (100, 300)]
    StatsAnalyzer(uri, per_scene=True).process(scenes, str(tmp_path))
    by_scene = [RasterStats.load(scene_stats_uri(uri, s.id)).means for s in scenes]
    assert [[100.0, 101.0], [300.0, 301.0]] == by_scene
    assert [200.0, 201.0] == RasterStats.load(uri).means
