"""Pixel boxes as GeoJSON, under the name that old code imports."""

from rvcli.data.utils import boxes_to_geojson

__all__ = ["boxes_to_geojson"]
