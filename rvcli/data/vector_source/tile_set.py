"""Where vector tiles are kept: one by one by URI, or all in an .mbtiles file."""

from __future__ import annotations

import contextvars
import gzip
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rvcli.data.vector_source.downloads import folder_of
from rvcli.data.vector_source.tile_grid import Tile
from rvcli.data.vector_source.tile_uri import is_template
from rvcli.errors import ConfigError, DataError, NotReadableError
from rvcli.filesystem import resolve

_FETCHED_AT_ONCE = 8
_GZIP = b"\x1f\x8b"


class TileSet(ABC):
    """Vector tiles of one zoom.

    Attributes:
        uri: of the tiles.
        zoom: their zoom.
    """

    uri: str
    zoom: int

    @abstractmethod
    def read(self, tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
        """Give the content of tiles; those that do not exist, or are empty, are left out."""


def open_tiles(uri: str, zoom: int | None) -> TileSet:
    """Return the tiles at a URI.

    Args:
        uri: with {z}, {x} and {y}, or of an .mbtiles file.
        zoom: None is the highest of an .mbtiles file.

    Raises:
        ConfigError: the URI does not say what tiles it names, or the zoom is missing.
    """
    if not is_template(uri):
        return MBTiles(uri, zoom)
    if zoom is None:
        raise ConfigError(f"{uri} does not say its zoom", hint="set it, as with_zoom(14)")
    return TemplateTiles(uri, zoom)


class TemplateTiles(TileSet):
    """Tiles by URI: {y} counts rows from the north, {-y} from the south."""

    def __init__(self, uri: str, zoom: int) -> None:
        """Name the tiles."""
        self.uri, self.zoom = uri, zoom

    def tile_uri(self, tile: Tile) -> str:
        """Return the URI of a tile."""
        values = {"{z}": tile.z, "{x}": tile.x, "{y}": tile.y, "{-y}": 2**tile.z - 1 - tile.y}
        uri = self.uri
        for name, value in values.items():
            uri = uri.replace(name, str(value))
        return uri

    def read(self, tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
        """Give the content of tiles, fetched some at a time.

        Raises:
            NotReadableError: a tile cannot be read for another reason than that there is none.
        """
        with ThreadPoolExecutor(_FETCHED_AT_ONCE) as pool:
            # File systems are found through the context.
            waiting = [
                pool.submit(contextvars.copy_context().run, read_tile, self.tile_uri(tile))
                for tile in tiles
            ]
            try:
                for tile, content in zip(tiles, waiting, strict=True):
                    data = content.result()
                    if data:
                        yield tile, data
            finally:
                pool.shutdown(cancel_futures=True)


def read_tile(uri: str) -> bytes | None:
    """Return the content of a tile, None if there is no such tile.

    Raises:
        NotReadableError: it cannot be read.
    """
    fs = resolve(uri)
    try:
        return unpacked(fs.read_bytes(uri), uri)
    except NotReadableError:
        if fs.file_exists(uri, include_dir=False):
            raise
        return None


def unpacked(data: bytes, name: str) -> bytes:
    """Return the content of a tile, which may be compressed.

    Raises:
        DataError: it is broken.
    """
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as e:
        raise DataError(f"the tile {name} cannot be unpacked: {e}") from e


class MBTiles(TileSet):
    """Tiles in an SQLite file, see https://github.com/mapbox/mbtiles-spec."""

    def __init__(self, uri: str, zoom: int | None) -> None:
        """Open the file.

        Raises:
            DataError: it holds no vector tiles, or none of the zoom.
        """
        from rvcli.utils.files import download_if_needed

        self.uri = uri
        self._path = download_if_needed(uri, folder_of(self))
        with self._opened() as connection:
            self.zoom = self._zoom(connection, zoom)

    def _zoom(self, connection: sqlite3.Connection, zoom: int | None) -> int:
        kind = connection.execute("SELECT value FROM metadata WHERE name = 'format'").fetchone()
        if kind is not None and kind[0] != "pbf":
            raise DataError(
                f"{self.uri} holds {kind[0]} tiles, which are images",
                hint="use it as a raster source, or find the vector tiles",
            )
        low, high = connection.execute(
            "SELECT min(zoom_level), max(zoom_level) FROM tiles"
        ).fetchone()
        if low is None:
            raise DataError(f"{self.uri} holds no tiles")
        if zoom is not None and not low <= zoom <= high:
            raise DataError(
                f"{self.uri} has no tiles of zoom {zoom}", hint=f"its zooms are {low} to {high}"
            )
        return int(high if zoom is None else zoom)

    def read(self, tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
        """Give the content of tiles."""
        query = (
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        )
        with self._opened() as connection:
            for tile in tiles:
                # Rows count from the south.
                found = connection.execute(query, (tile.z, tile.x, 2**tile.z - 1 - tile.y))
                row: Any = found.fetchone()
                if row is not None and row[0]:
                    yield tile, unpacked(bytes(row[0]), f"{tile} of {self.uri}")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            address = f"{Path(self._path).absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as connection:
                yield connection
        except sqlite3.Error as e:
            raise DataError(
                f"{self.uri} is no .mbtiles file: {e}", hint="check that it is whole"
            ) from e
