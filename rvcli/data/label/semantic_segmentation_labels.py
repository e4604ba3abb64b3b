"""SemanticSegmentationLabels: a class for every pixel, window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.data.aoi import mask_outside
from rvcli.data.label.labels import Labels
from rvcli.errors import DataError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# A window, its class ids and their scores.
Scored: TypeAlias = tuple[Box, npt.NDArray[Any], npt.NDArray[Any]]


class SemanticSegmentationLabels(Labels):
    """Class ids of all pixels of some windows, made when they are asked for.

    Nothing is kept: memory is that of one window.
    """

    def __init__(
        self,
        windows: Iterable[Box],
        label_fn: Callable[[Box], npt.NDArray[Any]],
        aoi_polygons: Sequence[BaseGeometry] | None = None,
        *,
        stream: Callable[[Sequence[Box]], Iterable[tuple[Box, npt.NDArray[Any]]]] | None = None,
        score_stream: Callable[[], Iterable[Scored]] | None = None,
    ) -> None:
        """Make labels.

        Args:
            windows: pixel coordinates, half-open.
            label_fn: gives the class ids of a window, shape (height, width); 0 is ignore.
            aoi_polygons: areas outside of which all is 0, pixel (x, y).
            stream: gives the windows asked for one after the other with their class ids, where
                that is cheaper than asking label_fn for each (as when predicting in batches).
            score_stream: gives windows that together cover the same pixels, with their class
                ids and scores; see `get_score_arrs`. None if there are no scores.
        """
        self.windows = list(windows)
        self.label_fn = label_fn
        self.aoi_polygons = list(aoi_polygons or ())
        self._stream = stream
        self._score_stream = score_stream
        self._owners: dict[Box, SemanticSegmentationLabels] | None = None

    def __add__(self, other: SemanticSegmentationLabels) -> SemanticSegmentationLabels:
        """Return the labels of the windows of both; of a window that both have, the other's."""
        owners = {**self._by_window(), **other._by_window()}
        joined = SemanticSegmentationLabels(owners, lambda box: owners[box].get_label_arr(box))
        joined._owners = owners
        return joined

    def __iadd__(self, other: SemanticSegmentationLabels) -> SemanticSegmentationLabels:
        """Return the labels of both; in a sum of many it takes as long as `other` is large."""
        if self._owners is None:
            return self + other
        self.windows += [window for window in other.windows if window not in self._owners]
        self._owners.update(other._by_window())
        return self

    def _by_window(self) -> dict[Box, SemanticSegmentationLabels]:
        # Sums of sums keep the parts, so that asking stays as quick as it was.
        return self._owners if self._owners is not None else dict.fromkeys(self.windows, self)

    def filter_by_aoi(self, aoi_polygons: Sequence[BaseGeometry]) -> SemanticSegmentationLabels:
        """Return the same labels with 0 outside some areas of interest."""
        return SemanticSegmentationLabels(
            self.windows,
            self.label_fn,
            aoi_polygons,
            stream=self._stream,
            score_stream=self._score_stream,
        )

    def in_memory(self) -> SemanticSegmentationLabels:
        """Return the same labels, made now and kept, without scores: memory for all windows."""
        arrays = dict(self.get_label_arrs())
        return SemanticSegmentationLabels(self.windows, arrays.__getitem__)

    def add_window(self, window: Box) -> None:
        """Add a window at the end."""
        self.windows.append(window)

    def get_windows(self) -> list[Box]:
        """List the windows."""
        return self.windows

    def get_label_arr(self, window: Box, clip_extent: Box | None = None) -> npt.NDArray[Any]:
        """Return the class ids of a window.

        Args:
            window: pixel coordinates, half-open.
            clip_extent: leaves out the pixels that lie outside it.

        Returns:
            Class ids, shape (height, width); 0 is ignore.
        """
        return self._finish(window, self.label_fn(window), clip_extent)

    def get_label_arrs(
        self, clip_extent: Box | None = None
    ) -> Iterator[tuple[Box, npt.NDArray[Any]]]:
        """Yield all windows with their class ids, one after the other.

        Args:
            clip_extent: leaves out the pixels that lie outside it; the window that comes with
                them is clipped too.
        """
        pairs = (
            self._stream(self.windows)
            if self._stream is not None
            else ((window, self.label_fn(window)) for window in self.windows)
        )
        for window, array in pairs:
            shown = window if clip_extent is None else window.intersection(clip_extent)
            yield shown, self._finish(window, array, clip_extent)

    @property
    def has_scores(self) -> bool:
        """Tell whether there are scores beside the class ids."""
        return self._score_stream is not None

    def get_score_arrs(self, clip_extent: Box | None = None) -> Iterator[Scored]:
        """Yield windows with their class ids and scores, one after the other.

        The windows may be others than those of `get_windows`; together they cover the same
        pixels. All is made in one pass.

        Args:
            clip_extent: as for `get_label_arrs`.

        Yields:
            window; class ids, shape (height, width); scores, float32 of shape
            (classes, height, width), by class id without 0, valid until the next window is
            asked for. They sum to 1, or are 0 where the class id is 0.

        Raises:
            DataError: there are no scores.
        """
        if self._score_stream is None:
            raise DataError(
                "these labels have no class scores",
                hint="predict with a backend that gives scores",
            )
        for window, array, scores in self._score_stream():
            shown = window if clip_extent is None else window.intersection(clip_extent)
            ids = self._finish(window, array, clip_extent)
            top, left = shown.ymin - window.ymin, shown.xmin - window.xmin
            inside = scores[:, top : top + ids.shape[0], left : left + ids.shape[1]]
            blank = ids == 0
            if blank.any():
                inside = inside.copy()
                inside[:, blank] = 0
            yield shown, ids, inside

    def _finish(
        self, window: Box, array: npt.NDArray[Any], clip_extent: Box | None
    ) -> npt.NDArray[Any]:
        array = mask_outside(array, window, self.aoi_polygons)
        if clip_extent is None:
            return array
        inside = window.intersection(clip_extent)
        if inside.get_area() == 0:
            return array[:0, :0]
        top, left = inside.ymin - window.ymin, inside.xmin - window.xmin
        return array[top : top + inside.get_height(), left : left + inside.get_width()]
