"""What the declared plugins create; they import it as a sibling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import rvcli as rv
from rvcli.filesystem import join_uri
from rvcli.utils.files import download_if_needed, file_to_json, json_to_file, upload_or_copy


class GridTask(rv.Task):
    """Gives every pixel a class, in windows that lie side by side."""

    def get_train_windows(self, scene: Any) -> Any:
        """Return all windows."""
        return self.get_predict_windows(scene.raster_source.get_extent())

    def get_train_labels(self, window: Any, scene: Any) -> Any:
        """Return the labels of the scene."""
        return scene.ground_truth_label_source.get_labels(window)

    def get_predict_windows(self, extent: Any) -> Any:
        """Return a grid."""
        return extent.get_windows(self.config.chip_size, self.config.chip_size)

    def post_process_predictions(self, labels: Any, scene: Any) -> Any:
        """Change nothing."""
        return labels

    def save_debug_predict_image(self, scene: Any, debug_dir_uri: str) -> None:
        """Draw nothing."""


class Threshold(rv.Backend):
    """Learns the brightness between two classes."""

    def __init__(self, chip_uri: str, model_uri: str) -> None:
        self.chip_uri = chip_uri
        self.model_uri = model_uri

    def process_scene_data(self, scene: Any, data: Any, tmp_dir: str) -> Any:
        """Return the mean brightness of both classes."""
        pairs = [(chip[..., 0], labels.get_label_arr(window)) for chip, window, labels in data]
        return [
            float(np.concatenate([chip[classes == c] for chip, classes in pairs]).mean())
            for c in (1, 2)
        ]

    def process_sceneset_results(self, training: Any, validation: Any, tmp_dir: str) -> None:
        """Keep them."""
        json_to_file({"means": training}, join_uri(self.chip_uri, "means.json"))

    def train(self, tmp_dir: str) -> None:
        """Keep what lies between them."""
        means = file_to_json(join_uri(self.chip_uri, "means.json"))["means"]
        json_to_file({"threshold": float(np.mean(means))}, self.model_uri)

    def load_model(self, tmp_dir: str) -> None:
        """Read the threshold."""
        self.threshold = file_to_json(self.model_uri)["threshold"]

    def predict(self, chips: Any, windows: Any, tmp_dir: str) -> Any:
        """Return class 1 where it is bright, else 2."""
        arrays = {
            window: np.where(chip[..., 0] > self.threshold, 1, 2).astype(np.uint8)
            for chip, window in zip(chips, windows, strict=True)
        }
        return rv.SemanticSegmentationLabels(windows, arrays.__getitem__)


class ArraySource(rv.data.RasterSource):
    """Reads a .npy file of shape (height, width, channels)."""

    def __init__(self, path: str, transformers: Any, channel_order: Any) -> None:
        self.image = np.load(path)
        super().__init__(channel_order, self.image.shape[2], transformers)

    def get_extent(self) -> Any:
        """Return the whole image."""
        return rv.Box(0, 0, *self.image.shape[:2])

    def get_dtype(self) -> Any:
        """Return the type of the array."""
        return self.image.dtype

    def get_crs_transformer(self) -> Any:
        """Return pixels as they are."""
        return rv.IdentityCRSTransformer()

    def _get_chip(self, window: Any) -> Any:
        return self.image[window.ymin : window.ymax, window.xmin : window.xmax]


class BoxLabels(rv.data.LabelSource):
    """Labels of class 1 in the polygons of a vector source, 2 elsewhere."""

    def __init__(self, vectors: Any) -> None:
        self.vectors = vectors

    def get_labels(self, window: Any = None) -> Any:
        """Return the labels of a window."""
        bounds = [
            np.array(feature["geometry"]["coordinates"][0])
            for feature in self.vectors.get_geojson()["features"]
        ]

        def draw(window: Any) -> Any:
            classes = np.full((window.get_height(), window.get_width()), 2, np.uint8)
            for ring in bounds:
                (x0, y0), (x1, y1) = ring.min(axis=0).astype(int), ring.max(axis=0).astype(int)
                top, left = max(0, y0 - window.ymin), max(0, x0 - window.xmin)
                bottom, right = max(0, y1 - window.ymin), max(0, x1 - window.xmin)
                classes[top:bottom, left:right] = 1
            return classes

        return rv.SemanticSegmentationLabels([window], draw)


class Boxes(rv.data.VectorSource):
    """Reads {"boxes": [[class id, ymin, xmin, ymax, xmax], ...]}."""

    def __init__(self, uri: str, crs_transformer: Any) -> None:
        super().__init__(crs_transformer)
        self.uri = uri

    def _get_geojson(self) -> Any:
        features = [
            {
                "type": "Feature",
                "properties": {"class_id": class_id},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]],
                },
            }
            for class_id, y0, x0, y1, x1 in file_to_json(self.uri)["boxes"]
        ]
        return {"type": "FeatureCollection", "features": features}


class ArrayStore(rv.data.LabelStore):
    """Keeps class ids in a .npy file."""

    def __init__(self, uri: str, extent: Any, tmp_dir: str) -> None:
        self.uri = uri
        self.extent = extent
        self.tmp_dir = tmp_dir

    def save(self, labels: Any) -> None:
        """Write the array."""
        array = np.zeros((self.extent.get_height(), self.extent.get_width()), np.uint8)
        for window, part in labels.get_label_arrs(self.extent):
            array[window.ymin : window.ymax, window.xmin : window.xmax] = part
        path = Path(self.tmp_dir) / "labels.npy"
        np.save(path, array)
        upload_or_copy(str(path), self.uri)

    def get_labels(self) -> Any:
        """Read the array."""
        array = np.load(download_if_needed(self.uri, self.tmp_dir))
        return rv.SemanticSegmentationLabels(
            [self.extent], lambda w: array[w.ymin : w.ymax, w.xmin : w.xmax]
        )

    def empty_labels(self) -> Any:
        """Return labels of nothing."""
        return rv.SemanticSegmentationLabels([], lambda window: None)
