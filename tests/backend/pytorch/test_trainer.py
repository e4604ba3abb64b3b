"""Training: what it learns, what its options do, and how it goes on after it was killed."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_files import write_chips
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.pytorch.torch_model_file import ModelFile
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.errors import ConfigError, DataError

torch = pytest.importorskip("torch")

Make = Callable[..., Any]


def history_of(places: Any) -> dict[str, Any]:
    """Read what was written of a training."""
    return json.loads(Path(places.train_uri, "history.json").read_text())  # type: ignore[no-any-return]


def model_of(backend: Any) -> ModelFile:
    """Read the model of a backend."""
    uri = backend.places.model()
    return ModelFile.read(Path(uri), uri, backend.model_format)


def weights_of(backend: Any) -> dict[str, Any]:
    """Read the weights of a backend's model."""
    from safetensors.torch import load

    return load(model_of(backend).weights)


def assert_same_weights(backend: Any, other: Any) -> None:
    """Check that two backends have the same model, to rounding."""
    mine, others = weights_of(backend), weights_of(other)
    assert set(mine) == set(others)
    for name, value in mine.items():
        torch.testing.assert_close(value, others[name], rtol=1e-5, atol=1e-6)


class Killed(BaseException):
    """Ends a training in the middle, as a signal would."""


def train_until_killed(monkeypatch: pytest.MonkeyPatch, backend: Any, epochs: int) -> None:
    """Train, and end at the start of the epoch after some epochs."""
    from rvcli.backend.pytorch import trainer

    begin = trainer._Run.train_epoch

    def train_epoch(run: Any) -> Any:
        if len(run.history.epochs) == epochs:
            raise Killed
        return begin(run)

    with monkeypatch.context() as context:
        context.setattr(trainer._Run, "train_epoch", train_epoch)
        with pytest.raises(Killed):
            backend.train(str(Path(backend.places.chip_uri, "tmp")))


def test_a_small_set_is_learned_by_heart(segmentation: Make, places: Make, tmp_path: Path) -> None:
    """Trained on four chips and measured on the same, nearly all pixels are right."""
    where = places(count=4)
    where = replace(where, validation_chip_uris=where.train_chip_uris)
    backend = segmentation(where, num_epochs=25, lr=0.05)
    backend.train(str(tmp_path / "tmp"))
    epochs = history_of(where)["epochs"]
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"] / 4
    assert 0.95 < epochs[-1]["metrics"]["mean_iou"]


def test_chips_are_told_apart(classification: Make, tmp_path: Path) -> None:
    """Bright and dark chips are told apart on chips that were not trained on."""
    backend = classification(num_epochs=12, lr=0.05)
    backend.train(str(tmp_path / "tmp"))
    assert 1.0 == model_of(backend).notes["metrics"]["f1"]


def test_the_same_training_gives_the_same_file(
    segmentation: Make, places: Make, tmp_path: Path
) -> None:
    """The same chips, options and seed give the same bytes."""
    where = places()
    files = []
    for name in ("a", "b"):
        backend = segmentation(replace(where, train_uri=str(tmp_path / name)))
        backend.train(str(tmp_path / f"tmp-{name}"))
        files.append(Path(backend.places.model()).read_bytes())
    assert files[0] == files[1]


def test_another_seed_gives_another_model(segmentation: Make, places: Make, tmp_path: Path) -> None:
    """The seed decides where weights start and in which order chips come."""
    backends = []
    for seed in (0, 1):
        where = replace(places(), train_uri=str(tmp_path / str(seed)))
        backends.append(segmentation(where, seed=seed, num_epochs=1))
        backends[-1].train(str(tmp_path / "tmp"))
    with pytest.raises(AssertionError):
        assert_same_weights(*backends)


@pytest.mark.parametrize("one_cycle", [True, False])
def test_a_killed_training_ends_where_it_would_have_ended(
    segmentation: Make,
    places: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    one_cycle: bool,
) -> None:
    """What is trained in two goes equals what is trained in one, and says that it was two."""
    options = {"num_epochs": 4, "one_cycle": one_cycle, "augmentors": ("GaussNoise",)}
    where = places()
    whole = segmentation(replace(where, train_uri=str(tmp_path / "whole")), **options)
    whole.train(str(tmp_path / "tmp"))

    killed = segmentation(where, **options)
    train_until_killed(monkeypatch, killed, 2)
    assert not Path(where.model()).exists()
    with caplog.at_level(logging.INFO):
        killed.train(str(tmp_path / "tmp"))

    assert "training goes on after epoch 2 of 4" in caplog.text
    assert [2] == model_of(killed).notes["resumed_from"] == history_of(where)["resumed_from"]
    assert_same_weights(whole, killed)
    losses = [[e["train_loss"] for e in history_of(b.places)["epochs"]] for b in (whole, killed)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_a_finished_training_leaves_no_checkpoint(segmentation: Make, tmp_path: Path) -> None:
    """When the model is written, there are the model, the last weights and the history."""
    backend = segmentation(num_epochs=1)
    backend.train(str(tmp_path / "tmp"))
    names = {path.name for path in Path(backend.places.train_uri).iterdir()}
    assert {"model.zip", "last.safetensors", "history.json"} == names


@pytest.mark.parametrize(
    "change", [{"lr": 0.01}, {"seed": 3}, {"batch_size": 2}, {"augmentors": ()}]
)
def test_a_checkpoint_of_another_training_is_not_used(
    segmentation: Make,
    places: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
) -> None:
    """With another option that counts, training starts anew."""
    where = places()
    train_until_killed(monkeypatch, segmentation(where), 1)
    assert Path(where.train_uri, "checkpoint.pt").exists()
    segmentation(where, **change).train(str(tmp_path / "tmp"))
    assert [] == history_of(where)["resumed_from"]


def test_a_checkpoint_of_other_chips_is_not_used(
    segmentation: Make, places: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With other chips in the same place, training starts anew."""
    where = places()
    train_until_killed(monkeypatch, segmentation(where), 1)
    places(seed=7, validation=0)
    segmentation(where).train(str(tmp_path / "tmp"))
    assert [] == history_of(where)["resumed_from"]


@pytest.mark.parametrize("damage", [b"", b"no checkpoint", b"half"])
def test_a_damaged_checkpoint_is_not_used(
    segmentation: Make,
    places: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    damage: bytes,
) -> None:
    """A checkpoint that cannot be read is told of, and training starts anew."""
    where = places()
    train_until_killed(monkeypatch, segmentation(where), 1)
    path = Path(where.train_uri, "checkpoint.pt")
    path.write_bytes(path.read_bytes()[:2000] if damage == b"half" else damage)
    segmentation(where).train(str(tmp_path / "tmp"))
    assert "cannot be read: starting anew" in caplog.text
    assert [] == history_of(where)["resumed_from"]


def test_a_checkpoint_with_code_in_it_is_not_run(
    segmentation: Make, places: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A pickle that somebody put in place of the checkpoint is not executed."""
    where = places()
    Path(where.train_uri).mkdir()
    torch.save({"identity": Evil(tmp_path / "seen")}, Path(where.train_uri, "checkpoint.pt"))
    segmentation(where, num_epochs=1).train(str(tmp_path / "tmp"))
    assert "cannot be read" in caplog.text
    assert not (tmp_path / "seen").exists()


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_checkpoints_are_written_each_sync_interval(
    segmentation: Make, places: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an interval of 2 a training that is killed after 3 epochs goes on from the 2nd."""
    where = places()
    options = {"num_epochs": 5, "sync_interval": 2}
    train_until_killed(monkeypatch, segmentation(where, **options), 3)
    segmentation(where, **options).train(str(tmp_path / "tmp"))
    assert [2] == history_of(where)["resumed_from"]


def test_num_epochs_and_batch_size_say_how_many_steps(
    segmentation: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight chips in batches of 3, of which the last would have 2, are three steps an epoch."""
    from rvcli.backend.pytorch import trainer

    sizes: list[int] = []
    step = trainer._Run._step

    def counted(run: Any, images: Any, targets: Any) -> Any:
        sizes.append(len(images))
        return step(run, images, targets)

    monkeypatch.setattr(trainer._Run, "_step", counted)
    segmentation(num_epochs=2, batch_size=3).train(str(tmp_path / "tmp"))
    assert [3, 3, 2] * 2 == sizes


def test_the_learning_rate_stays_or_rises_and_falls(
    segmentation: Make, places: Make, tmp_path: Path
) -> None:
    """Without one_cycle it is lr; with it, it ends near 0 and never exceeds lr."""
    rates = {}
    for one_cycle in (False, True):
        where = replace(places(), train_uri=str(tmp_path / str(one_cycle)))
        segmentation(where, one_cycle=one_cycle, lr=0.01, num_epochs=3).train(str(tmp_path / "t"))
        rates[one_cycle] = [epoch["lr"] for epoch in history_of(where)["epochs"]]
    assert [0.01] * 3 == rates[False]
    assert max(rates[True]) <= 0.01
    assert rates[True][-1] < 1e-5


def worsen_after(monkeypatch: pytest.MonkeyPatch, epochs: int) -> None:
    """Let the metric be 1 in an epoch, and 0 in all others."""
    from rvcli.backend.pytorch import trainer

    def validate(run: Any, number: int) -> dict[str, float]:
        return {"mean_iou": float(number == epochs)}

    monkeypatch.setattr(trainer._Run, "_validate", validate)


def test_training_stops_when_nothing_gets_better(
    segmentation: Make, places: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the first epoch was the best, two more are waited for."""
    worsen_after(monkeypatch, 1)
    where = places()
    backend = segmentation(where, num_epochs=9, early_stopping=2)
    backend.train(str(tmp_path / "tmp"))
    history = history_of(where)
    assert (True, 1, 3) == (history["stopped_early"], history["best_epoch"], len(history["epochs"]))
    assert model_of(backend).notes["stopped_early"]


@pytest.mark.parametrize(("keep", "epoch"), [("best", 1), ("last", 3)])
def test_the_model_has_the_best_or_the_last_weights(
    segmentation: Make,
    places: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keep: str,
    epoch: int,
) -> None:
    """`keep` chooses; the last weights are always there beside it."""
    from safetensors.torch import load_file

    worsen_after(monkeypatch, 1)
    backend = segmentation(places(), num_epochs=3, keep=keep)
    backend.train(str(tmp_path / "tmp"))
    assert epoch == model_of(backend).notes["epoch"]
    last = load_file(Path(backend.places.train_uri, "last.safetensors"))
    same = all(torch.equal(value, last[name]) for name, value in weights_of(backend).items())
    assert (keep == "last") == same


def test_the_best_weights_survive_a_kill(
    segmentation: Make, places: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best epoch may lie before the checkpoint that training goes on from."""
    worsen_after(monkeypatch, 1)
    where = places()
    whole = segmentation(replace(where, train_uri=str(tmp_path / "whole")), num_epochs=3)
    whole.train(str(tmp_path / "tmp"))
    killed = segmentation(where, num_epochs=3)
    train_until_killed(monkeypatch, killed, 2)
    killed.train(str(tmp_path / "tmp"))
    assert_same_weights(whole, killed)


def test_without_validation_chips_the_last_epoch_counts(
    segmentation: Make, places: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There is nothing to choose by, and a warning says so."""
    backend = segmentation(places(validation=0), num_epochs=2)
    backend.train(str(tmp_path / "tmp"))
    assert "no validation chips" in caplog.text
    assert (2, {}) == (model_of(backend).notes["epoch"], model_of(backend).notes["metrics"])


def test_class_weights_shift_what_is_predicted(
    segmentation: Make, places: Make, tmp_path: Path
) -> None:
    """A class that weighs much is predicted more often."""
    shares = []
    chip = np.random.default_rng(0).integers(60, 180, (32, 32, 3), np.uint8)
    window = Box(0, 0, 32, 32)
    for weights in ((0.05, 1.0), (1.0, 0.05)):
        where = replace(places(), train_uri=str(tmp_path / str(weights[0])))
        backend = segmentation(where, class_weights=weights, num_epochs=4)
        backend.train(str(tmp_path / "tmp"))
        labels = backend.predict([chip], [window], str(tmp_path / "tmp"))
        shares.append((labels.get_label_arr(window) == 5).mean())
    assert shares[0] > shares[1] + 0.2


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"class_weights": (1.0, 2.0, 3.0)}, "3 class weights for 2 classes"),
        ({"rare_classes": (4,), "desired_prob": 0.5}, r"rare_classes has \[4\]"),
        ({"augmentors": ("Rotate91",)}, "no augmentation is named 'Rotate91'"),
        ({"model_arch": "tiny_nets:none"}, "no function 'none'"),
        ({"model_arch": "no_such_module:f"}, "no module 'no_such_module'"),
        ({"model_arch": "tiny_nets:no_network"}, "returned str"),
    ],
)
def test_options_without_meaning_are_refused(
    segmentation: Make, tmp_path: Path, option: dict[str, Any], message: str
) -> None:
    """What names nothing is told before any training."""
    with pytest.raises(ConfigError, match=message):
        segmentation(**option).train(str(tmp_path / "tmp"))


def test_no_chips_are_an_error(segmentation: Make, places: Make, tmp_path: Path) -> None:
    """A scene without any chips teaches nothing."""
    with pytest.raises(DataError, match="no chips to train on"):
        segmentation(places(count=0)).train(str(tmp_path / "tmp"))


def test_bands_of_both_kinds_of_chips_must_be_the_same(
    segmentation: Make, places: Make, tmp_path: Path
) -> None:
    """Validation chips of three bands do not fit training chips of four."""
    uris = places(channels=3).validation_chip_uris
    kept = Path(uris[0]).rename(tmp_path / "three.npz")
    where = replace(places(channels=4), validation_chip_uris=(str(kept),))
    with pytest.raises(DataError, match="4 bands, those for validation 3"):
        segmentation(where).train(str(tmp_path / "tmp"))


def test_a_training_that_diverges_is_an_error(segmentation: Make, tmp_path: Path) -> None:
    """A loss that is no number ends the training, and leaves no model."""
    backend = segmentation(lr=1e30, one_cycle=False)
    with pytest.raises(DataError, match="has diverged"):
        backend.train(str(tmp_path / "tmp"))
    assert not Path(backend.places.model()).exists()


def test_one_chip_is_enough(classification: Make, places: Make, tmp_path: Path) -> None:
    """Normalisation over a batch needs two: the chip comes twice."""
    backend = classification(places(ChipKind.CLASS, count=1), num_epochs=1)
    backend.train(str(tmp_path / "tmp"))
    assert 1 == len(history_of(backend.places)["epochs"])


def test_chips_without_labels_do_no_harm(segmentation: Make, places: Make, tmp_path: Path) -> None:
    """A batch in which all is to be ignored has a loss of 0, and such chips give no metrics."""
    chip, window = np.full((32, 32, 3), 7, np.uint8), Box(0, 0, 32, 32)
    nothing, all_ground = np.zeros((32, 32), np.uint8), np.full((32, 32), 2, np.uint8)
    dark = places(count=0, chips=[(chip, window, nothing)])
    Path(dark.train_chip_uris[0]).rename(tmp_path / "dark.npz")
    where = places(chips=[(chip, window, nothing), (chip, window, all_ground)])
    where = replace(where, validation_chip_uris=(str(tmp_path / "dark.npz"),))
    backend = segmentation(where, num_epochs=1, batch_size=1)
    backend.train(str(tmp_path / "tmp"))
    epoch = history_of(where)["epochs"][0]
    assert 0 < epoch["train_loss"] < np.inf
    assert epoch["metrics"]["mean_iou"] is None


def test_chips_that_show_no_class_are_an_error(
    segmentation: Make, places: Make, tmp_path: Path
) -> None:
    """A model that has seen no label is not given out as one that has."""
    chip, labels = np.full((32, 32, 3), 7, np.uint8), np.zeros((32, 32), np.uint8)
    where = places(chips=[(chip, Box(0, 0, 32, 32), labels)])
    with pytest.raises(DataError, match=r"the 1 chips of the training scenes \(scene\) show no"):
        segmentation(where).train(str(tmp_path / "tmp"))


@pytest.mark.parametrize("use", ["train", "validation"])
def test_chips_of_other_classes_are_an_error(
    segmentation: Make, places: Make, tmp_path: Path, use: str
) -> None:
    """A class is never taken for another one since the task has changed after CHIP."""
    backend = segmentation(places(validation=4 if use == "validation" else 0))
    backend.class_map = ClassMap.construct_from({"ground": 2, "tree": 4})
    if use == "validation":
        uri = Path(backend.places.train_chip_uris[0])
        labels = np.full((32, 32), 2, np.uint8)
        chips = [(np.full((32, 32, 3), 7, np.uint8), Box(0, 0, 32, 32), labels)] * 2
        write_chips(uri, chips, "scene", (2, 5))
    with pytest.raises(DataError, match=r"show the classes \[5\]"):
        backend.train(str(tmp_path / "tmp"))


def test_batches_that_a_network_refuses_are_an_error(classification: Make, tmp_path: Path) -> None:
    """What a network says of a batch comes with its name, the size, and what to do."""
    backend = classification(model_arch="tiny_nets:classify_by_two", batch_size=1)
    with pytest.raises(ConfigError, match="classify_by_two cannot learn from a batch of 1 x 3 x"):
        backend.train(str(tmp_path / "tmp"))


def test_classes_that_weigh_nothing_do_no_harm(classification: Make, tmp_path: Path) -> None:
    """A batch of such chips alone has a loss of 0."""
    backend = classification(class_weights=(0.0, 1.0), batch_size=1, num_epochs=1)
    backend.train(str(tmp_path / "tmp"))
    assert 0 < history_of(backend.places)["epochs"][0]["train_loss"] < np.inf


def test_a_single_step_learns(classification: Make, places: Make, tmp_path: Path) -> None:
    """One epoch of one batch has the whole learning rate, not that of the end of a cycle."""
    backend = classification(num_epochs=1, batch_size=8, one_cycle=True)
    backend.train(str(tmp_path / "tmp"))
    assert 0.02 == history_of(backend.places)["epochs"][0]["lr"]


def test_a_checkpoint_of_a_changed_network_is_not_used(
    segmentation: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training starts anew where the function that makes the network has changed."""
    import tiny_nets  # type: ignore[import-not-found]

    backend = segmentation(num_epochs=2)
    train_until_killed(monkeypatch, backend, 1)
    monkeypatch.setattr(tiny_nets.segment, "__defaults__", (4,))
    backend.train(str(tmp_path / "tmp"))
    history = history_of(backend.places)
    assert ([], 2) == (history["resumed_from"], len(history["epochs"]))


def test_a_step_that_the_scaler_leaves_out_does_no_harm(
    segmentation: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In mixed precision the first gradients may be too large; its state survives a kill."""
    scaler = torch.amp.GradScaler

    class TooLargeAtFirst(torch.amp.GradScaler):  # type: ignore[name-defined,misc]
        def __init__(self, *_: Any, **__: Any) -> None:
            super().__init__("cpu", init_scale=8.0)
            self.factor = float("inf")

        def scale(self, outputs: Any) -> Any:
            scaled, self.factor = super().scale(outputs) * self.factor, 1.0
            return scaled

    monkeypatch.setattr(torch.amp, "GradScaler", TooLargeAtFirst)
    backend = segmentation(num_epochs=2)
    train_until_killed(monkeypatch, backend, 1)
    scales: list[float] = []

    def load(self: Any, state: Any) -> None:
        scaler.load_state_dict(self, state)
        scales.append(self.get_scale())

    monkeypatch.setattr(TooLargeAtFirst, "load_state_dict", load)
    backend.train(str(tmp_path / "tmp"))
    assert [1] == history_of(backend.places)["resumed_from"]
    assert [4.0] == scales


def test_debug_draws_a_batch(segmentation: Make, tmp_path: Path) -> None:
    """Images and masks of the first batch are drawn side by side."""
    backend = segmentation(debug=True, num_epochs=1)
    backend.train(str(tmp_path / "tmp"))
    from PIL import Image

    with Image.open(Path(backend.places.train_uri, "debug", "batch.png")) as drawn:
        # Four images and four masks of 32 pixels, with a frame of 2 around each.
        assert (4 * 34 + 2, 2 * 34 + 2) == drawn.size


def test_tensorboard_events_are_written_and_their_command_told(
    segmentation: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Events appear below the train URI, and the log says how to look at them."""
    pytest.importorskip("tensorboard")
    backend = segmentation(log_tensorboard=True, num_epochs=1)
    with caplog.at_level(logging.INFO):
        backend.train(str(tmp_path / "tmp"))
    (file,) = Path(backend.places.train_uri, "tensorboard").iterdir()
    assert b"loss/train" in file.read_bytes()
    assert f"tensorboard --logdir {file.parent}" in caplog.text


def test_without_tensorboard_training_goes_on(
    segmentation: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A warning says what is missing."""
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    segmentation(log_tensorboard=True, num_epochs=1).train(str(tmp_path / "tmp"))
    assert "the package tensorboard" in caplog.text


def test_progress_is_told_by_batch(segmentation: Make, tmp_path: Path) -> None:
    """The batches of all epochs are counted; loss and metric are told, and the epoch."""
    from rvcli.utils.progress import ProgressEvent, use_sink

    events: list[ProgressEvent] = []
    with use_sink(events.append):
        segmentation(num_epochs=2).train(str(tmp_path / "tmp"))
    (start, *_, end) = [event for event in events if event.description == "training"]
    assert (0, 4, "batches") == (start.done, start.total, start.unit)
    assert (4, "epoch 2/2") == (end.done, end.stage)
    assert {"loss", "mean_iou"} == set(end.figures)


def test_checkpoints_and_results_go_to_object_storage(
    segmentation: Make,
    places: Make,
    tmp_path: Path,
    s3_root: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that training writes may lie on S3, the checkpoint included."""
    from rvcli.filesystem import resolve
    from rvcli.utils.files import file_to_json

    where = replace(places(), train_uri=f"{s3_root}/train")
    train_until_killed(monkeypatch, segmentation(where), 1)
    segmentation(where).train(str(tmp_path / "tmp"))
    listed = resolve(s3_root).list_paths(s3_root)
    assert {"model.zip", "last.safetensors", "history.json"} == {Path(p).name for p in listed}
    assert [1] == file_to_json(f"{s3_root}/train/history.json")["resumed_from"]
    with zipfile.ZipFile(io.BytesIO(resolve(s3_root).read_bytes(where.model()))) as file:
        assert "weights.safetensors" in file.namelist()


@pytest.mark.parametrize(("num_steps", "per_epoch"), [(1, [1]), (5, [1, 2, 2]), (4, [2, 2])])
def test_steps_can_be_asked_for(
    segmentation: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    num_steps: int,
    per_epoch: list[int],
) -> None:
    """It ends after exactly so many batches, here two a pass, in parts of about a pass."""
    from rvcli.backend.pytorch import trainer

    sizes = []
    step = trainer._Run._step

    def counted(run: Any, images: Any, targets: Any) -> Any:
        sizes.append(len(images))
        return step(run, images, targets)

    monkeypatch.setattr(trainer._Run, "_step", counted)
    backend = segmentation(num_steps=num_steps)
    backend.train(str(tmp_path / "tmp"))
    assert [4] * num_steps == sizes
    assert len(per_epoch) == len(history_of(backend.places)["epochs"])


def test_many_steps_are_few_epochs() -> None:
    """Of 30000 steps on few chips there are 100 epochs, all of one length."""
    from rvcli.backend.pytorch.schedule import Schedule

    schedule = Schedule.of(2, 5, 30000)
    assert (100, 300, 300) == (schedule.epochs, schedule.steps_of(1), schedule.steps_of(100))
