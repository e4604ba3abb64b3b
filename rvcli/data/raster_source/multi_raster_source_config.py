"""Config of the raster source that stacks others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Problem, field, not_empty, one_of
from rvcli.data.raster_source.raster_source_config import (
    RESAMPLING,
    RasterSourceConfig,
    RasterSourceConfigBuilder,
    as_raster_source,
)
from rvcli.data.raster_transformer.cast_transformer_config import DTYPES
from rvcli.errors import DataError
from rvcli.filesystem import absolute_uri, shown

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_source.raster_source import RasterSource


class StackedSourceConfig(RasterSourceConfig):
    """How sources, or assets of an item, become one image."""

    primary: int | None = field(
        default=None,
        doc="Place, from 0, of the one whose grid and extent the image has; the one with the"
        " smallest pixels if not set.",
    )
    resampling: str | list[str] = field(
        default="bilinear",
        doc="How those on other grids are resampled: 'nearest', 'bilinear' or 'average'; one for"
        " all, or one for each.",
    )
    dtype: str | None = field(
        default=None,
        doc="Data type of all bands; one that holds them all if not set.",
        check=one_of(*DTYPES),
    )


class MultiRasterSourceConfig(StackedSourceConfig):
    """Stack several raster sources of one place as the bands of one image."""

    key = keys.MULTI_RASTER_SOURCE
    positional = ("raster_sources", "primary", "resampling")

    raster_sources: list[RasterSourceConfig] = field(
        doc="The sources, in the order of their bands.", group=keys.RASTER_SOURCE, check=not_empty
    )

    def problems(self) -> Iterable[Problem]:
        """Check what the sources and their options say of each other."""
        yield from super().problems()
        yield from resampling_problems(self.resampling, len(self.raster_sources))
        count = len(self.raster_sources)
        if self.primary is not None and not 0 <= self.primary < count:
            yield Problem("$.primary", f"must be from 0 to {count - 1}, not {self.primary}")
        for i, source in enumerate(self.raster_sources):
            if any(getattr(t, "uses_image_bands", False) for t in source.transformers or []):
                yield Problem(
                    f"$.raster_sources[{i}].transformers",
                    "uses statistics, which are of the whole stack: put this transformer there",
                )

    def create_source(
        self,
        tmp_dir: str,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> RasterSource:
        """Create the raster source; files are opened when it is activated."""
        from rvcli.data.raster_source.multi_raster_source import MultiRasterSource

        scene = (tmp_dir, crs_transformer, extent, class_map)
        sources = [source.create_source(*scene) for source in self.raster_sources]
        if self.primary is not None:
            crs = sources[self.primary].get_crs_transformer().get_image_crs()
            for i, source in enumerate(sources):
                own = source.get_crs_transformer().get_image_crs()
                warped = self.raster_sources[i].warped_to(crs, self._resampling_of(i))
                if None not in (own, crs, warped) and own != crs:
                    sources[i] = warped.create_source(*scene)
        return MultiRasterSource(
            sources,
            self.primary,
            self.resampling,
            self.channel_order,
            self.create_transformers(),
            self.dtype,
        )

    def _resampling_of(self, number: int) -> str:
        return self.resampling if isinstance(self.resampling, str) else self.resampling[number]

    def absolute_image(self, image_uri: str) -> str:
        """Return the images for `for_prediction`, with absolute URIs, as a JSON list."""
        return json.dumps([absolute_uri(uri) for uri in split_images(image_uri)])

    def for_prediction(self, image_uri: str) -> Any:
        """Return a copy that reads other images.

        Args:
            image_uri: one for each raster source, in their order, with commas between them; or
                a JSON list, for names with commas.

        Raises:
            DataError: there are more or fewer.
        """
        uris = split_images(image_uri)
        if len(uris) != len(self.raster_sources):
            raise DataError(
                f"the model reads {len(self.raster_sources)} images that lie on each other, and"
                f" {', '.join(map(shown, uris))} names {len(uris)}",
                hint="name one for each raster source, in their order, with commas between them:"
                " first.tif,second.tif",
            )
        sources = zip(self.raster_sources, uris, strict=True)
        return self._with([source.for_prediction(uri) for source, uri in sources])

    def create_local(self, tmp_dir: str) -> Any:
        """Return a copy whose files are local, fetched if need be."""
        return self._with([source.create_local(tmp_dir) for source in self.raster_sources])

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Put the files of the transformers into the package, but no imagery."""
        new, files = super().save_bundle_files(bundle_dir)
        saved = [source.save_bundle_files(bundle_dir) for source in self.raster_sources]
        new.raster_sources = [source for source, _ in saved]
        return new, [*files, *(path for _, paths in saved for path in paths)]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the files of the transformers where the package was unpacked."""
        new = super().load_bundle_files(bundle_dir)
        new.raster_sources = [s.load_bundle_files(bundle_dir) for s in self.raster_sources]
        return new

    def _with(self, raster_sources: list[Any]) -> Any:
        new = self.clone()
        new.raster_sources = raster_sources
        return new


class MultiRasterSourceConfigBuilder(RasterSourceConfigBuilder):
    """Builds MultiRasterSourceConfig."""

    config_class = MultiRasterSourceConfig

    def with_raster_sources(self, raster_sources: Sequence[str | RasterSourceConfig]) -> Any:
        """Set the sources, each by config or by URI, in the order of their bands."""
        if isinstance(raster_sources, str):
            return self.set(raster_sources=raster_sources)  # whose error says what it must be
        return self.set(raster_sources=[as_raster_source(s, None) for s in raster_sources])

    def with_raster_source(
        self, raster_source: str | RasterSourceConfig, channel_order: list[int] | None = None
    ) -> Any:
        """Add one source after those that are set, by config or by URI."""
        added = as_raster_source(raster_source, channel_order)
        return self.set(raster_sources=[*(self.config.get("raster_sources") or []), added])


def split_images(image_uri: str) -> list[str]:
    """Return the URIs in a text: between commas, or in a JSON list."""
    if image_uri.lstrip().startswith("["):
        try:
            return [str(uri) for uri in json.loads(image_uri)]
        except ValueError:
            pass  # a file's name may begin with a bracket
    return [uri.strip() for uri in image_uri.split(",") if uri.strip()]


def resampling_problems(resampling: str | list[str], count: int) -> Iterable[Problem]:
    """Check the ways of resampling for some sources."""
    named = [resampling] if isinstance(resampling, str) else resampling
    if any(name not in RESAMPLING for name in named):
        known = ", ".join(repr(name) for name in RESAMPLING)
        yield Problem("$.resampling", f"must be one of {known}, not {resampling!r}")
    elif not isinstance(resampling, str) and len(named) != count:
        yield Problem("$.resampling", f"has {len(named)} values for {count} sources")
