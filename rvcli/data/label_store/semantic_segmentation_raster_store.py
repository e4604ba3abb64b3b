"""SemanticSegmentationRasterStore: predicted classes in a GeoTIFF."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_source.segmentation_class_transformer import SegmentationClassTransformer
from rvcli.data.label_store.label_store import LabelStore
from rvcli.data.label_store.vector_output_config import as_vector_outputs, check_classes
from rvcli.errors import ConfigError, DataError, NotReadableError
from rvcli.filesystem import shown
from rvcli.utils.place import placed

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.label_store.class_raster import StripWriter
    from rvcli.data.label_store.probability_raster import ProbabilityWriter
    from rvcli.data.label_store.vector_output_config import VectorOutput

log = logging.getLogger(__name__)


class SemanticSegmentationRasterStore(LabelStore):
    """Saves predicted classes in a Cloud Optimized GeoTIFF on the grid of the image.

    One band of class ids with nodata 0, a colour table and the tag CLASS_NAMES; or three bands
    of colours; overviews of the nearest pixels. The file appears whole or not at all, and memory
    is that of one row of windows. Polygons of some classes are made of the file once it is there.

    Attributes:
        vector_output: a VectorOutput for each file of polygons, with its URI.
    """

    def __init__(
        self,
        uri: str,
        extent: Box,
        crs_transformer: CRSTransformer,
        tmp_dir: str,
        vector_output: Sequence[Any] | None = None,
        class_map: ClassMap | None = None,
        rgb: bool = False,
        *,
        probabilities_uri: str | None = None,
        probabilities_dtype: str = "uint8",
    ) -> None:
        """Make a store.

        Args:
            uri: of the GeoTIFF.
            extent: of the image, pixel coordinates from (0, 0).
            crs_transformer: of the image; gives the georeference.
            tmp_dir: local directory for the file while it is on its way from or to elsewhere.
            vector_output: polygons to make of the classes: VectorOutput, or mappings of its
                fields.
            class_map: names and colours of the classes.
            rgb: save colours instead of class ids.
            probabilities_uri: where to save how probable each class is; not if None.
            probabilities_dtype: "uint8", "float16" or "float32".

        Raises:
            ConfigError: vector output is asked for of what is no class, or colours, but not every
                class has its own.
        """
        if rgb and class_map is None:
            raise ConfigError("colours are asked for without classes", hint="give a class map")
        if probabilities_uri is not None and class_map is None:
            raise ConfigError(
                "probabilities are asked for without classes", hint="give a class map"
            )
        self.uri = uri
        self.extent = extent
        self.crs_transformer = crs_transformer
        self.tmp_dir = tmp_dir
        self.vector_output = as_vector_outputs(vector_output or (), uri)
        self.class_map = class_map
        if class_map is not None:
            check_classes(self.vector_output, class_map)
        self.class_transformer = (
            SegmentationClassTransformer(class_map) if rgb and class_map is not None else None
        )
        self.probabilities_uri = probabilities_uri
        self.probabilities_dtype = probabilities_dtype
        self._dataset: Any = None

    def save(self, labels: SemanticSegmentationLabels) -> None:
        """Write labels, window by window; where windows overlap the later one wins.

        Raises:
            ConfigError: probabilities are asked for, and the labels have no scores.
            DataError: labels are not of their window's size, or no class ids.
            NotWritableError: the file cannot be written.
        """
        self._deactivate()
        if self.probabilities_uri is not None and not getattr(labels, "has_scores", False):
            raise ConfigError(
                f"no class probabilities can be written to {shown(self.probabilities_uri)}: the"
                " backend gives no class scores",
                hint="leave with_probabilities out, or use a backend that gives scores",
            )
        self._save_pixels(labels)
        try:
            for output in self.vector_output:
                self._save_polygons(output)
        finally:
            self._deactivate()

    def _save_pixels(self, labels: SemanticSegmentationLabels) -> None:
        with ExitStack() as stack:
            classes = stack.enter_context(self._new_class_raster())
            if self.probabilities_uri is None:
                for window, array in _label_arrs(labels, self.extent):
                    classes.write(window, self._pixels(window, np.asarray(array), classes.dtype))
                return
            probabilities = stack.enter_context(self._new_probability_raster())
            for window, array, scores in labels.get_score_arrs(self.extent):
                classes.write(window, self._pixels(window, array, classes.dtype))
                probabilities.write(window, scores)

    def _save_polygons(self, output: VectorOutput) -> None:
        """Make polygons of the pixels that were saved."""
        from rvcli.data.label_store.vector_file import write_polygons
        from rvcli.data.label_store.vector_output import vector_polygons

        uri, class_id = output.uri or "", output.class_id
        class_name = self.class_map.get_by_id(class_id).name if self.class_map else None
        properties = {"class_id": class_id, "class_name": class_name or str(class_id)}
        polygons = vector_polygons(self._read, self.extent, self.crs_transformer, output)
        with placed(uri, self.tmp_dir) as path:
            count = write_polygons(path, polygons, self.crs_transformer, properties, shown(uri))
        log.info("%s: %d %s of the class %s", shown(uri), count, output.mode, class_name)

    @contextmanager
    def _new_class_raster(self) -> Iterator[StripWriter]:
        from rvcli.data.label_store.class_raster import new_class_raster

        rgb = self.class_transformer is not None
        with (
            placed(self.uri, self.tmp_dir) as path,
            new_class_raster(
                path, self.extent, self.crs_transformer, self.class_map, rgb, shown(self.uri)
            ) as writer,
        ):
            yield writer

    @contextmanager
    def _new_probability_raster(self) -> Iterator[ProbabilityWriter]:
        from rvcli.data.label_store.probability_raster import new_probability_raster

        uri, dtype = self.probabilities_uri, self.probabilities_dtype
        assert uri is not None
        assert self.class_map is not None
        with (
            placed(uri, self.tmp_dir) as path,
            new_probability_raster(
                path, self.extent, self.crs_transformer, self.class_map, dtype, shown(uri)
            ) as writer,
        ):
            yield writer

    def _pixels(
        self, window: Box, array: npt.NDArray[Any], dtype: np.dtype[Any]
    ) -> npt.NDArray[Any]:
        if array.shape != (window.get_height(), window.get_width()):
            raise DataError(
                f"the labels of the window {window} have the shape {array.shape}",
                hint="labels are class ids of shape (height, width)",
            )
        if self.class_transformer is not None:
            return self.class_transformer.class_to_rgb(array)
        if array.dtype != dtype and array.size:
            low, high = array.min(), array.max()
            if not (low >= 0 and high <= np.iinfo(dtype).max):
                raise DataError(
                    f"the labels of the window {window} are from {low} to {high}, but the file "
                    f"holds {dtype} class ids",
                    hint="give every class an id in the class map",
                )
        return array

    def get_labels(self, chip_size: int = 1000) -> SemanticSegmentationLabels:
        """Return the labels that were saved, read window by window.

        Args:
            chip_size: side of the windows in pixels.

        Raises:
            DataError: when labels are read: there is no such file, or it is not on the grid.
        """
        windows = self.extent.get_windows(chip_size, chip_size)
        return SemanticSegmentationLabels(windows, self._read)

    def empty_labels(self) -> SemanticSegmentationLabels:
        """Return labels without windows."""
        return SemanticSegmentationLabels([], lambda window: _blank(window))

    def _read(self, window: Box) -> npt.NDArray[Any]:
        """Return the class ids of a window, shape (height, width)."""
        from rvcli.data.raster_source.window_reader import read_window

        if self._dataset is None:
            self._dataset = self._open()
        chip = read_window(self._dataset, window, False)
        if self.class_transformer is not None:
            return self.class_transformer.rgb_to_class(chip)
        return np.ascontiguousarray(chip[:, :, 0])

    def _open(self) -> Any:
        from rvcli.data.crs_transformer.grid import MAX_OFFSET_PX, affine_offset_px
        from rvcli.data.gdal import open_raster
        from rvcli.utils.files import download_if_needed, file_exists

        if not file_exists(self.uri, include_dir=False):
            raise NotReadableError(
                f"there are no predictions at {self.uri}", hint="run the command PREDICT first"
            )
        dataset = open_raster(download_if_needed(self.uri, self.tmp_dir), self.uri)
        size_hw = (self.extent.get_height(), self.extent.get_width())
        if (dataset.height, dataset.width) != size_hw:
            dataset.close()
            raise DataError(
                f"the predictions at {self.uri} are {dataset.height} x {dataset.width} pixels, "
                f"the image is {size_hw[0]} x {size_hw[1]} (height x width)",
                hint="they are of another image: run the command PREDICT again",
            )
        affine = self.crs_transformer.get_affine_transform()
        # Not the CRS: that of some formats changes a little on its way into a GeoTIFF.
        offset = 0 if affine is None else affine_offset_px(dataset.transform, affine, self.extent)
        if offset > MAX_OFFSET_PX:
            dataset.close()
            raise DataError(
                f"the predictions at {self.uri} lie up to {offset:.6g} pixels off the image",
                hint="they are of another image: run the command PREDICT again",
            )
        return dataset

    def _activate(self) -> None:
        """Nothing is opened before labels are read: there may be none yet."""

    def _deactivate(self) -> None:
        if self._dataset is not None:
            self._dataset.close()
            self._dataset = None


def _label_arrs(labels: Any, extent: Box) -> Any:
    """Yield windows clipped to the extent, with their class ids."""
    if hasattr(labels, "get_label_arrs"):
        return labels.get_label_arrs(clip_extent=extent)
    # Labels of a plugin's own class.
    return (
        (window.intersection(extent), labels.get_label_arr(window, clip_extent=extent))
        for window in labels.get_windows()
    )


def _blank(window: Box) -> npt.NDArray[Any]:
    return np.zeros((window.get_height(), window.get_width()), dtype=np.uint8)
