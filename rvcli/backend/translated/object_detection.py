"""Detectors as the TensorFlow backend described them: the pipeline of its library as a dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rvcli import keys
from rvcli.backend.nested_options import Reader
from rvcli.backend.translated.translation import Translation

# Networks in one stage, by the feature extractor: a backbone of our own detector, or a detector.
ONE_STAGE = {
    "mobilenet_v1": "mobilenet_v2",
    "mobilenet_v2": "mobilenet_v2",
    "mobilenet_v3": "mobilenet_v3_large",
    "inception_v2": "resnet18",
    "inception_v3": "resnet34",
    "resnet50": "retinanet_resnet50_fpn",
    "resnet101": "retinanet_resnet50_fpn_v2",
    "resnet152": "retinanet_resnet50_fpn_v2",
}
# In two stages.
TWO_STAGES = {
    "inception_v2": "fasterrcnn:resnet34",
    "inception_resnet_v2": "fasterrcnn:resnet152",
    "resnet50": "fasterrcnn_resnet50_fpn",
    "resnet101": "fasterrcnn:resnet101",
    "resnet152": "fasterrcnn:resnet152",
    "nas": "fasterrcnn:resnet152",
}
# What has no equal today, and why another one is near.
_OTHERS = ("inception", "mobilenet_v1", "nas")

AUGMENTORS = {
    "randomHorizontalFlip": "HorizontalFlip",
    "randomVerticalFlip": "VerticalFlip",
    "randomRotation90": "RandomRotate90",
    "randomRgbToGray": "ToGray",
    "randomAdjustBrightness": "RGBShift",
    "randomAdjustHue": "RGBShift",
    "randomDistortColor": "RGBShift",
    "randomPixelValueScale": "GaussNoise",
}

# What names files, or says what chips and task say now.
_SAID_ELSEWHERE = ("trainInputReader", "evalInputReader", "evalConfig", "graphRewriter")
_RATES = ("initialLearningRate", "learningRateBase", "learningRate")


def _defaults(model: str, extractor: str, **more: Any) -> dict[str, Any]:
    resizer: dict[str, Any] = {"fixedShapeResizer": {"height": 300, "width": 300}}
    if model != "ssd":
        resizer = {"keepAspectRatioResizer": {"minDimension": 300, "maxDimension": 300}}
    return {
        "model": {
            model: {
                "numClasses": 1,
                "imageResizer": resizer,
                "featureExtractor": {"type": extractor},
                **more,
            }
        },
        "trainConfig": {
            "batchSize": 8,
            "numSteps": 10000,
            "optimizer": {
                "adamOptimizer": {
                    "learningRate": {"manualStepLearningRate": {"initialLearningRate": 0.0001}}
                }
            },
            "fineTuneCheckpoint": "",
            "fromDetectionCheckpoint": None,
            "dataAugmentationOptions": [{"randomHorizontalFlip": {}}],
        },
    }


_RFCN: dict[str, Any] = {"secondStageBoxPredictor": {"rfcnBoxPredictor": {}}}
_MASKS: dict[str, Any] = {
    "secondStageBoxPredictor": {"maskRcnnBoxPredictor": {"predictInstanceMasks": True}}
}
DEFAULTS = {
    keys.SSD_MOBILENET_V1_COCO: _defaults("ssd", "ssd_mobilenet_v1"),
    keys.SSD_MOBILENET_V2_COCO: _defaults("ssd", "ssd_mobilenet_v2"),
    keys.SSDLITE_MOBILENET_V2_COCO: _defaults("ssd", "ssd_mobilenet_v2"),
    keys.SSD_INCEPTION_V2_COCO: _defaults("ssd", "ssd_inception_v2"),
    keys.FASTER_RCNN_INCEPTION_V2_COCO: _defaults("fasterRcnn", "faster_rcnn_inception_v2"),
    keys.FASTER_RCNN_RESNET50_COCO: _defaults("fasterRcnn", "faster_rcnn_resnet50"),
    keys.FASTER_RCNN_RESNET101_COCO: _defaults("fasterRcnn", "faster_rcnn_resnet101"),
    keys.FASTER_RCNN_INCEPTION_RESNET_V2_ATROUS_COCO: _defaults(
        "fasterRcnn", "faster_rcnn_inception_resnet_v2"
    ),
    keys.RFCN_RESNET101_COCO: _defaults("fasterRcnn", "faster_rcnn_resnet101", **_RFCN),
    keys.MASK_RCNN_INCEPTION_V2_COCO: _defaults("fasterRcnn", "faster_rcnn_inception_v2", **_MASKS),
    keys.MASK_RCNN_INCEPTION_RESNET_V2_ATROUS_COCO: _defaults(
        "fasterRcnn", "faster_rcnn_inception_resnet_v2", **_MASKS
    ),
    keys.MASK_RCNN_RESNET50_ATROUS_COCO: _defaults("fasterRcnn", "faster_rcnn_resnet50", **_MASKS),
    keys.MASK_RCNN_RESNET101_ATROUS_COCO: _defaults(
        "fasterRcnn", "faster_rcnn_resnet101", **_MASKS
    ),
}


def translate(nested: Mapping[str, Any]) -> Translation:
    """Say a pipeline with the options of PYTORCH_OBJECT_DETECTION.

    Raises:
        ConfigError: a value is of the wrong kind.
    """
    reader = Reader(nested)
    made = Translation()
    _network(reader, made)
    made.take_number(reader, "trainConfig.batchSize", "batch_size")
    made.take_number(reader, "trainConfig.numSteps", "num_steps")
    _optimizer(reader, made)
    _augmentors(reader, made)
    for name in ("fineTuneCheckpoint", "fineTuneCheckpointType", "fromDetectionCheckpoint"):
        reader.take(f"trainConfig.{name}")
    for name in _SAID_ELSEWHERE:
        reader.take_below(name)
    made.left_out += reader.left()
    return made


def _network(reader: Reader, made: Translation) -> None:
    in_two = reader.take_below("model.fasterRcnn")
    in_one = reader.take_below("model.ssd")
    parts = in_two or in_one
    known = TWO_STAGES if in_two else ONE_STAGE
    extractor = str(parts.pop("featureExtractor.type", "mobilenet_v2"))
    names = sorted(known, key=len, reverse=True)
    found = next((name for name in names if name in extractor), None)
    made.options["model_arch"] = known[found] if found else known["resnet50"]
    if found is None or found.startswith(_OTHERS):
        made.left_out.append(f"the network {extractor}, for which a near one is taken")
    if any("Masks" in name for name in parts):
        made.left_out.append("masks: boxes alone are learned")
    if any("rfcn" in name for name in parts):
        made.left_out.append("R-FCN, for which Faster R-CNN is taken")
    said = ("numClasses", "imageResizer", "featureExtractor", "secondStageBoxPredictor")
    rest = [name for name in parts if not name.startswith(said)]
    if rest:
        made.left_out.append(f"{len(rest)} options of the network, such as anchors and losses")


def _optimizer(reader: Reader, made: Translation) -> None:
    below = reader.take_below("trainConfig.optimizer")
    path = next((name for name in below if name.rpartition(".")[2] in _RATES), None)
    if path is None:
        return
    made.set_learning_rate(
        below[path], f"trainConfig.optimizer.{path}", adam=path.startswith("adamOptimizer")
    )
    made.options["one_cycle"] = "constantLearningRate" not in path


def _augmentors(reader: Reader, made: Translation) -> None:
    given = reader.take("trainConfig.dataAugmentationOptions")
    if given is None:
        return
    names = [next(iter(item), "") for item in given if isinstance(item, Mapping)]
    known = [AUGMENTORS[name] for name in names if name in AUGMENTORS]
    made.options["augmentors"] = list(dict.fromkeys(known))
    made.left_out += [f"augmentation {name}" for name in names if name and name not in AUGMENTORS]
