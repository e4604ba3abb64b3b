"""Config of the raster source that reads files through GDAL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field, not_empty, one_of
from rvcli.data.companions import raster_companions
from rvcli.data.raster_source.raster_source_config import (
    RESAMPLING,
    RasterSourceConfig,
    RasterSourceConfigBuilder,
)

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_source.raster_source import RasterSource

READ_BY = (keys.ANALYZE, keys.CHIP, keys.PREDICT, keys.EVAL)


class RasterioSourceConfig(RasterSourceConfig):
    """Read one or several files that GDAL understands; several form one mosaic."""

    key = keys.RASTERIO_SOURCE
    part = "rasterio_source"
    positional = ("uris", "x_shift_meters", "y_shift_meters", "transformers", "channel_order")

    uris: list[str] = field(
        doc="The files; on one grid, with the same bands.",
        check=not_empty,
        input_of=READ_BY,
        example=["image.tif"],
    )
    x_shift_meters: float = field(default=0.0, doc="Shift to the east.", unit="metres")
    y_shift_meters: float = field(default=0.0, doc="Shift to the north.", unit="metres")
    nodata: float | None = field(
        default=None, doc="Value of pixels without data; the files' own if not set."
    )
    subdataset: str | None = field(
        default=None,
        doc="Name of the one to read, in files that hold several rasters, as NetCDF and HDF5.",
    )
    crs: str | None = field(
        default=None,
        doc="CRS that the files are warped to as they are read, such as 'EPSG:32637'; their own"
        " if not set.",
    )
    resampling: str = field(
        default="bilinear",
        doc="How pixels are resampled where `crs` is set.",
        check=one_of(*RESAMPLING),
    )

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Name the files as inputs, and those that local ones are read with."""
        super().report_io(command_type, io_def)
        if command_type in READ_BY:
            io_def.add_inputs([path for uri in self.uris for path in raster_companions(uri)])

    def create_source(
        self,
        tmp_dir: str,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> RasterSource:
        """Create the raster source; files are opened when it is activated."""
        from rvcli.data.raster_source.rasterio_source import RasterioSource

        return RasterioSource(
            self.uris,
            self.create_transformers(),
            tmp_dir,
            channel_order=self.channel_order,
            x_shift_meters=self.x_shift_meters,
            y_shift_meters=self.y_shift_meters,
            nodata=self.nodata,
            subdataset=self.subdataset,
            crs=self.crs,
            resampling=self.resampling,
        )

    def warped_to(self, crs: Any, resampling: str) -> Any:
        """Return a copy that is warped to a CRS as it is read."""
        new = self.clone()
        new.crs, new.resampling = crs and crs.to_wkt(), resampling
        return new

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Put the files of the transformers into the package, but no imagery."""
        new, files = super().save_bundle_files(bundle_dir)
        new.uris = ["image"]
        return new, files

    def for_prediction(self, image_uri: str) -> Any:
        """Return a copy that reads another image; a shift belongs to the one it was set for."""
        new = self.clone()
        new.uris = [image_uri]
        new.x_shift_meters = new.y_shift_meters = 0.0
        return new

    def create_local(self, tmp_dir: str) -> Any:
        """Return a copy whose files are local, fetched if need be."""
        from rvcli.utils.files import download_if_needed

        new = self.clone()
        new.uris = [download_if_needed(uri, tmp_dir) for uri in self.uris]
        return new


class RasterioSourceConfigBuilder(RasterSourceConfigBuilder):
    """Builds RasterioSourceConfig."""

    config_class = RasterioSourceConfig

    def with_uri(self, uri: str) -> Any:
        """Set the one file to read."""
        return self.set(uris=[uri])

    def with_shifts(self, x: float, y: float) -> Any:
        """Set the shift to the east and north, in metres."""
        return self.set(x_shift_meters=x, y_shift_meters=y)

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message, of the older forms as well."""
        part = msg.WhichOneof("raster_source_config")
        if part in ("geotiff_files", "image_file"):
            rest = type(msg)()
            rest.CopyFrom(msg)
            old = getattr(msg, part)
            rest.rasterio_source.uris.extend([old.uri] if part == "image_file" else old.uris)
            if part == "geotiff_files":
                rest.rasterio_source.x_shift_meters = old.x_shift_meters
                rest.rasterio_source.y_shift_meters = old.y_shift_meters
            msg = rest
        return super().from_proto(msg)
