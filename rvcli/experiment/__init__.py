"""Experiments: the config of one, the sets that hold them, and the loader."""
