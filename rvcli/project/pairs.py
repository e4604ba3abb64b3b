"""Which files are meant, which labels belong to which image, and what is for validation."""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath

from rvcli.errors import UsageError
from rvcli.filesystem import base_name, is_local, to_path
from rvcli.project.labels import GEOJSON_EXTENSIONS

IMAGE_EXTENSIONS = (".tif", ".tiff", ".vrt", ".jp2", ".img", ".png", ".jpg", ".jpeg")
VECTOR_EXTENSIONS = (*GEOJSON_EXTENSIONS, ".gpkg", ".fgb", ".shp", ".gml", ".kml")

TRAIN = "train"
VALIDATION = "validation"
_TRAIN_FOLDERS = {"train", "training"}
_VALIDATION_FOLDERS = {"val", "valid", "validation", "test", "testing", "eval"}
# Of so many images one is for validation.
_EVERY = 4


def expand(patterns: Iterable[str], option: str, extensions: Sequence[str]) -> list[str]:
    """Return the files that paths, globs, folders and URIs mean, each once.

    Args:
        patterns: as they were given.
        option: that gave them, for messages.
        extensions: of the files of a folder that are meant.

    Raises:
        UsageError: there is no such file.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        if not is_local(pattern):
            found[pattern] = None
            continue
        path = to_path(pattern).expanduser()
        # Not by Path: patterns may be absolute.
        names = [str(path)] if path.exists() else sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
        files = [file for name in names for file in _files(Path(name), extensions)]
        if not files:
            endings = f"no file there ends in {', '.join(extensions)}"
            raise UsageError(
                f"there is no file {pattern} ({option})", hint=endings if names else _near(path)
            )
        found.update(dict.fromkeys(files))
    return list(found)


def _files(path: Path, extensions: Sequence[str]) -> list[str]:
    """Return a file, or those of a folder that have one of some extensions."""
    if not path.is_dir():
        return [str(path)]
    return [str(p) for p in sorted(path.iterdir()) if p.suffix.lower() in extensions]


def _near(path: Path) -> str:
    """Say what is there in place of a file."""
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    names = sorted(p.name + ("/" if p.is_dir() else "") for p in folder.iterdir())
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return f"{folder} has: {shown or 'nothing'}"


def labels_beside(image: str) -> str | None:
    """Return the labels that lie beside an image under its name, or in a folder `labels`."""
    if not is_local(image):
        return None
    path = to_path(image)
    for folder in (path.parent, path.parent / "labels", path.parent.parent / "labels"):
        for extension in VECTOR_EXTENSIONS:
            candidate = folder / f"{path.stem}{extension}"
            if candidate.is_file():
                return str(candidate)
    return None


@dataclass(frozen=True)
class Imagery:
    """What lies in a folder.

    Attributes:
        images: a file if there is one image, else the folder that they are in.
        labels: the file of labels of the one image, or the only one that is there; else empty.
        is_labelled: whether any image has labels.
    """

    images: str
    labels: str
    is_labelled: bool


def imagery_in(folder: Path) -> Imagery | None:
    """Return the images of a folder, or of its folder `images`, and their labels, if any."""
    for place in (folder, folder / "images"):
        images = _files(place, IMAGE_EXTENSIONS) if place.is_dir() else []
        if not images:
            continue
        beside = [found for image in images if (found := labels_beside(image))]
        vectors = [] if beside else _files(folder, VECTOR_EXTENSIONS)
        labels = beside if len(images) == 1 else vectors
        return Imagery(
            images[0] if len(images) == 1 else str(place),
            (labels or vectors)[0] if len(labels or vectors) == 1 else "",
            bool(beside) or len(vectors) == 1,
        )
    return None


def pair(images: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """Return the labels of each image, by its URI; an image without any is left out.

    One file of labels is that of all images. Of several, that of an image begins with its name;
    where that leaves a choice, its folder is the nearest.
    """
    if len(labels) == 1:
        return dict.fromkeys(images, labels[0])
    by_stem: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        by_stem[stem(label)].append(label)
    pairs = {}
    for image in images:
        own = stem(image)
        fitting = by_stem.get(own) or [
            label for name in by_stem if _continues(name, own) for label in by_stem[name]
        ]
        if fitting:
            pairs[image] = max(fitting, key=lambda label: _shared_folders(label, image))
    return pairs


def _shared_folders(one: str, other: str) -> int:
    pairs = zip(PurePosixPath(one).parts, PurePosixPath(other).parts, strict=False)
    return sum(1 for _ in takewhile(lambda parts: parts[0] == parts[1], pairs))


def stem(uri: str) -> str:
    """Return the name of a file without its extension."""
    return PurePosixPath(base_name(uri)).stem


def _continues(name: str, beginning: str) -> bool:
    rest = name.removeprefix(beginning)
    return rest != name and not rest[:1].isalnum()


def scene_ids(images: Sequence[str]) -> dict[str, str]:
    """Return an id for each image: its name, with that of its folder where two have one."""
    names = [stem(image) for image in images]
    ids: dict[str, str] = {}
    for image, name in zip(images, names, strict=True):
        wanted = name
        if names.count(name) > 1:
            wanted = "-".join([*PurePosixPath(image).parts[-3:-1], name]).strip("/-")
        number = 1
        while wanted in ids.values():
            number += 1
            wanted = f"{name}-{number}"
        ids[image] = wanted
    return ids


def splits(images: Sequence[str], kinds: Mapping[str, str]) -> dict[str, str]:
    """Decide for each of two or more images whether it is for training or validation.

    Folders that are called so decide; else, of the images of each kind, one in four is for
    validation, and of all at least one.

    Args:
        images: their URIs.
        kinds: what is to be in both parts alike, as the class of an image, by URI.
    """
    by_folder = {image: _by_folder(image) for image in images}
    if set(by_folder.values()) == {TRAIN, VALIDATION}:
        return {image: split or TRAIN for image, split in by_folder.items()}
    found = dict.fromkeys(images, TRAIN)
    groups: dict[str, list[str]] = defaultdict(list)
    for image in images:
        groups[kinds.get(image, "")].append(image)
    for group in groups.values():
        for image in group[_EVERY - 1 :: _EVERY] or (group[1:] and group[-1:]):
            found[image] = VALIDATION
    if VALIDATION not in found.values():
        found[images[-1]] = VALIDATION
    return found


def _by_folder(image: str) -> str | None:
    folders = {part.lower() for part in PurePosixPath(image).parts[:-1]}
    if folders & _VALIDATION_FOLDERS:
        return VALIDATION
    return TRAIN if folders & _TRAIN_FOLDERS else None
