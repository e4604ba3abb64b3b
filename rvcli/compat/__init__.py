"""Code that was written for `import rastervision`, releases 0.8 to 0.11, served by `rvcli`."""

from rvcli.compat.alias import serving

__all__ = ["serving"]
