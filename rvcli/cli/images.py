"""The images that a command line names, and where the predictions of each go."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from rvcli.errors import DataError, UsageError
from rvcli.filesystem import base_name, is_local, join_uri, parent_uri, resolve, scheme, to_path

_WILD = re.compile(r"[*?\[]")
_FIELDS = ("{name}", "{parent}")
_MOST_SHOWN = 10


def expand(words: Iterable[str]) -> list[str]:
    """Return the images that some words name, patterns of file names replaced by what they match.

    A file that is called like a pattern is that file; what names several files of one image, with
    commas or as a JSON list, stays as it is, and so do URLs, of which there is no list.

    Raises:
        DataError: nothing matches a pattern.
    """
    images: list[str] = []
    for word in words:
        images += _matches(word) if _is_pattern(word) else [word]
    return list(dict.fromkeys(images))


def _is_pattern(word: str) -> bool:
    if "," in word or word.lstrip().startswith('["') or scheme(word) in ("http", "https"):
        return False
    wild = _WILD.search(word) if is_local(word) else re.search(r"[*\[]", word)
    return bool(wild) and not (is_local(word) and os.path.lexists(to_path(word)))


def _matches(pattern: str) -> list[str]:
    if is_local(pattern):
        found = sorted(glob.glob(str(to_path(pattern)), recursive=True))  # noqa: PTH207
    else:
        start = pattern[: re.search(r"[*?\[]", pattern).start()].rpartition("/")[0]  # type: ignore[union-attr]
        wanted = re.compile(_as_regex(pattern))
        found = [uri for uri in resolve(start).list_paths(start) if wanted.fullmatch(uri)]
    if not found:
        raise DataError(
            f"no image matches {pattern!r}", hint="check the directory and the extension"
        )
    return found


def _as_regex(pattern: str) -> str:
    """Translate a pattern: * and ? stay within one directory, ** does not."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", pattern)
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        wild[part]
        if part in wild
        else part.replace("[!", "[^")
        if part.startswith("[") and part.endswith("]")
        else re.escape(part)
        for part in parts
    )


def is_folder(output: str) -> bool:
    """Tell whether an output is a pattern or a directory, in which each image gets its file."""
    if any(name in output for name in _FIELDS) or output.endswith("/"):
        return True
    return is_local(output) and to_path(output).is_dir()


def outputs_for(images: Sequence[str], output: str, ending: str) -> list[str]:
    """Return where the predictions of each image go.

    Args:
        images: see `expand`.
        output: a directory, or a pattern with {name} and {parent}: the image's name without
            extension, and the name of the directory that it is in.
        ending: of the files in a directory.

    Raises:
        UsageError: two would be the same file, or the output is one file.
    """
    if not any(name in output for name in _FIELDS):
        suffix = PurePosixPath(output).suffix
        if suffix and not is_folder(output):
            raise UsageError(
                f"there are {len(images)} images, and OUTPUT is one file, {output}",
                hint=f"name a directory, or a pattern such as out/{{name}}{suffix}",
            )
        output = join_uri(output, "{name}" + ending)
    made = [_fill(output, image) for image in images]
    twice = [name for name, count in Counter(made).items() if count > 1]
    if twice:
        raise UsageError(
            f"several images would have their predictions in {listed(twice)}",
            hint="tell them apart by their directories: a pattern such as out/{parent}-{name}.tif",
        )
    return made


def _fill(pattern: str, image: str) -> str:
    from rvcli.data.raster_source.image_for_prediction import name_of_image

    first = image.strip().lstrip('["').split('"')[0].split(",")[0]
    parent = base_name(parent_uri(first))
    return pattern.replace("{name}", name_of_image(image)).replace("{parent}", parent)


def listed(names: Sequence[str]) -> str:
    """Return some names as a text, ten of them at most."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
