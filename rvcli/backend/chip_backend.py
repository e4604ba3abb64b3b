"""ChipBackend: stores chips in files, for backends that learn from them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rvcli.backend.backend import Backend
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.places import CHIPS_EXTENSION, TRAIN, VALIDATION, Places
from rvcli.errors import DataError
from rvcli.filesystem import join_uri
from rvcli.utils.files import upload_or_move

if TYPE_CHECKING:
    from rvcli.backend.history import History
    from rvcli.core.class_map import ClassMap
    from rvcli.core.training_data import TrainingData

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SceneChips:
    """The chips of one scene in a local file, on their way to their place."""

    scene_id: str
    path: Path


class ChipBackend(Backend):
    """Keeps the chips of each scene in one file; a subclass trains on them and predicts.

    Attributes:
        kind: what the labels of its chips are.
        class_map: the classes of the task.
        places: the URIs of its files.
        dtypes: names of the data types of the imagery that the loaded model was trained on, to
            warn of others; empty if unknown.
    """

    kind: ClassVar[ChipKind]

    def __init__(self, class_map: ClassMap, places: Places) -> None:
        self.class_map = class_map
        self.places = places
        self.debug_uri = join_uri(places.chip_uri, "debug") if places.chip_uri else None
        self.dtypes: list[str] = []
        self._warned: set[str] = set()

    @property
    def class_ids(self) -> list[int]:
        """The ids of the classes, sorted, without 0."""
        return sorted(item.id for item in self.class_map.get_items() if item.id != 0)

    def process_scene_data(self, scene: Any, data: TrainingData, tmp_dir: str) -> SceneChips:
        """Write the chips of one scene into one local file."""
        from rvcli.backend.chip_files import write_chips

        self.places.chips(scene.id, TRAIN)  # a missing place is told before the work
        Path(tmp_dir).mkdir(parents=True, exist_ok=True)
        path = Path(tmp_dir) / f"chips-{uuid.uuid4().hex}{CHIPS_EXTENSION}"
        write_chips(path, self._arrays(data), scene.id, self.class_ids, self.kind)
        return SceneChips(scene.id, path)

    def _arrays(self, data: Iterable[Any]) -> Iterator[tuple[Any, Any, Any]]:
        to_array = _TO_ARRAY[self.kind]
        for chip, window, labels in data:
            array = to_array(labels, window)
            # A cell without data is not predicted either.
            is_blank = self.kind is ChipKind.CLASS and not chip.any()
            if array is not None and not is_blank:
                yield chip, window, array

    def process_sceneset_results(
        self,
        training_results: Sequence[SceneChips],
        validation_results: Sequence[SceneChips],
        tmp_dir: str,
    ) -> None:
        """Put the files where training finds them."""
        for use, results in ((TRAIN, training_results), (VALIDATION, validation_results)):
            for chips in results:
                upload_or_move(str(chips.path), self.places.chips(chips.scene_id, use))

    def keep_history(self, history: History) -> None:
        """Write how training went into the train directory, where reports look, if there is one."""
        if self.places.train_uri:
            history.save(self.places.train_uri)

    def check_classes(self, class_ids: Iterable[int], uri: str) -> None:
        """Check that a model has only classes of the task.

        Raises:
            DataError: it has others.
        """
        strange = sorted(set(class_ids) - set(self.class_ids))
        if strange:
            raise DataError(
                f"the model {uri} has classes {strange[:10]} that the task does not have",
                hint="use the task that it was trained for",
            )

    def warn_of_dtypes(self, chips: Sequence[Any]) -> None:
        """Warn once of each data type that was not trained on."""
        strange = {chip.dtype.name for chip in chips}.difference(self.dtypes, self._warned)
        if not self.dtypes or not strange:
            return
        self._warned |= strange
        log.warning(
            "the imagery is %s, but the model was trained on %s: if its values are not on one"
            " scale, the classes are wrong",
            ", ".join(sorted(strange)),
            ", ".join(self.dtypes),
        )


def _pixels(labels: Any, window: Any) -> Any:
    return labels.get_label_arr(window)


def _class(labels: Any, window: Any) -> Any:
    return labels.get_cell_class_id(window) or None


def _boxes(labels: Any, window: Any) -> Any:
    import numpy as np

    boxes = np.asarray(labels.get_npboxes(), np.float64).reshape(-1, 4)
    local = boxes - [window.ymin, window.xmin] * 2
    return np.column_stack([local, labels.get_class_ids()])


# How the labels of a window become what a chip file holds; None leaves the chip out.
_TO_ARRAY = {ChipKind.PIXELS: _pixels, ChipKind.CLASS: _class, ChipKind.BOXES: _boxes}
