"""The parts of an experiment file that depend on task, labels and backend."""

from __future__ import annotations

from collections.abc import Mapping

from rvcli import keys
from rvcli.project.labels import is_geojson
from rvcli.project.proposal import Proposal

# Colours that are told apart, also by those who do not see red and green (Paul Tol's "bright").
_COLOURS = ("#ee6677", "#4477aa", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee9955", "#882255")
_BACKGROUND_COLOUR = "#bbbbbb"
_POINT_RADIUS_PX = 8
_LINE_HALF_WIDTH_PX = 3

_SKLEARN = {
    keys.SEMANTIC_SEGMENTATION: keys.SKLEARN_SEMANTIC_SEGMENTATION,
    keys.OBJECT_DETECTION: keys.SKLEARN_OBJECT_DETECTION,
    keys.CHIP_CLASSIFICATION: keys.SKLEARN_CHIP_CLASSIFICATION,
}
_PYTORCH = {
    keys.SEMANTIC_SEGMENTATION: keys.PYTORCH_SEMANTIC_SEGMENTATION,
    keys.OBJECT_DETECTION: keys.PYTORCH_OBJECT_DETECTION,
    keys.CHIP_CLASSIFICATION: keys.PYTORCH_CHIP_CLASSIFICATION,
}


def backend_key(proposal: Proposal) -> str:
    """Return the key of the backend."""
    short = {"sklearn": _SKLEARN, "pytorch": _PYTORCH}.get(proposal.backend)
    return short[proposal.task] if short else proposal.backend


def classes(proposal: Proposal) -> str:
    """Return the lines of the classes, each with id and colour."""
    lines = []
    for number, name in enumerate(proposal.class_names, 1):
        is_background = number == proposal.background_id
        colour = _BACKGROUND_COLOUR if is_background else _colour(number - 1)
        lines.append(f"    {_text(name)}: ({number}, {_text(colour)}),")
    return "\n".join(lines)


def task_options(proposal: Proposal) -> str:
    """Return the rest of the calls on the builder of the task."""
    if proposal.task == keys.SEMANTIC_SEGMENTATION:
        return (
            "        # Chips at random places, within the area of a scene if it has one.\n"
            f"        .with_chip_options(chips_per_scene={proposal.chips})\n"
            "        .build()"
        )
    if proposal.task == keys.OBJECT_DETECTION:
        return (
            "        # A chip around each box, and as many without any.\n"
            "        .with_chip_options(neg_ratio=1.0, ioa_thresh=0.8)\n"
            "        # Lower, and more is found, and more of it is wrong.\n"
            "        .with_predict_options(score_thresh=0.3)\n"
            "        .build()"
        )
    return "        .build()"


def backend(proposal: Proposal) -> str:
    """Return the body of the function that describes the backend."""
    key = backend_key(proposal)
    start = f"rv.BackendConfig.builder({name_of(key)}).with_task(task)"
    if key == keys.SKLEARN_OBJECT_DETECTION:
        return "\n".join(
            [
                "    return (",
                f"        rv.BackendConfig.builder({name_of(key)})",
                "        .with_task(task)",
                "        # For a result in minutes; without this line it learns more, for longer.",
                "        .with_train_options(max_windows=20_000, iterations=100)",
                "        .build()",
                "    )",
            ]
        )
    if key not in _PYTORCH.values():
        return f"    return {start}.build()"
    return "\n".join(
        [
            "    return (",
            f"        rv.BackendConfig.builder({name_of(key)})",
            "        .with_task(task)",
            "        # pretrained=True starts from weights of ImageNet, which are downloaded.",
            "        .with_train_options(",
            '            model_arch="resnet18", pretrained=False, num_epochs=20, batch_size=8,',
            "            lr=1e-3,",
            "        )",
            "        .build()",
            "    )",
        ]
    )


def label_store(proposal: Proposal) -> str:
    """Return what the scenes say of where predictions go: nothing, where the default will do."""
    if proposal.task != keys.SEMANTIC_SEGMENTATION:
        return ""
    return """\
        # How probable each class is, beside the map, for the curves of the report.
        .with_label_store(
            rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER)
            .with_probabilities(True)
            .build()
        )
"""


def labels_doc(proposal: Proposal) -> str:
    """Say in words what the labels are."""
    if proposal.labels_kind == "raster":
        return "a raster on the grid of the image"
    if proposal.task == keys.CHIP_CLASSIFICATION:
        return "cells" if proposal.are_cells else "cells, with what the polygons cover most of"
    what = f"{proposal.labels_kind}s"
    if proposal.task == keys.OBJECT_DETECTION and proposal.labels_kind == "polygon":
        what = "polygons, whose bounds are the boxes"
    if proposal.classes.class_property is not None:
        return f"{what}, of the class that the property {proposal.classes.class_property} names"
    return what


def labels(proposal: Proposal) -> str:
    """Return the body of the function that describes labels."""
    task = f"rv.LabelSourceConfig.builder(rv.{proposal.task})"
    if proposal.labels_kind == "raster":
        return _raster(proposal, task)
    source, lines = _vectors(proposal)
    if proposal.task == keys.SEMANTIC_SEGMENTATION:
        background = proposal.background_id
        lines += [
            "    drawn = (",
            "        rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)",
            f"        .with_vector_source({source})",
        ]
        if background is not None:
            lines.append(f"        .with_rasterizer_options(background_class_id={background})")
        lines += [
            "        .build()",
            "    )",
            f"    return {task}.with_raster_source(drawn).build()",
        ]
        return "\n".join(lines)
    if proposal.task == keys.OBJECT_DETECTION or proposal.are_cells:
        return "\n".join([*lines, f"    return {task}.with_vector_source({source}).build()"])
    lines += [
        "    return (",
        f"        {task}",
        f"        .with_vector_source({source})",
        "        # A cell is of a class that covers at least a tenth of it.",
        "        .with_infer_cells(True)",
        "        .with_ioa_thresh(0.1)",
        "        .with_use_intersection_over_cell(True)",
        f"        .with_background_class_id({proposal.background_id})",
        "        .build()",
        "    )",
    ]
    return "\n".join(lines)


def bands(proposal: Proposal) -> str:
    """Return the call that names the bands, where it is needed."""
    if not proposal.bands:
        return ""
    order = list(range(proposal.bands))
    return f"        # The file calls its last band alpha.\n        .with_channel_order({order})\n"


def name_of(key: str) -> str:
    """Return what Python calls a key: a name of rv, or a text."""
    return f"rv.{key}" if getattr(keys, key, None) == key else _text(key)


def _vectors(proposal: Proposal) -> tuple[str, list[str]]:
    """Return an expression for the vector source, and the lines that go before."""
    chosen = proposal.classes
    calls = []
    if proposal.labels_crs is not None:
        calls += [
            "        # The file does not say in which CRS its coordinates are.",
            f"        .with_crs({_text(proposal.labels_crs)})",
        ]
    name = _text(chosen.class_property or "")
    if chosen.mapping:
        calls += [
            f"        .with_class_mapping({_mapping(name, chosen.mapping)})",
            "        # What is of none of these is left out.",
            "        .with_class_inference(default_class_id=None)",
        ]
    elif chosen.class_property not in (None, "class_name", "label"):
        calls.append(f"        .with_class_property({name})")
    ids = range(1, len(chosen.names) + 1)
    if proposal.labels_kind == "point":
        radii = dict.fromkeys(ids, _POINT_RADIUS_PX)
        calls += [
            "        # Radius of what a point stands for, in pixels, by class id.",
            f"        .with_buffers(point_bufs={radii})",
        ]
    elif proposal.labels_kind == "line":
        widths = dict.fromkeys(ids, _LINE_HALF_WIDTH_PX)
        calls += [
            "        # Half the width of lines, in pixels, by class id.",
            f"        .with_buffers(line_bufs={widths})",
        ]
    if not calls:
        return "uri", []
    kind = "GEOJSON_SOURCE" if is_geojson(proposal.scenes[0].labels) else "OGR_SOURCE"
    return "vectors", [
        "    vectors = (",
        f"        rv.VectorSourceConfig.builder(rv.{kind})",
        "        .with_uri(uri)",
        *calls,
        "        .build()",
        "    )",
    ]


def _raster(proposal: Proposal, task: str) -> str:
    if not proposal.raster_mapping:
        return f"    return {task}.with_raster_source(uri).build()"
    return "\n".join(
        [
            "    # From values of the raster to class ids.",
            "    reclass = (",
            "        rv.RasterTransformerConfig.builder(rv.RECLASS_TRANSFORMER)",
            f"        .with_mapping({dict(proposal.raster_mapping)})",
            "        .build()",
            "    )",
            "    raster = (",
            "        rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)",
            "        .with_uri(uri)",
            "        .with_transformer(reclass)",
            "        .build()",
            "    )",
            f"    return {task}.with_raster_source(raster).build()",
        ]
    )


def _mapping(name: str, mapping: Mapping[str, str]) -> str:
    """Return the arguments that map values of a property to classes, in lines if they are long."""
    pairs = [f"{_text(value)}: {_text(target)}" for value, target in mapping.items()]
    if sum(map(len, pairs)) < 50:
        return f"{name}, {{{', '.join(pairs)}}}"
    lines = "".join(f"                {pair},\n" for pair in pairs)
    return f"\n            {name},\n            {{\n{lines}            }},\n        "


def _colour(number: int) -> str:
    if number < len(_COLOURS):
        return _COLOURS[number]
    import colorsys

    # The golden angle: hues that lie far apart, however many there are.
    red, green, blue = colorsys.hls_to_rgb(number * 0.618034 % 1, 0.5, 0.6)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _text(value: str) -> str:
    """Return a Python string in double quotes, as formatters write it."""
    import json

    return json.dumps(value, ensure_ascii=False)
