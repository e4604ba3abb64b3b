"""Object detection with PyTorch: targets, measures, training and prediction."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.pytorch.detections import (
    MOST_BOXES,
    SCORE_THRESH,
    find_boxes,
)
from rvcli.backend.pytorch.runtime import OnnxRuntime, TorchRuntime
from rvcli.backend.pytorch.torch_model_file import ModelFile
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.tfod_utils.np_box_ops import iou
from rvcli.errors import ConfigError, DataError

torch = pytest.importorskip("torch")

from rvcli.backend.pytorch.augment import augmentation  # noqa: E402
from rvcli.backend.pytorch.detection_recipe import (  # noqa: E402
    AveragePrecisionMeter,
    DetectionRecipe,
)
from rvcli.backend.pytorch.recipe import image_tensor  # noqa: E402

Make = Callable[..., Any]

# How far boxes (in pixels) and scores of PyTorch and ONNX may differ.
BOX_TOLERANCE = 1e-2
SCORE_TOLERANCE = 1e-5

# Predicts in a process in which PyTorch cannot be imported.
WITHOUT_TORCH = """
import json, sys
for name in ("torch", "torchvision", "timm", "safetensors"):
    sys.modules[name] = None
import numpy as np
from rvcli.backend.backend_config import BackendConfig
from rvcli.core.box import Box
from rvcli.task.task_config import TaskConfig

model_uri, chip_path, tmp_dir = sys.argv[1:]
task = TaskConfig.builder("OBJECT_DETECTION").with_classes({"ground": 2, "house": 5}).build()
builder = BackendConfig.builder("PYTORCH_OBJECT_DETECTION").with_task(task)
backend = builder.with_model_uri(model_uri).build().create_backend(task)
backend.load_model(tmp_dir)
chip = np.load(chip_path)
labels = backend.predict([chip], [Box(100, 200, 100 + chip.shape[0], 200 + chip.shape[1])], tmp_dir)
found = labels.get_npboxes(), labels.get_class_ids(), labels.get_scores()
print(json.dumps([array.tolist() for array in found]))
"""


def recipe() -> DetectionRecipe:
    """Give the recipe of the classes 2 and 5."""
    return DetectionRecipe((2, 5))


def test_targets_are_boxes_on_the_chip_with_classes_from_one() -> None:
    """Boxes are clipped to the chip, and what is left of less than a pixel goes."""
    labels = np.array([[2, 3, 10, 40, 5], [-4, 5, 6, 9, 2], [31.5, 0, 50, 9, 2]], float)
    target = recipe().target(labels, (32, 32))
    assert [[3, 2, 32, 10], [5, 0, 9, 6]] == target["boxes"].tolist()
    assert [2, 1] == target["labels"].tolist()


def test_a_chip_without_objects_has_an_empty_target() -> None:
    """It takes part in training like any other."""
    target = recipe().target(np.zeros((0, 5)), (32, 32))
    assert ((0, 4), (0,)) == (target["boxes"].shape, target["labels"].shape)


@pytest.mark.parametrize("name", ["HorizontalFlip", "VerticalFlip", "RandomRotate90"])
def test_boxes_move_along_with_augmentations(name: str) -> None:
    """After each flip and turn the box still bounds the bright pixels."""
    chip = np.full((24, 30, 3), 10, np.uint8)
    chip[2:9, 5:21] = 200
    augment = augmentation([name])
    assert augment is not None
    seen = set()
    for seed in range(12):
        torch.manual_seed(seed)
        target = recipe().target(np.array([[2, 5, 9, 21, 5]], float), (24, 30))
        image, target = augment(image_tensor(chip), target)
        ys, xs = np.nonzero(image[0].numpy() == 200)
        expected = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        np.testing.assert_allclose(target["boxes"][0].numpy(), expected, atol=1e-3)
        seen.add(tuple(expected))
    assert len(seen) > 1


def test_chips_of_different_sizes_are_joined() -> None:
    """Images are filled up; targets stay with their image."""
    samples = [
        (
            torch.ones(3, size, size),
            recipe().target(np.array([[0, 0, 9, 9, 2]], float), (size,) * 2),
        )
        for size in (16, 20)
    ]
    images, targets = recipe().collate(samples)
    assert (2, 3, 20, 20) == images.shape
    assert not images[0, :, 16:].any()
    assert [[[0, 0, 9, 9]]] * 2 == [target["boxes"].tolist() for target in targets]
    assert all(type(target["boxes"]) is torch.Tensor for target in targets)


class Fixed(torch.nn.Module):
    """Gives the same boxes for every image."""

    def __init__(self, boxes: Any, scores: Any) -> None:
        super().__init__()
        self.boxes, self.scores = torch.tensor(boxes), torch.tensor(scores)

    def forward(self, images: Any) -> Any:
        """Give boxes and scores."""
        n = len(images)
        return self.boxes.expand(n, -1, -1), self.scores.expand(n, -1, -1)


def test_average_precision_is_measured_by_class() -> None:
    """A class that is found has 1, one that is not 0; a class without objects has none."""
    meter = AveragePrecisionMeter(("a", "b", "c"))
    model = Fixed([[[0.0, 0.0, 10.0, 10.0]]], [[[0.9, 0.0, 0.0]]])
    target = {
        "boxes": torch.tensor([[0.0, 0.0, 10.0, 9.0], [20.0, 20.0, 30.0, 30.0]]),
        "labels": torch.tensor([1, 2]),
    }
    meter.update(model, torch.zeros(2, 3, 32, 32), [target, target])
    metrics = meter.compute()
    assert {"ap50": 0.5, "ap50_a": 1.0, "ap50_b": 0.0} == {
        name: value for name, value in metrics.items() if name != "ap50_c"
    }
    assert math.isnan(metrics["ap50_c"])


def test_nothing_to_find_has_no_average_precision() -> None:
    """Without any object the mean is no number."""
    meter = AveragePrecisionMeter(("a",))
    assert math.isnan(meter.compute()["ap50"])


class TestFindBoxes:
    """From the scores of all places to boxes."""

    def test_a_worse_box_on_the_same_object_goes(self) -> None:
        """Of boxes of one class that overlap the best stays; another class is another object."""
        boxes = np.array([[0, 0, 10, 10], [0, 1, 10, 11], [0, 0, 10, 10], [20, 20, 30, 30]], float)
        scores = np.array([[0.8, 0], [0.9, 0], [0, 0.7], [0.5, 0]])
        found = find_boxes(boxes, scores, (2, 5), (32, 32))
        assert [0.9, 0.8 - 0.1, 0.5] == pytest.approx(found.get_scores().tolist())
        assert [2, 5, 2] == found.get_class_ids().tolist()

    def test_boxes_are_clipped_and_empty_ones_go(self) -> None:
        """What lies beyond the image is no part of a box."""
        boxes = np.array([[-5, 3, 8, 50], [40, 0, 50, 9]], float)
        found = find_boxes(boxes, np.ones((2, 1)), (2,), (32, 32))
        assert [[0, 3, 8, 32]] == found.get_npboxes().tolist()

    def test_low_scores_and_too_many_boxes_go(self) -> None:
        """A box needs some score, and an image has so many boxes at most."""
        y, x = (axis.ravel() * 4.0 for axis in np.mgrid[:40, :40])
        boxes = np.column_stack([y, x, y + 3, x + 3])
        scores = np.full((len(boxes), 1), 0.5)
        assert len(find_boxes(boxes, scores, (2,), (160, 160))) == MOST_BOXES
        assert not len(find_boxes(boxes, scores * 2 * SCORE_THRESH, (2,), (160, 160)))


@pytest.fixture
def trained(detection: Make, places: Make, tmp_path: Path) -> Any:
    """Give a backend that has learned to find squares."""
    backend = detection(places(ChipKind.BOXES, count=24), num_epochs=12, lr=0.02, keep="last")
    backend.train(str(tmp_path / "tmp"))
    return backend


def image() -> tuple[Any, ObjectDetectionLabels]:
    """Draw a scene with a square of each class."""
    drawn = np.full((50, 70, 3), 90, np.uint8)
    drawn[6:20, 8:22] = 30
    drawn[30:44, 48:62] = 170
    boxes = np.array([[6, 8, 20, 22], [30, 48, 44, 62]], float)
    return drawn, ObjectDetectionLabels(boxes, np.array([2, 5]))


def test_objects_are_found_where_they_are(trained: Any, tmp_path: Path) -> None:
    """The surest boxes of a window lie on the objects of the scene, with their classes."""
    chip, truth = image()
    labels = trained.predict([chip], [Box(100, 200, 150, 270)], str(tmp_path))
    for box, class_id in zip(truth.get_npboxes(), truth.get_class_ids(), strict=True):
        of_class = labels.choose(labels.get_class_ids() == class_id)
        best = of_class.get_npboxes()[[int(of_class.get_scores().argmax())]]
        assert iou(best, (box + np.tile([100, 200], 2))[np.newaxis]).item() > 0.35
    history = json.loads(Path(trained.places.train(), "history.json").read_text())
    assert "ap50" == history["metric"]
    assert history["epochs"][history["best_epoch"] - 1]["metrics"]["ap50"] > 0.5


def test_a_batch_gives_what_each_window_gives(trained: Any, tmp_path: Path) -> None:
    """Boxes do not depend on what else is in the batch; they come window by window."""
    chip, _ = image()
    chips = [chip, chip[:40, :40], chip[::-1]]
    windows = [Box(i, 0, i + one.shape[0], one.shape[1]) for i, one in enumerate(chips)]
    together = trained.predict(chips, windows, str(tmp_path))
    alone = ObjectDetectionLabels.join(
        trained.predict([one], [window], str(tmp_path))
        for one, window in zip(chips, windows, strict=True)
    )
    np.testing.assert_allclose(alone.get_npboxes(), together.get_npboxes(), atol=BOX_TOLERANCE)
    np.testing.assert_allclose(alone.get_scores(), together.get_scores(), atol=SCORE_TOLERANCE)


def test_with_a_margin_objects_are_found_once_and_whole(
    trained: Any, detection: Make, tmp_path: Path
) -> None:
    """Two windows with a margin find what one finds of both: each box where its centre lies."""
    chip, _ = image()
    chip = np.pad(chip[:48, :64], ((16, 16), (16, 16), (0, 0)))
    whole = type(trained)(trained.class_map, trained.places, trained.options, margin=16)
    assert whole.finds_whole_objects
    assert not trained.finds_whole_objects
    together = whole.predict([chip], [Box(0, 0, 48, 64)], str(tmp_path))
    halves = whole.predict(
        [chip[:, :64], chip[:, 32:]], [Box(0, 0, 48, 32), Box(0, 32, 48, 64)], str(tmp_path)
    )
    for labels in (together, halves):
        assert len(labels)
        sure = labels.choose(labels.get_scores() > 0.4)
        assert {2, 5} == set(sure.get_class_ids().tolist())
        centres = (sure.get_npboxes()[:, :2] + sure.get_npboxes()[:, 2:]) / 2
        assert (centres >= 0).all()
        assert (centres < [48, 64]).all()
    left = halves.get_npboxes()[:, [1, 3]].mean(axis=1) < 32
    assert left[: int(left.sum())].all()


def test_no_windows_give_no_boxes(trained: Any, tmp_path: Path) -> None:
    """An empty batch is nothing special."""
    assert not len(trained.predict([], [], str(tmp_path)))


def test_a_model_of_unknown_classes_is_refused(trained: Any, tmp_path: Path) -> None:
    """Predicting class 5 in a task without it is an error."""
    fewer = ClassMap.construct_from({"ground": 2})
    backend = type(trained)(fewer, trained.places, trained.options)
    with pytest.raises(DataError, match=r"has classes \[5\]"):
        backend.load_model(str(tmp_path))


@pytest.mark.parametrize(("channels", "dtype"), [(1, "uint16"), (6, "float32")])
def test_imagery_of_any_type_and_bands_is_learned(
    detection: Make, places: Make, tmp_path: Path, channels: int, dtype: str
) -> None:
    """One band of uint16, six of float."""
    where = places(ChipKind.BOXES, channels=channels, dtype=dtype)
    backend = detection(where, num_epochs=1)
    backend.train(str(tmp_path / "tmp"))
    spec = backend.spec(str(tmp_path))
    assert (channels, (dtype,)) == (spec.channels, spec.dtypes)
    chip = np.ones((32, 32, channels), dtype)
    backend.predict([chip], [Box(0, 0, 32, 32)], str(tmp_path))


def test_chips_without_any_object_teach_too(detection: Make, places: Make, tmp_path: Path) -> None:
    """A batch without boxes has a loss: nothing is to be found."""
    chips = [
        (np.full((32, 32, 3), 90 + i, np.uint8), Box(0, 0, 32, 32), np.zeros((0, 5)))
        for i in range(4)
    ]
    image, window, _ = chips[0]
    chips.append((image, window, np.array([[8.0, 8, 24, 24, 2]])))
    backend = detection(places(ChipKind.BOXES, chips=chips), num_epochs=2, batch_size=1)
    backend.train(str(tmp_path / "tmp"))
    history = json.loads(Path(backend.places.train(), "history.json").read_text())
    losses = [epoch["train_loss"] for epoch in history["epochs"]]
    assert losses[1] < losses[0]


@pytest.mark.slow
def test_pytorch_onnx_and_a_process_without_torch_agree(detection: Make, tmp_path: Path) -> None:
    """Boxes of an image of another size than the chips are equal to 0.01 pixels."""
    backend = detection(num_epochs=6, lr=0.02)
    backend.options = replace(backend.options, export_onnx=True)
    backend.train(str(tmp_path / "tmp"))
    chip, _ = image()
    found = {}
    for how, expected in (("torch", TorchRuntime), ("onnx", OnnxRuntime), ("auto", OnnxRuntime)):
        other = type(backend)(backend.class_map, backend.places, backend.options, how)
        labels = other.predict([chip], [Box(100, 200, 150, 270)], str(tmp_path))
        assert expected is type(other._runtime)
        found[how] = labels.get_npboxes(), labels.get_class_ids(), labels.get_scores()
    np.save(tmp_path / "chip.npy", chip)
    words = [backend.places.model(), str(tmp_path / "chip.npy"), str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *words], capture_output=True, text=True
    )
    assert (0, "") == (done.returncode, done.stderr)
    found["without torch"] = json.loads(done.stdout)
    expected_boxes, expected_ids, expected_scores = found["torch"]
    assert len(expected_boxes)
    for boxes, class_ids, scores in found.values():
        assert list(expected_ids) == list(class_ids)
        np.testing.assert_allclose(expected_boxes, boxes, atol=BOX_TOLERANCE)
        np.testing.assert_allclose(expected_scores, scores, atol=SCORE_TOLERANCE)


@pytest.mark.slow
def test_the_detector_of_a_bare_backbone_is_exported(tmp_path: Path) -> None:
    """FCOS on a backbone, images enlarged, gives the same boxes in ONNX for any size and batch."""
    from rvcli.backend.onnx_session import open_session
    from rvcli.backend.pytorch.model_spec import ModelSpec
    from rvcli.backend.pytorch.normalize import Normalize, Normalized
    from rvcli.backend.pytorch.onnx_export import export

    options = {"strides": [4, 8], "width": 32, "head_layers": 1, "upscale": 2}
    spec = ModelSpec(
        arch="resnet18",
        options=options,
        channels=4,
        class_ids=(2, 5),
        class_names=("ground", "house"),
        chip_size_hw=(24, 24),
        dtypes=("uint8",),
        mean=(100.0,) * 4,
        std=(50.0,) * 4,
    )
    torch.manual_seed(1)
    network = recipe().network(spec, pretrained=False)
    model = Normalized(Normalize(spec.mean, spec.std), network).eval()
    onnx, note = export(recipe(), model, spec)
    assert onnx is not None, note
    session = open_session(onnx, "test")
    for shape in ((1, 4, 24, 24), (2, 4, 50, 71)):
        images = torch.randint(0, 255, shape).float()
        with torch.inference_mode():
            expected = model(images)
        found = session.run(None, {"images": images.numpy()})
        for ours, theirs, tolerance in zip(
            expected, found, (BOX_TOLERANCE, SCORE_TOLERANCE), strict=True
        ):
            np.testing.assert_allclose(ours.numpy(), theirs, atol=tolerance)


def test_a_detector_that_cannot_be_exported_predicts_with_torch(
    detection: Make, tmp_path: Path
) -> None:
    """The notes say why it has no ONNX, and asking for ONNX is an error."""
    backend = detection(model_arch="tiny_nets:listing", num_epochs=1)
    backend.options = replace(backend.options, export_onnx=True)
    backend.train(str(tmp_path / "tmp"))
    uri = backend.places.model()
    file = ModelFile.read(Path(uri), uri, backend.model_format)
    assert "not exported: Listing is no detector of one stage" == file.notes["onnx"]
    labels = backend.predict([image()[0]], [Box(0, 0, 50, 70)], str(tmp_path))
    assert [[2, 1, 22, 11]] == labels.get_npboxes().tolist()
    assert [5] == labels.get_class_ids().tolist()
    other = type(backend)(backend.class_map, backend.places, backend.options, "onnx")
    with pytest.raises(ConfigError, match="has no ONNX"):
        other.load_model(str(tmp_path))
