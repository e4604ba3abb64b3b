"""BoxList: boxes with further values of each."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.errors import DataError

Array: TypeAlias = npt.NDArray[Any]

_BOXES = "boxes"


class BoxList:
    """Boxes in an array, and fields with a value for each box."""

    def __init__(self, data: Any) -> None:
        """Make a list without fields.

        Args:
            data: float32 or float64 rows (ymin, xmin, ymax, xmax), shape (n, 4).

        Raises:
            DataError: this is no such array, or a box ends before it begins.
        """
        if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != 4:
            shape = getattr(data, "shape", type(data).__name__)
            raise DataError(f"boxes must be an array of the shape (n, 4), not {shape}")
        if data.dtype not in (np.float32, np.float64):
            raise DataError(f"boxes must be float32 or float64, not {data.dtype}")
        wrong = ~((data[:, 0] <= data[:, 2]) & (data[:, 1] <= data[:, 3]))
        if wrong.any():
            raise DataError(
                f"the box {data[wrong][0].tolist()} ends before it begins",
                hint="the order is ymin, xmin, ymax, xmax",
            )
        self.data = {_BOXES: data}

    def num_boxes(self) -> int:
        """Return how many boxes there are."""
        return len(self.data[_BOXES])

    def get_extra_fields(self) -> list[str]:
        """List the fields other than the boxes."""
        return [field for field in self.data if field != _BOXES]

    def has_field(self, field: str) -> bool:
        """Tell whether there is a field; `boxes` is one too."""
        return field in self.data

    def add_field(self, field: str, field_data: Array) -> None:
        """Add a field.

        Args:
            field: its name.
            field_data: shape (n, ...).

        Raises:
            DataError: the field is there already, or has not a value for each box.
        """
        if self.has_field(field):
            raise DataError(f"boxes have a field {field!r} already")
        if field_data.ndim < 1 or len(field_data) != self.num_boxes():
            raise DataError(
                f"the field {field!r} has the shape {field_data.shape}; there are"
                f" {self.num_boxes()} boxes"
            )
        self.data[field] = field_data

    def get(self) -> Array:
        """Return the boxes, shape (n, 4)."""
        return self.get_field(_BOXES)

    def get_field(self, field: str) -> Array:
        """Return the values of a field.

        Raises:
            DataError: there is no such field.
        """
        if not self.has_field(field):
            raise DataError(f"boxes have no field {field!r}; there are {list(self.data)}")
        return self.data[field]

    def get_coordinates(self) -> list[Array]:
        """Return [ymin, xmin, ymax, xmax], each of shape (n,)."""
        return list(self.get().T)
