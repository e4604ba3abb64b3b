"""Looks at what `rv` stands on: packages, settings, plugins, servers, GPU, GDAL, the machine."""

from rvcli.doctor.examine import examine
from rvcli.doctor.finding import OK, PROBLEM, WARNING, Finding

__all__ = ["OK", "PROBLEM", "WARNING", "Finding", "examine"]
