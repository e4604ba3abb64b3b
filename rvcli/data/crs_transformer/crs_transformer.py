"""CRSTransformer: between map coordinates and the pixels of one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class CRSTransformer:
    """Transforms points between a map CRS and the pixels of one image.

    Pixel coordinates are (x, y), x to the right and y down; (0, 0) is the upper left corner
    of the upper left pixel, so the centre of that pixel is (0.5, 0.5). Map coordinates are
    (x, y) too, longitude before latitude, whatever order the CRS itself declares.

    A point is a pair (x, y) of numbers; a pair (xs, ys) of arrays or an array of shape (n, 2)
    holds many and gives the same form back.
    """

    # Here, since a plugin's constructor need not call this one's.
    image_crs: Any = None
    map_crs: Any = None
    transform: Any = None

    def __init__(self, image_crs: Any = None, map_crs: Any = None, transform: Any = None) -> None:
        self.image_crs = image_crs
        self.map_crs = map_crs
        self.transform = transform

    def map_to_pixel(self, map_point: Any) -> Any:
        """Return the pixel (x, y) that contains a map point, in integers.

        Args:
            map_point: (x, y) in the map CRS.
        """
        raise NotImplementedError(f"{type(self).__name__} has no map_to_pixel")

    def pixel_to_map(self, pixel_point: Any) -> Any:
        """Return the map coordinates (x, y) of a pixel coordinate.

        Args:
            pixel_point: (x, y), integers or fractions; integers are corners of pixels.
        """
        raise NotImplementedError(f"{type(self).__name__} has no pixel_to_map")

    def map_to_pixel_exact(self, map_points: Any) -> npt.NDArray[np.float64]:
        """Return unrounded pixel coordinates of many points, for vector work.

        Args:
            map_points: (x, y) in the map CRS, shape (n, 2).

        Returns:
            float64 pixel (x, y), shape (n, 2). Rows are infinite where the CRS of the image is
            not defined.
        """
        import numpy as np

        points = np.asarray(map_points, dtype=np.float64).reshape(-1, 2)
        rows = [self.map_to_pixel((float(x), float(y))) for x, y in points]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def get_image_crs(self) -> Any:
        """Return the CRS of the image, or None without georeference."""
        return self.image_crs

    def get_map_crs(self) -> Any:
        """Return the CRS of map coordinates, or None without georeference."""
        return self.map_crs

    def get_affine_transform(self) -> Any:
        """Return the affine transform from pixel to image CRS, or None."""
        return self.transform
