"""KerasClassification: learns chips, goes on where it was killed, predicts without Keras."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_files import write_chips
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.keras.options import KerasOptions, model_defaults
from rvcli.backend.places import Places, chips_uri
from rvcli.command.bundle_command_config import BundleCommandConfig
from rvcli.config import InvalidConfigError
from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.training_data import TrainingData
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.errors import ConfigError, DataError
from rvcli.stac.model_facts import read_model_facts
from rvcli.stac.model_item import model_item
from rvcli.stac.training import Training as Before

if find_spec("keras") is None or find_spec("torch") is None:
    pytest.skip("Keras or its engine is not installed", allow_module_level=True)

import rvcli as rv
from rvcli.backend.keras import network, training
from rvcli.backend.keras.samples import varied
from rvcli.backend.keras_classification import KerasClassification, Monitoring

# Keras's own way of making arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CLASSES = ClassMap([ClassItem(1, "dark"), ClassItem(4, "bright")])
SMALL = KerasOptions.read(
    {
        "model": {"type": "MOBILENETV3SMALL", "weights": None},
        "trainer": {
            "optimizer": {"initLr": 0.003},
            "options": {"nbEpochs": 2, "batchSize": 4, "saveBest": False},
        },
    }
)
SIZE = 32


def chip_of(class_id: int, rng: np.random.Generator, bands: int) -> Any:
    """Draw a dark or a bright chip."""
    level = 300 if class_id == 1 else 900
    return rng.normal(level, 60, (SIZE, SIZE, bands)).clip(1).astype(np.uint16)


def windows_of(count: int) -> list[Box]:
    """Give cells side by side."""
    return [Box(0, SIZE * index, SIZE, SIZE * (index + 1)) for index in range(count)]


def data_of(count: int, seed: int, bands: int = 4) -> TrainingData:
    """Draw chips of both classes in turn."""
    rng = np.random.default_rng(seed)
    data = TrainingData()
    for index, window in enumerate(windows_of(count)):
        class_id = (1, 4)[index % 2]
        labels = ChipClassificationLabels()
        labels.set_cell(window, class_id)
        data.append(chip_of(class_id, rng, bands), window, labels)
    return data


def backend_of(
    root: Path, options: KerasOptions = SMALL, monitoring: Monitoring | None = None, **more: Any
) -> KerasClassification:
    """Make a backend with its files below a root."""
    chip_uri = f"{root}/chip"
    places = Places(
        chip_uri=chip_uri,
        train_chip_uris=(chips_uri(chip_uri, "a"),),
        validation_chip_uris=(chips_uri(chip_uri, "b", "validation"),),
        train_uri=f"{root}/train",
    )
    return KerasClassification(
        CLASSES, replace(places, **more), options, monitoring or Monitoring(events=False)
    )


@pytest.fixture(scope="module")
def chips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write chips to train and to validate on, and give their root."""
    root = tmp_path_factory.mktemp("chips")
    backend = backend_of(root)
    results = [
        [
            backend.process_scene_data(
                SimpleNamespace(id=name), data_of(count, seed), str(root / "t")
            )
        ]
        for name, count, seed in (("a", 12, 0), ("b", 4, 1))
    ]
    backend.process_sceneset_results(results[0], results[1], str(root / "t"))
    return root


@pytest.fixture(scope="module")
def trained(chips: Path) -> Path:
    """Train on the chips, and give the root."""
    backend_of(chips, monitoring=Monitoring()).train(str(chips / "tmp"))
    return chips


def test_its_model_says_what_it_is(trained: Path, validate_item: Any) -> None:
    """The metadata of a model are read from its file alone, and are valid."""
    facts = read_model_facts(trained / "train/model.zip")
    assert ("Keras", 4) == (facts.framework, facts.bands)
    assert 0 < (facts.parameters or 0)
    task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes({"a": 1, "b": 4}).build()
    backend = rv.BackendConfig.builder(rv.KERAS_CLASSIFICATION).with_task(task).build()
    source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri("image.tif").build()
    scene = rv.SceneConfig.builder().with_id("s").with_raster_source(source).build()
    config = BundleCommandConfig(str(trained), task, backend, scene, [])
    item = model_item(config, trained / "train", facts, Before())
    validate_item(item)
    assert ["scene-classification"] == item["properties"]["mlm:tasks"]
    assert item["geometry"] is None


def scores_of(backend: KerasClassification, bands: int = 4) -> Any:
    """Predict four chips and give their scores."""
    rng = np.random.default_rng(5)
    images = [chip_of(class_id, rng, bands) for class_id in (1, 4, 1, 4)]
    labels = backend.predict(images, windows_of(4), "unused")
    return np.array(labels.get_scores())


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the export, which takes seconds, where only the training matters."""
    monkeypatch.setattr("rvcli.backend.keras_classification._parts", lambda *_: {})


@pytest.mark.usefixtures("no_export")
def test_it_learns(chips: Path, tmp_path: Path) -> None:
    """Dark and bright chips are told apart after a few steps, in four bands of uint16."""
    options = replace(SMALL, epochs=6, save_best=True)
    backend = backend_of(chips, options, train_uri=str(tmp_path / "train"))
    backend.train(str(tmp_path))
    history = json.loads((tmp_path / "train/history.json").read_text())
    assert 6 == len(history["epochs"])
    assert history["epochs"][-1]["loss"] < history["epochs"][0]["loss"]
    assert not (tmp_path / "train/checkpoint.zip").exists()


def test_scores_sum_to_one(trained: Path) -> None:
    """Each cell has a score for each class, and the class of the highest."""
    backend = backend_of(trained)
    assert [1, 1, 1, 1] == pytest.approx(scores_of(backend).sum(axis=1).tolist())


def test_events_are_written(trained: Path) -> None:
    """TensorBoard finds the figures of the epochs."""
    assert 1 == len(list((trained / "train/tensorboard").iterdir()))


def test_prediction_needs_no_keras(trained: Path) -> None:
    """The package predicts with onnxruntime alone, to 1e-5 as the network itself does."""
    code = f"""
import sys
for name in ("keras", "torch", "tensorflow"):
    sys.modules[name] = None
sys.path.insert(0, {str(Path(__file__).parent)!r})
import numpy as np
from rvcli.backend.keras_classification import KerasClassification
from rvcli.backend.keras.options import KerasOptions
from rvcli.backend.places import Places
from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
backend = KerasClassification(
    ClassMap([ClassItem(1, "dark"), ClassItem(4, "bright")]),
    Places(model_uri={str(trained / "train/model.zip")!r}), KerasOptions.read({{}}))
image = np.full(({SIZE}, {SIZE}, 4), 300, np.uint16)
labels = backend.predict([image], [Box(0, 0, {SIZE}, {SIZE})], "")
print(labels.get_scores()[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    model = network.make_network(SMALL, 4, 2, mean=[0] * 4, std=[1] * 4)
    from rvcli.backend.model_file import unpack_model

    _, parts = unpack_model(trained / "train/model.zip", "u", "rv keras classification", 1)
    (trained / "w.weights.h5").write_bytes(parts["model.weights.h5"])
    model.load_weights(trained / "w.weights.h5")
    image = np.full((1, SIZE, SIZE, 4), 300, np.float32)
    assert model.predict(image, verbose=0)[0].tolist() == pytest.approx(
        json.loads(done.stdout), abs=1e-5
    )


@pytest.mark.usefixtures("no_export")
def test_a_killed_training_goes_on(
    chips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A training that is killed goes on after its last kept epoch, and tells so."""
    options = replace(SMALL, epochs=3)
    keep_all = Monitoring(sync_interval_s=0, events=False)

    def backend() -> KerasClassification:
        return backend_of(chips, options, keep_all, train_uri=str(tmp_path / "train"))

    def kill(self: Any, model: Any, state: Any, interval: float) -> None:
        save(self, model, state, interval)
        if len(state.epochs) == 2:
            raise KeyboardInterrupt

    save = training._Store.save_if_due
    with monkeypatch.context() as patched:
        patched.setattr(training._Store, "save_if_due", kill)
        with pytest.raises(KeyboardInterrupt):
            backend().train(str(tmp_path / "one"))
    backend().train(str(tmp_path / "two"))
    history = json.loads((tmp_path / "train/history.json").read_text())
    assert ([2], 3) == (history["resumed_from"], len(history["epochs"]))
    assert "goes on after epoch 2" in caplog.text


@pytest.mark.usefixtures("no_export")
@pytest.mark.parametrize(
    "reason",
    [pytest.param("options", marks=pytest.mark.slow), "replace_model", "damage"],
)
def test_a_kept_state_of_another_training_is_not_used(
    chips: Path, tmp_path: Path, reason: str
) -> None:
    """Other options, the wish to start anew, or a damaged file: training starts anew."""
    keep_all = Monitoring(sync_interval_s=0, events=False)
    uri = str(tmp_path / "train")
    store = training._Store(uri, "of another", tmp_path / "s")
    model = network.make_network(SMALL, 4, 2, mean=[0] * 4, std=[1] * 4)
    state = training.Training([{"loss": 1.0}])
    store.note_best(model, state)
    store.save_if_due(model, state, 0)
    if reason == "damage":
        (tmp_path / "train/checkpoint.zip").write_bytes(b"PK")
    monitoring = replace(keep_all, start_anew=reason == "replace_model")
    backend_of(chips, replace(SMALL, epochs=1), monitoring, train_uri=uri).train(str(tmp_path))
    history = json.loads((tmp_path / "train/history.json").read_text())
    assert ([], 1) == (history["resumed_from"], len(history["epochs"]))


@pytest.mark.slow
def test_training_starts_from_a_model(
    trained: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A model of one's own is where training starts; one of other bands is refused."""
    options = replace(SMALL, epochs=1, learning_rate=1e-9)
    pretrained = str(trained / "train/model.zip")
    backend = backend_of(
        trained,
        options,
        Monitoring(events=False, show_layers=True),
        train_uri=str(tmp_path),
        pretrained_uri=pretrained,
    )
    caplog.set_level("INFO")
    backend.train(str(tmp_path / "t"))
    assert np.allclose(scores_of(backend_of(trained)), scores_of(backend), atol=0.1)
    assert "MobileNetV3Small" in caplog.text
    with pytest.raises(DataError, match="does not fit"):
        backend._start(3, [0] * 3, [1] * 3, str(tmp_path / "t"))


def test_other_bands_are_refused(trained: Path) -> None:
    """Imagery with other bands than were trained on is refused."""
    with pytest.raises(DataError, match="has 3 bands, but the model was trained on 4"):
        scores_of(backend_of(trained), bands=3)


def test_chips_of_another_size_are_refused(trained: Path) -> None:
    """The exported network is made for the cells that it was trained on."""
    image = np.full((SIZE, 2 * SIZE, 4), 300, np.uint16)
    with pytest.raises(DataError, match="are 32 x 64 pixels, but the model takes 32 x 32"):
        backend_of(trained).predict([image], windows_of(1), "unused")


def chips_of(root: Path, images: list[Any], use: str = "train", class_id: int = 1) -> None:
    """Write chips of one class."""
    path = Path(chips_uri(f"{root}/chip", "a" if use == "train" else "b", use))
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [(image, Box(0, 0, *image.shape[:2]), np.array(class_id)) for image in images]
    write_chips(path, rows, "s", (1, 4, 9), ChipKind.CLASS)


@pytest.mark.usefixtures("no_export")
def test_pixels_that_are_nan_teach_nothing(tmp_path: Path) -> None:
    """The loss stays a number where imagery has NaN for no data."""
    image = np.random.default_rng(0).normal(300, 60, (SIZE, SIZE, 3)).astype(np.float32)
    image[:8, :8] = np.nan
    for use in ("train", "validation"):
        chips_of(tmp_path, [image] * 4, use)
    backend_of(tmp_path, replace(SMALL, epochs=1)).train(str(tmp_path / "tmp"))
    history = json.loads((tmp_path / "train/history.json").read_text())
    assert np.isfinite(list(history["epochs"][0].values())).all()


@pytest.mark.parametrize(
    ("train", "validation", "class_id", "words"),
    [
        ([(32, 32, 3), (32, 16, 3)], (32, 32, 3), 1, "differ in size"),
        ([(32, 32, 3)], (32, 32, 4), 1, "have 3 bands, those for validation 4"),
        ([(32, 32, 3)], (32, 32, 3), 9, r"show the classes \[9\]"),
    ],
)
def test_chips_that_do_not_fit_are_told(
    tmp_path: Path, train: Any, validation: Any, class_id: int, words: str
) -> None:
    """Chips of several sizes, of other bands and of other classes are refused by name."""
    chips_of(tmp_path, [np.full(shape, 7, np.uint8) for shape in train], class_id=class_id)
    chips_of(tmp_path, [np.full(validation, 7, np.uint8)], "validation")
    with pytest.raises(DataError, match=words):
        backend_of(tmp_path).train(str(tmp_path / "tmp"))


def test_another_start_is_another_training(tmp_path: Path) -> None:
    """A kept state knows the content of the model that training started from."""
    chips_of(tmp_path, [np.full((32, 32, 3), 7, np.uint8)])
    chips_of(tmp_path, [np.full((32, 32, 3), 7, np.uint8)], "validation")
    backend = backend_of(tmp_path, pretrained_uri=str(tmp_path / "start.zip"))
    identities = set()
    for content in (b"a", b"b"):
        (tmp_path / "start.zip").write_bytes(content)
        identities.add(backend._identity(str(tmp_path)))
    assert 2 == len(identities)


def test_no_chips_are_told(tmp_path: Path) -> None:
    """Without a labelled cell there is nothing to train on."""
    backend = backend_of(tmp_path, validation_chip_uris=())
    result = backend.process_scene_data(
        SimpleNamespace(id="a"), TrainingData(), str(tmp_path / "t")
    )
    backend.process_sceneset_results([result], [], str(tmp_path / "t"))
    with pytest.raises(DataError, match="no chips to train on"):
        backend.train(str(tmp_path / "t"))


def test_published_weights_fit_any_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four bands share what three knew; without a network training starts at random."""
    keras = network.import_keras()
    function = keras.applications.MobileNetV3Small
    asked: list[Any] = []

    def published(**options: Any) -> Any:
        asked.append(options["weights"])
        return function(**{**options, "weights": None})

    published.__signature__ = __import__("inspect").signature(function)  # type: ignore[attr-defined]
    monkeypatch.setattr(keras.applications, "MobileNetV3Small", published)
    model = network._features(keras, "MOBILENETV3SMALL", 4, "imagenet")
    kernels = next(layer for layer in model.layers if layer.get_weights()).get_weights()[0]
    assert ["imagenet", None] == asked
    assert (kernels[:, :, 0] == kernels[:, :, 3]).all()
    three = network._features(keras, "MOBILENETV3SMALL", 3, "imagenet")
    assert (None, None, None, 3) == three.input_shape


def test_weights_that_cannot_be_had_are_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where published weights cannot be fetched, training starts at random and says so."""
    keras = network.import_keras()
    function = keras.applications.MobileNetV3Small

    def offline(include_preprocessing: bool = True, **options: Any) -> Any:
        if options["weights"]:
            raise OSError("no route to host")
        return function(include_preprocessing=include_preprocessing, **options)

    monkeypatch.setattr(keras.applications, "MobileNetV3Small", offline)
    network._features(keras, "MOBILENETV3SMALL", 3, "imagenet")
    assert "cannot be had, training starts at random: no route to host" in caplog.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "RESNET51"}, "no network 'RESNET51'"),
        ({"optimizer": "ADAMM"}, "no optimizer 'ADAMM'"),
        ({"weights": "coco"}, "no published weights 'coco'"),
    ],
)
def test_unknown_names_are_told(chips: Path, tmp_path: Path, change: Any, words: str) -> None:
    """A network, an optimizer or weights that do not exist are named, with the nearest that do."""
    options = replace(SMALL, **change)
    with pytest.raises(ConfigError, match=words):
        backend_of(chips, options, train_uri=str(tmp_path)).train(str(tmp_path / "t"))


def test_chips_are_varied_as_asked() -> None:
    """Flips and quarter turns keep all values; without them a chip stays as it is."""
    chip = np.arange(12).reshape(2, 2, 3)
    rng = np.random.default_rng(0)
    seen = {varied(chip, ("FLIPS", "QUARTER_TURNS"), rng).tobytes() for _ in range(200)}
    assert 8 == len(seen)
    assert chip is varied(chip, (), rng)
    long = np.arange(12).reshape(2, 6, 1)
    assert {(2, 6, 1)} == {varied(long, ("QUARTER_TURNS",), rng).shape for _ in range(20)}


def test_the_learning_rate_follows_its_schedule() -> None:
    """Each entry holds from its epoch on."""
    config = {
        "trainer": {"options": {"lrSchedule": [{"epoch": 2, "lr": 0.5}, {"epoch": 4, "lr": 1}]}}
    }
    rates = [KerasOptions.read(config).learning_rate_at(epoch) for epoch in range(5)]
    assert [0.0001, 0.0001, 0.5, 0.5, 1.0] == rates


class TestConfig:
    """The builder, as experiments of old use it."""

    @pytest.fixture
    def builder(self) -> Any:
        """Give a builder."""
        task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes(["a"]).build()
        return rv.BackendConfig.builder(rv.KERAS_CLASSIFICATION).with_task(task)

    def test_defaults(self, builder: Any) -> None:
        """Without a word it is RESNET50_IMAGENET, which is never changed."""
        config = builder.with_model_defaults(rv.RESNET50_IMAGENET).build()
        config.kc_config["model"]["type"] = "X"
        assert model_defaults(rv.RESNET50_IMAGENET) == builder.build().kc_config

    def test_methods(self, builder: Any) -> None:
        """Every method of the builder leaves its trace."""
        config = (
            builder.with_batch_size(3)
            .with_num_epochs(7)
            .with_config({"trainer": {"options": {"save_best": False}}})
            .with_debug(True)
            .with_pretrained_model("/p.zip")
            .with_model_uri("/m.zip")
            .with_training_data_uri("/chips")
            .with_training_output_uri("/out")
            .with_train_options(sync_interval=5, do_monitoring=False, replace_model=True)
            .build()
        )
        options = KerasOptions.read(config.kc_config)
        assert (3, 7, False) == (options.batch_size, options.epochs, options.save_best)
        places = config.places()
        assert ("/p.zip", "/m.zip", "/chips", "/out") == (
            places.pretrained_uri,
            places.model(),
            places.chip_uri,
            places.train(),
        )
        backend = config.create_backend(builder.task)
        assert Monitoring(5, False, True, True) == backend.monitoring

    def test_template(self, builder: Any, tmp_path: Path) -> None:
        """A template is a dict or a JSON file, in either spelling."""
        template = {"trainer": {"options": {"batch_size": 2}}}
        (tmp_path / "t.json").write_text(json.dumps(template))
        one = builder.with_template(template).build()
        other = builder.with_template(str(tmp_path / "t.json")).build()
        assert template == one.kc_config == other.kc_config

    def test_missing_keys(self, builder: Any) -> None:
        """An unknown key is refused, passed over or added, as asked."""
        with pytest.raises(ConfigError, match="no key 'depth'"):
            builder.with_config({"depth": 3})
        assert (
            "depth"
            not in builder.with_config({"depth": 3}, ignore_missing_keys=True).build().kc_config
        )
        assert (
            3 == builder.with_config({"depth": 3}, set_missing_keys=True).build().kc_config["depth"]
        )

    @pytest.mark.parametrize(
        "config",
        [
            {"trainer": {"options": {"batchSize": 0}}},
            {"trainer": {"options": {"nbEpochs": "many"}}},
            {"trainer": {"options": {"augmentations": ["SPIN"]}}},
            {"model": 3},
        ],
    )
    def test_nonsense_is_refused(self, builder: Any, config: Any) -> None:
        """What cannot be read is told when the config is built."""
        with pytest.raises(InvalidConfigError, match="kc_config"):
            builder.with_template(config).build()

    def test_unknown_defaults(self, builder: Any) -> None:
        """Defaults that do not exist are told with those that do."""
        with pytest.raises(ConfigError, match="no model defaults 'RESNET51_IMAGENET'") as caught:
            builder.with_model_defaults("RESNET51_IMAGENET")
        assert "did you mean 'RESNET50_IMAGENET'?" == caught.value.hint

    def test_other_tasks_are_refused(self) -> None:
        """It classifies chips, nothing else."""
        task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(["a"]).build()
        with pytest.raises(ConfigError, match="cannot do SEMANTIC_SEGMENTATION"):
            rv.BackendConfig.builder(rv.KERAS_CLASSIFICATION).with_task(task)

    def test_it_travels(self, builder: Any) -> None:
        """The message says all."""
        config = builder.with_batch_size(5).build()
        assert config.to_plain() == rv.BackendConfig.from_proto(config.to_proto()).to_plain()


def test_it_runs_where_keras_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Keras the hint names what to install."""
    monkeypatch.setitem(sys.modules, "keras", None)
    from rvcli.errors import MissingDependencyError

    with pytest.raises(MissingDependencyError, match="keras") as caught:
        network.import_keras()
    assert "pip install 'rvcli[keras]'" == caught.value.hint
