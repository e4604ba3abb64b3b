"""Predictions of many images with one package: what differs, what fails, what is there already."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from rvcli.cli.boundary import report
from rvcli.cli.images import listed
from rvcli.cli.state import State
from rvcli.errors import DataError, FileSystemError, known_error
from rvcli.filesystem import is_local, shown, to_path

log = logging.getLogger(__name__)

# Of one kind of difference, how many images are told of one by one.
_MOST_TOLD = 3


@dataclass
class Predictions:
    """Predicts images one after the other, with one model.

    Attributes:
        predictor: of the package.
        state: of the command line.
        assets: of STAC items, those that are read.
        aoi: URI of the areas to predict; everywhere if None.
        is_strict: an image that differs from the training imagery is an error.
        skips_existing: predictions that are there already stay.
        is_many: names of images go before what is said of them, and one that fails does not stop
            the others.
    """

    predictor: Any
    state: State
    assets: tuple[str, ...] = ()
    aoi: str | None = None
    is_strict: bool = False
    skips_existing: bool = False
    is_many: bool = False
    _told: Counter[str] = field(default_factory=Counter)

    def run(self, images: Sequence[str], outputs: Sequence[str], configs: Sequence[Any]) -> None:
        """Predict all of them.

        Args:
            images, outputs: as `Predictor.predict` takes them.
            configs: where the message of each scene goes; None is nowhere.

        Raises:
            DataError: one or more failed.
        """
        self._check_first(outputs)
        failed = []
        for image, output, config in zip(images, outputs, configs, strict=True):
            try:
                self._predict(image, output, config)
            except Exception as error:
                known = known_error(error)
                if not self.is_many or (isinstance(known, FileSystemError) and known.concerns_all):
                    raise
                click.echo(f"{shown(image)}:", err=True)
                report(error, self.state)
                failed.append(shown(image))
        self._tell_rest()
        if failed:
            raise DataError(
                f"{len(failed)} of {len(images)} images were not predicted: {listed(failed)}",
                hint="the others are done: --skip-existing leaves them as they are"
                if len(failed) < len(images)
                else None,
            )

    def _check_first(self, outputs: Sequence[str]) -> None:
        """Refuse at once what would be wrong with each image.

        Raises:
            DataError: the format is not to be had, or there is no file of areas.
        """
        from rvcli.predictor import Predictor

        if isinstance(self.predictor, Predictor):
            self.predictor.check_output(outputs[0])
        if self.aoi and is_local(self.aoi) and not to_path(self.aoi).exists():
            raise DataError(
                f"there is no file {self.aoi!r}", hint="--aoi names a vector file of polygons"
            )

    def _predict(self, image: str, output: str, config: str | None) -> None:
        if self.skips_existing and _exists(output):
            self._say(f"there already: {output}")
            return
        self._compare(image)
        # What stands in the place of the predictor may know the old arguments only.
        options = {"aoi_uri": self.aoi, "assets": self.assets}
        given = {name: value for name, value in options.items() if value}
        self.predictor.predict(image, output, config, **given)
        self._say(f"predictions: {output}")

    def _compare(self, image: str) -> None:
        """Warn where an image differs from those that the model was trained on.

        Raises:
            DataError: it cannot be predicted, or strict.
        """
        found = self._differences(image)
        name = f"{shown(image)}: " if self.is_many else ""
        for difference in found:
            if difference.is_fatal or self.is_strict:
                raise DataError(difference.error, hint=difference.advice)
            self._told[difference.what] += 1
            if self._told[difference.what] <= _MOST_TOLD and not self.state.is_quiet:
                _warn(f"{name}{difference}")

    def _differences(self, image: str) -> list[Any]:
        from rvcli.package.check import training_facts
        from rvcli.package.differences import differences
        from rvcli.predictor import Predictor

        if not isinstance(self.predictor, Predictor):
            return []
        try:
            training = training_facts(self.predictor)
            return differences(self.predictor, training, image, self.assets)
        except Exception:  # the prediction, which reads the same image, says what is wrong
            log.debug("%s is not compared with the training imagery", shown(image), exc_info=True)
            return []

    def _tell_rest(self) -> None:
        for what, count in self._told.items():
            if count > _MOST_TOLD and not self.state.is_quiet:
                _warn(f"{what}: {count - _MOST_TOLD} more images differ")

    def _say(self, text: str) -> None:
        if not self.state.is_quiet:
            print(text)
            sys.stdout.flush()


def _exists(uri: str) -> bool:
    from rvcli.utils.files import file_exists

    return file_exists(uri, include_dir=False)


def _warn(text: str) -> None:
    from rvcli.cli.state import warn

    warn([text])
