"""The config of the statistics transformer: what a predict package holds of it."""

from __future__ import annotations

import json
from pathlib import Path

from rvcli.data.raster_transformer.stats_transformer_config import StatsTransformerConfig


def saved(folder: Path, mean: float) -> str:
    """Write statistics and return their URI."""
    folder.mkdir()
    path = folder / "stats.json"
    path.write_text(json.dumps({"means": [mean], "stds": [1.0]}))
    return str(path)


def test_package_keeps_statistics_of_one_name_apart(tmp_path: Path) -> None:
    """Different statistics whose files have one name are different files in a package."""
    bundle_dir = str(tmp_path / "bundle")
    uris = [saved(tmp_path / "measured", 1.0), saved(tmp_path / "given", 2.0)]
    packed = [StatsTransformerConfig(uri).save_bundle_files(bundle_dir)[0] for uri in uris]
    means = [
        config.load_bundle_files(bundle_dir).create_transformer().raster_stats.means
        for config in packed
    ]
    assert [[1.0], [2.0]] == means


def test_package_holds_equal_statistics_once(tmp_path: Path) -> None:
    """The same statistics, packed for two parts, are one file in a package."""
    bundle_dir = tmp_path / "bundle"
    uri = saved(tmp_path / "measured", 1.0)
    for _ in range(2):
        config, _ = StatsTransformerConfig(uri).save_bundle_files(str(bundle_dir))
        assert "stats.json" == config.stats_uri
    assert ["stats.json"] == [path.name for path in bundle_dir.iterdir()]
