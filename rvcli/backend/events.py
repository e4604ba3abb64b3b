"""Events of a training for TensorBoard."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from rvcli.filesystem import join_uri
from rvcli.utils.files import sync_to_dir

log = logging.getLogger(__name__)

TENSORBOARD_DIR = "tensorboard"


class TensorBoardEvents:
    """Writes figures of epochs as TensorBoard events, where the package tensorboard is installed.

    Attributes:
        uri: directory of the events.
    """

    def __init__(self, wanted: bool, tmp_dir: str, train_uri: str) -> None:
        """Open a file of events.

        Args:
            wanted: False to write none.
            tmp_dir: local directory for the events on their way.
            train_uri: directory of what training writes.
        """
        self._dir = join_uri(tmp_dir, TENSORBOARD_DIR)
        self.uri = join_uri(train_uri, TENSORBOARD_DIR)
        self._writer = _writer(self._dir) if wanted else None

    @property
    def written(self) -> bool:
        """Whether there are any events."""
        return self._writer is not None

    def add(self, figures: Mapping[str, float], epoch: int) -> None:
        """Write the figures of an epoch, by name."""
        if self._writer is None:
            return
        for name, value in figures.items():
            self._writer.add_scalar(name, value, epoch)

    def publish(self) -> None:
        """Copy the events to their place."""
        if self._writer is not None:
            self._writer.flush()
            sync_to_dir(self._dir, self.uri)

    def close(self) -> None:
        """Publish the events and close their file."""
        self.publish()
        if self._writer is not None:
            self._writer.close()


def _writer(directory: str) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        log.warning(
            "no TensorBoard events are written: the package tensorboard, or torch to write them,"
            " is not installed"
        )
        return None
    return SummaryWriter(directory)
