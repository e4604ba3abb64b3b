"""DeepLab as the TensorFlow backend described it: a flat dict of the flags of its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rvcli import keys
from rvcli.backend.nested_options import Reader
from rvcli.backend.translated.translation import Translation

_DECODER = "deeplabv3plus"

# Encoders by model variant, of segmentation-models-pytorch or (tu-) timm.
ENCODERS = {
    "mobilenet_v2": "mobilenet_v2",
    "mobilenet_v3_large_seg": "tu-mobilenetv3_large_100",
    "mobilenet_v3_small_seg": "tu-mobilenetv3_small_100",
    "resnet_v1_50": "resnet50",
    "resnet_v1_50_beta": "resnet50",
    "resnet_v1_101": "resnet101",
    "resnet_v1_101_beta": "resnet101",
    "xception_41": "tu-xception41",
    "xception_65": "tu-xception65",
    "xception_71": "tu-xception71",
}
_NEAREST = "resnet50"

# What names files, or says what chips and task say now.
_SAID_ELSEWHERE = (
    *("dataset", "datasetDir", "trainSplit", "trainCropSize", "numClasses", "numberOfClasses"),
    *("trainLogdir", "tfInitialCheckpoint", "fineTuneCheckpoint", "modelOptions"),
)


def _defaults(variant: str, **more: Any) -> dict[str, Any]:
    return {
        "modelVariant": variant,
        "outputStride": 16,
        "trainBatchSize": 8,
        "trainingNumberOfSteps": 10000,
        "baseLearningRate": 0.0001,
        "trainCropSize": [],
        "fineTuneBatchNorm": None,
        "initializeLastLayer": None,
        "lastLayersContainLogitsOnly": None,
        **more,
    }


DEFAULTS = {
    keys.MOBILENET_V2: _defaults("mobilenet_v2"),
    keys.XCEPTION_65: _defaults("xception_65", atrousRates=[6, 12, 18], decoderOutputStride=4),
}


def translate(nested: Mapping[str, Any]) -> Translation:
    """Say the flags of DeepLab's training with the options of PYTORCH_SEMANTIC_SEGMENTATION.

    Raises:
        ConfigError: a value is of the wrong kind.
    """
    # Some templates have all in one part.
    flat = {**nested, **(nested.get("train_options") or nested.get("trainOptions") or {})}
    reader = Reader({n: v for n, v in flat.items() if n not in ("train_options", "trainOptions")})
    made = Translation()
    _network(reader, made)
    made.take_number(reader, "trainBatchSize", "batch_size")
    if made.options.get("batch_size") == 1:
        # The decoder normalises what it has pooled to one pixel over the batch.
        made.options["batch_size"] = 2
        made.left_out.append("trainBatchSize=1, for which 2 is taken")
    made.take_number(reader, "trainingNumberOfSteps", "num_steps")
    rate = reader.take("baseLearningRate")
    adam = str(reader.take("optimizer", "momentum")).lower() == "adam"
    if rate is not None:
        made.set_learning_rate(rate, "baseLearningRate", adam=adam)
    policy = reader.take("learningPolicy")
    if policy is not None:
        made.options["one_cycle"] = True
    for name in _SAID_ELSEWHERE:
        reader.take_below(name)
    made.left_out += reader.left()
    return made


def _network(reader: Reader, made: Translation) -> None:
    variant = str(reader.take("modelVariant", "mobilenet_v2"))
    if variant not in ENCODERS:
        made.left_out.append(f"modelVariant={variant}, for which {_NEAREST} is taken")
    made.options["model_arch"] = f"{_DECODER}:{ENCODERS.get(variant, _NEAREST)}"
    options: dict[str, Any] = {}
    stride = reader.take("outputStride")
    if stride in (8, 16):
        options["encoder_output_stride"] = int(stride)
    elif stride is not None:
        made.left_out.append(f"outputStride={stride}")
    rates = reader.take("atrousRates") or []
    if len(rates) == 3:
        options["decoder_atrous_rates"] = [int(rate) for rate in rates]
    elif rates:
        made.left_out.append(f"atrousRates={rates}")
    decoder_stride = reader.take("decoderOutputStride")
    # That of today's decoder.
    if decoder_stride not in (None, 4, [4]):
        made.left_out.append(f"decoderOutputStride={decoder_stride}")
    if options:
        made.options["model_options"] = options
