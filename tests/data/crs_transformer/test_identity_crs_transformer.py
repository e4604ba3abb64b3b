"""IdentityCRSTransformer and the base of all transformers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer


def test_points_stay_as_they_are() -> None:
    """Map coordinates are pixels."""
    transformer = IdentityCRSTransformer()
    assert (3, 4) == transformer.map_to_pixel((3, 4))
    assert (3.5, 4) == transformer.pixel_to_map((3.5, 4))
    np.testing.assert_array_equal([[3.5, 4.0]], transformer.map_to_pixel_exact([(3.5, 4)]))


def test_has_no_georeference() -> None:
    """There is neither CRS nor affine transform."""
    transformer = IdentityCRSTransformer()
    assert transformer.get_image_crs() is None
    assert transformer.get_map_crs() is None
    assert transformer.get_affine_transform() is None


def test_transformer_of_a_plugin_serves_vector_work() -> None:
    """A transformer that only knows single points serves arrays of them too."""

    class Mirrored(CRSTransformer):
        def map_to_pixel(self, map_point: Any) -> Any:
            return map_point[1], map_point[0]

    np.testing.assert_array_equal(
        [[2.0, 1.0], [4.0, 3.0]], Mirrored().map_to_pixel_exact([(1, 2), (3, 4)])
    )
    with pytest.raises(NotImplementedError, match="Mirrored has no pixel_to_map"):
        Mirrored().pixel_to_map((0, 0))
    with pytest.raises(NotImplementedError, match="has no map_to_pixel"):
        CRSTransformer().map_to_pixel((0, 0))
