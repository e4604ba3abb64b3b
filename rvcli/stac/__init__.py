"""STAC items of predictions and models, as others read them: https://stacspec.org"""
