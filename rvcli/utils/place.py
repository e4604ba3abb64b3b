"""A local file on its way to where it belongs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rvcli.filesystem import base_name, is_local, to_path
from rvcli.utils.files import atomic_path, upload_or_copy


@contextmanager
def placed(uri: str, tmp_dir: str) -> Iterator[Path]:
    """Give a local path; the file that the block writes there goes to a URI, whole or not at all.

    Args:
        uri: where the file belongs; the local path has the same extension.
        tmp_dir: where a file for elsewhere is written first.

    Raises:
        NotWritableError: it cannot be put there.
    """
    if is_local(uri):
        with atomic_path(to_path(uri)) as path:
            yield path
        return
    Path(tmp_dir).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=tmp_dir, prefix="output-") as folder:
        path = Path(folder) / base_name(uri)
        yield path
        upload_or_copy(str(path), uri)
