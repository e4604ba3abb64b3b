"""KerasClassification: classifies chips with a network of keras.applications."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.backend.chip_backend import ChipBackend
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.chip_statistics import measure
from rvcli.backend.keras.network import import_keras, make_network, wants_imagenet
from rvcli.backend.keras.options import KerasOptions
from rvcli.backend.keras.training import Training, forget, identity_of, train
from rvcli.backend.model_file import pack_model, unpack_model
from rvcli.backend.onnx_session import open_session
from rvcli.backend.places import TRAIN, VALIDATION, Places
from rvcli.core.box import Box
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.errors import DataError
from rvcli.filesystem import join_uri, resolve
from rvcli.records.digests import sha256_of
from rvcli.utils.files import download_if_needed, json_to_file

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap

log = logging.getLogger(__name__)

FORMAT = "rv keras classification"
VERSION = 1
HISTORY_FILE = "history.json"
_WEIGHTS, _ONNX = "model.weights.h5", "model.onnx"


@dataclass(frozen=True)
class Monitoring:
    """How training is watched.

    Attributes:
        sync_interval_s: seconds after which its state is kept, at the end of an epoch.
        events: write TensorBoard events.
        start_anew: do not go on from a state that was kept.
        show_layers: log the layers of the network.
    """

    sync_interval_s: float = 600
    events: bool = True
    start_anew: bool = False
    show_layers: bool = False


class KerasClassification(ChipBackend):
    """Trains with Keras 3, on whichever engine it runs; predicts with onnxruntime alone."""

    kind = ChipKind.CLASS

    def __init__(
        self,
        class_map: ClassMap,
        places: Places,
        options: KerasOptions,
        monitoring: Monitoring | None = None,
        *,
        seed: int = 0,
    ) -> None:
        """Make a backend.

        Args:
            class_map: the classes of the task.
            places: the URIs of its files.
            options: network and training.
            monitoring: how training is watched.
            seed: of all that is random.
        """
        super().__init__(class_map, places)
        self.options = options
        self.monitoring = monitoring or Monitoring()
        self.seed = seed
        self._session: Any = None
        self._model_ids: list[int] = []
        self._bands = 0

    def train(self, tmp_dir: str) -> None:
        """Train a network on the chip files, and write it with its history.

        Raises:
            ConfigError: there are no chip files to train on, no place for the model, or no such
                network.
            DataError: a chip file is damaged, or the chips show no class of the task.
            MissingDependencyError: Keras is not installed.
        """
        model_uri, train_uri = self.places.model(), self.places.train()
        keras = import_keras()
        keras.utils.set_random_seed(self.seed)
        folder = Path(tmp_dir) / "keras"
        with ChipSet(self.places.chips_of(TRAIN), tmp_dir) as chips:
            chips.check_labels(self.class_ids)
            mean, std = measure(chips)
            bands, dtypes = chips.bands, chips.dtypes
            size_hw = chips.read(0)[0].shape[:2]
            model = self._start(bands, mean, std, tmp_dir)
            if self.monitoring.show_layers:
                model.summary(print_fn=log.info)
            watched = self.places.chips_of(VALIDATION)
            with ChipSet(watched or self.places.chips_of(TRAIN), tmp_dir) as validation:
                chips.check_validation(validation, self.class_ids)
                state = train(
                    model,
                    self.options,
                    chips,
                    validation if watched else None,
                    self.class_ids,
                    identity=self._identity(tmp_dir),
                    train_uri=train_uri,
                    tmp_dir=str(folder),
                    seed=self.seed,
                    sync_interval_s=self.monitoring.sync_interval_s,
                    start_anew=self.monitoring.start_anew,
                )
        json_to_file(asdict(state), join_uri(train_uri, HISTORY_FILE), indent=1)
        self._write_events(state, tmp_dir, train_uri)
        header = {
            "network": asdict(self.options),
            "bands": bands,
            "mean": list(mean),
            "std": list(std),
            "classes": self.class_ids,
            "notes": {
                "dtypes": dtypes,
                "keras": keras.__version__,
                "parameters": int(model.count_params()),
                **asdict(state),
            },
        }
        content = pack_model(FORMAT, VERSION, header, _parts(model, folder, size_hw))
        resolve(model_uri, "w").write_bytes(model_uri, content)
        forget(train_uri)

    def _identity(self, tmp_dir: str) -> str:
        uri = self.places.pretrained_uri
        return identity_of(
            self.options,
            [*self.places.chips_of(TRAIN), *self.places.chips_of(VALIDATION)],
            tmp_dir,
            seed=self.seed,
            pretrained=sha256_of(Path(download_if_needed(uri, tmp_dir))) if uri else "",
        )

    def _start(self, bands: int, mean: Sequence[float], std: Sequence[float], tmp_dir: str) -> Any:
        """Make the network that training starts from."""
        uri = self.places.pretrained_uri
        weights = None if uri else wants_imagenet(self.options)
        model = make_network(
            self.options, bands, len(self.class_ids), mean=mean, std=std, weights=weights
        )
        if uri:
            _, parts = unpack_model(Path(download_if_needed(uri, tmp_dir)), uri, FORMAT, VERSION)
            path = Path(tmp_dir) / "pretrained.weights.h5"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(parts[_WEIGHTS])
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error", UserWarning)  # of layers that would be left out
                    model.load_weights(path)
            except (ValueError, UserWarning) as error:
                raise DataError(
                    f"the model {uri} does not fit: {str(error).splitlines()[0]}",
                    hint="training starts from a model of the same network, bands and classes",
                ) from error
        return model

    def _write_events(self, state: Training, tmp_dir: str, train_uri: str) -> None:
        from rvcli.backend.events import TensorBoardEvents

        events = TensorBoardEvents(self.monitoring.events, tmp_dir, train_uri)
        for number, figures in enumerate(state.epochs, start=1):
            events.add(figures, number)
        events.close()

    def load_model(self, tmp_dir: str) -> None:
        """Load the model.

        Raises:
            DataError: it is no whole model, or of other classes.
        """
        uri = self.places.model()
        path = Path(download_if_needed(uri, tmp_dir))
        header, parts = unpack_model(path, uri, FORMAT, VERSION)
        self.check_classes(header["classes"], uri)
        self._model_ids = list(header["classes"])
        self._bands = int(header["bands"])
        self.dtypes = list(header["notes"]["dtypes"])
        self._session = open_session(parts[_ONNX], uri)

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> ChipClassificationLabels:
        """Classify some windows.

        Args:
            chips: arrays of one shape (height, width, bands).
            windows: pixel coordinates, half-open.
            tmp_dir: not used.

        Raises:
            DataError: the imagery has other bands than were trained on.
        """
        if self._session is None:
            self.load_model(tmp_dir)
        self.warn_of_dtypes(chips)
        images = np.stack(chips).astype(np.float32)
        if images.shape[3] != self._bands:
            raise DataError(
                f"the imagery has {images.shape[3]} bands, but the model was trained on"
                f" {self._bands}",
                hint="predict imagery with the bands of the training imagery, in their order",
            )
        model_input = self._session.get_inputs()[0]
        if list(images.shape[1:3]) != model_input.shape[1:3]:
            raise DataError(
                f"the chips are {images.shape[1]} x {images.shape[2]} pixels, but the model takes"
                f" {model_input.shape[1]} x {model_input.shape[2]}",
                hint="predict with the cell size of the training",
            )
        (scores,) = self._session.run(None, {model_input.name: images})
        everywhere = np.zeros((len(images), len(self.class_ids)))
        everywhere[:, [self.class_ids.index(class_id) for class_id in self._model_ids]] = scores
        return ChipClassificationLabels.from_scores(windows, everywhere, self.class_ids)


def _parts(model: Any, folder: Path, size_hw: tuple[int, ...]) -> dict[str, bytes]:
    """Give the weights for further training, and for prediction the network for chips of a size."""
    shape = (None, *size_hw, model.input_shape[-1])
    signature = [import_keras().InputSpec(shape=shape, dtype="float32")]
    model.save_weights(folder / _WEIGHTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, of what is constant on purpose
        model.export(folder / _ONNX, format="onnx", input_signature=signature, verbose=False)
    return {name: (folder / name).read_bytes() for name in (_WEIGHTS, _ONNX)}
