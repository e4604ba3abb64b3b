"""What files of old releases use that is written otherwise today, and how to rewrite them."""

from rvcli.compat.migrate.files import Migration, find_files, migrate_file
from rvcli.compat.migrate.findings import (
    ABSENT,
    DEPRECATED,
    KINDS,
    LEFT_TO_DO,
    MANUAL,
    NOTE,
    RENAME,
    REWRITTEN,
    Finding,
)
from rvcli.compat.migrate.scan import Scan, scan

__all__ = [
    "ABSENT",
    "DEPRECATED",
    "KINDS",
    "LEFT_TO_DO",
    "MANUAL",
    "NOTE",
    "RENAME",
    "REWRITTEN",
    "Finding",
    "Migration",
    "Scan",
    "find_files",
    "migrate_file",
    "scan",
]
