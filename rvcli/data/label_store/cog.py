"""Cloud Optimized GeoTIFFs put together from tiles that are compressed already.

GDAL's own driver makes such a file from another one: it reads, compresses and writes every pixel
a second time. Here the tiles of an image and of its overviews, each a plain tiled GeoTIFF, are
copied as they are.

See https://gdal.org/en/stable/drivers/raster/cog.html for the order of the file, and
https://www.awaresystems.be/imaging/tiff.html for its parts.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rvcli.errors import DataError

_NEW_SUBFILE_TYPE, _REDUCED_IMAGE = 254, 1
_TILE_OFFSETS, _TILE_BYTE_COUNTS = 324, 325
_SHORT, _LONG, _LONG8 = 3, 4, 16
_FORMATS = {_SHORT: "H", _LONG: "I", _LONG8: "Q"}
# Bytes of one value, by type: 1 BYTE, 2 ASCII, 3 SHORT, ...
_SIZES = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), start=1)) | {16: 8, 17: 8, 18: 8}
# What GDAL reads to know that a tile may be fetched without looking its place up.
_LAYOUT = (
    b"LAYOUT=IFDS_BEFORE_DATA\n"
    b"BLOCK_ORDER=ROW_MAJOR\n"
    b"BLOCK_LEADER=SIZE_AS_UINT4\n"
    b"BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n"
    b"KNOWN_INCOMPATIBLE_EDITION=NO\n "
)
_GHOST = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(_LAYOUT) + _LAYOUT
_LEADER = struct.Struct("<I")
_AROUND_TILE = 2 * _LEADER.size
_CLASSIC_LIMIT = 2**32 - 2**16


def write_cog(levels: Sequence[Path], path: Path) -> None:
    """Write a Cloud Optimized GeoTIFF.

    Args:
        levels: little-endian tiled GeoTIFFs: the image, then its overviews from large to small.
        path: of the file to write.

    Raises:
        OSError: it cannot be written.
    """
    parts = [_read_level(level, is_overview=i > 0) for i, level in enumerate(levels)]
    total = sum(part.data_size + 64 * len(part.counts) for part in parts)
    form = _BIG if total > _CLASSIC_LIMIT else _CLASSIC
    with path.open("wb") as file:
        file.write(_head(parts, form))
        for part in reversed(parts):
            _copy_tiles(part, file)


@dataclass(frozen=True)
class _Level:
    """One image: its tags, but for those that say where its tiles are, and its tiles.

    Attributes:
        tags: {tag: (type, number of values, their bytes)}.
        offsets: where tiles begin in the file that they are in, row by row; 0 is no tile.
        counts: their sizes in bytes.
    """

    path: Path
    tags: dict[int, tuple[int, int, bytes]]
    offsets: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def data_size(self) -> int:
        """Bytes of the tiles with what stands around them."""
        return sum(count + _AROUND_TILE for count in self.counts if count)


@dataclass(frozen=True)
class _Form:
    """Classic TIFF or BigTIFF: the formats of its header and directories."""

    start: bytes
    pointer: str
    count: str
    entry: str

    @property
    def pointer_size(self) -> int:
        return struct.calcsize(self.pointer)

    @property
    def offsets_type(self) -> int:
        return _LONG8 if self.pointer == "<Q" else _LONG

    @property
    def directories_start(self) -> int:
        return _even(len(self.start) + self.pointer_size + len(_GHOST))


_CLASSIC = _Form(b"II*\0", "<I", "<H", "<HHI")
_BIG = _Form(b"II+\0\x08\0\0\0", "<Q", "<Q", "<HHQ")


def _even(size: int) -> int:
    return size + size % 2


def _read_level(path: Path, is_overview: bool) -> _Level:
    with path.open("rb") as file:
        form = _BIG if file.read(4) == _BIG.start[:4] else _CLASSIC
        file.seek(len(form.start))
        (directory,) = _read(file, form.pointer)
        file.seek(directory)
        (entries,) = _read(file, form.count)
        size = struct.calcsize(form.entry) + form.pointer_size
        table = file.read(entries * size)
        tags = {}
        for start in range(0, len(table), size):
            tag, kind, count = struct.unpack_from(form.entry, table, start)
            value = table[start + size - form.pointer_size : start + size]
            length = _SIZES[kind] * count
            if length > form.pointer_size:
                file.seek(struct.unpack(form.pointer, value)[0])
                value = file.read(length)
            tags[tag] = (kind, count, value[:length])
    if _TILE_OFFSETS not in tags:
        raise DataError(f"{path} is not tiled: no Cloud Optimized GeoTIFF can be made of it")
    offsets, counts = (_numbers(tags.pop(tag)) for tag in (_TILE_OFFSETS, _TILE_BYTE_COUNTS))
    if is_overview:
        tags[_NEW_SUBFILE_TYPE] = (_LONG, 1, struct.pack("<I", _REDUCED_IMAGE))
    return _Level(path, tags, offsets, counts)


def _read(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _numbers(tag: tuple[int, int, bytes]) -> tuple[int, ...]:
    kind, count, value = tag
    return struct.unpack(f"<{count}{_FORMATS[kind]}", value)


def _head(parts: Sequence[_Level], form: _Form) -> bytes:
    """Return all that stands before the tiles: header, layout and directories."""
    # Directories do not change in size when the places of tiles are known.
    sizes = [len(_directory(part, [0] * len(part.counts), form, 0, 0)) for part in parts]
    starts = [form.directories_start + sum(sizes[:i]) for i in range(len(parts) + 1)]
    places: list[list[int]] = [[] for _ in parts]
    end = starts[-1]
    for i in reversed(range(len(parts))):
        for count in parts[i].counts:
            places[i].append(end + _LEADER.size if count else 0)
            end += count + _AROUND_TILE if count else 0
    head = form.start + struct.pack(form.pointer, form.directories_start) + _GHOST
    following = [*starts[1:-1], 0]
    return head.ljust(form.directories_start, b"\0") + b"".join(
        _directory(part, places[i], form, starts[i], following[i]) for i, part in enumerate(parts)
    )


def _directory(
    part: _Level, places: Sequence[int], form: _Form, start: int, following: int
) -> bytes:
    """Return a directory with its values, as it stands at `start` in the file."""
    number = len(places)
    offsets = struct.pack(f"<{number}{_FORMATS[form.offsets_type]}", *places)
    tags = {
        **part.tags,
        _TILE_OFFSETS: (form.offsets_type, number, offsets),
        _TILE_BYTE_COUNTS: (_LONG, number, struct.pack(f"<{number}I", *part.counts)),
    }
    entry_size = struct.calcsize(form.entry) + form.pointer_size
    fixed_size = struct.calcsize(form.count) + len(tags) * entry_size + form.pointer_size
    end = start + _even(fixed_size)
    entries, values = [struct.pack(form.count, len(tags))], []
    for tag in sorted(tags):
        kind, count, value = tags[tag]
        entries.append(struct.pack(form.entry, tag, kind, count))
        if len(value) <= form.pointer_size:
            entries.append(value.ljust(form.pointer_size, b"\0"))
        else:
            entries.append(struct.pack(form.pointer, end))
            values.append(value.ljust(_even(len(value)), b"\0"))
            end += len(values[-1])
    entries.append(struct.pack(form.pointer, following))
    return b"".join(entries).ljust(_even(fixed_size), b"\0") + b"".join(values)


def _copy_tiles(part: _Level, file: BinaryIO) -> None:
    """Write the tiles, each after its size and before its last four bytes once more."""
    with part.path.open("rb") as source:
        for offset, count in zip(part.offsets, part.counts, strict=True):
            if count:
                source.seek(offset)
                tile = source.read(count)
                file.write(_LEADER.pack(count) + tile + tile[-_LEADER.size :])
