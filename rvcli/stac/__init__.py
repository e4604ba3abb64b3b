"""STAC items (https://stacspec.org) of predictions and models, for others to read."""
