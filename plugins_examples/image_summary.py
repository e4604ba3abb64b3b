"""An auxiliary command that writes down what is in some images, a JSON file for each.

    config = (
        rv.CommandConfig.builder("IMAGE_SUMMARY")
        .with_root_uri("/data/summaries")
        .with_config(uris=["/data/a.tif", "/data/b.tif"], output_dir="/data/summaries")
        .build()
    )

`rv run local FILE.py IMAGE_SUMMARY --splits 2` shares the images between two processes.
"""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.filesystem import base_name, join_uri
from rvcli.utils.files import download_if_needed, json_to_file

IMAGE_SUMMARY = "IMAGE_SUMMARY"


def summary_uri(config: dict[str, Any], uri: str) -> str:
    """Return where the summary of an image goes."""
    return join_uri(config["output_dir"], base_name(uri) + ".json")


class ImageSummaryCommand(rv.AuxCommand):
    """Writes size, channels, type and range of each image."""

    command_type = IMAGE_SUMMARY
    command_options = rv.AuxCommandOptions(
        split_on="uris",
        inputs=lambda config: config["uris"],
        outputs=lambda config: [summary_uri(config, uri) for uri in config["uris"]],
        required_fields=["uris", "output_dir"],
    )

    def run(self, tmp_dir: str | None = None) -> None:
        """Summarize the images."""
        for uri in self.command_config["uris"]:
            local_path = download_if_needed(uri, tmp_dir or self.get_tmp_dir())
            json_to_file(summarize(local_path), summary_uri(self.command_config, uri))


def summarize(path: str) -> dict[str, Any]:
    """Return what is in an image, read block by block."""
    import rasterio

    with rasterio.open(path) as image:
        lowest: list[float] = []
        highest: list[float] = []
        for channel in image.indexes:
            ranges = [
                (block.min(), block.max())
                for _, window in image.block_windows(channel)
                if (block := image.read(channel, window=window, masked=True)).count()
            ]
            lowest.append(float(min(low for low, _ in ranges)) if ranges else 0.0)
            highest.append(float(max(high for _, high in ranges)) if ranges else 0.0)
        return {
            "size_hw": [image.height, image.width],
            "channels": image.count,
            "dtype": image.dtypes[0],
            "crs": str(image.crs) if image.crs else None,
            "lowest": lowest,
            "highest": highest,
        }


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    plugin_registry.register_aux_command(IMAGE_SUMMARY, ImageSummaryCommand)
