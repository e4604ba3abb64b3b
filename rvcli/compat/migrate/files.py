"""Files: which are meant, and how they are read and written."""

from __future__ import annotations

import glob
import io
import os
import shutil
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rvcli.compat.migrate.scan import Scan, scan
from rvcli.errors import ExperimentError, NotWritableError, UsageError
from rvcli.filesystem.atomic import atomic_path

# Directories of tools; others may be left out by name.
_LEFT_OUT = {"__pycache__", "node_modules", "site-packages"}
_PROFILES = {".ini", ".toml", ".cfg", ""}


@dataclass(frozen=True)
class Migration:
    """One file and what was found in it.

    Attributes:
        path: the file, as it was named.
        scan: what was found; None where the file cannot be read.
        before: its text.
        encoding: of its bytes; "utf-8-sig" where it begins with a byte order mark.
        fault: why it cannot be read; "" where it can.
    """

    path: Path
    scan: Scan | None = None
    before: str = ""
    encoding: str = "utf-8"
    fault: str = ""

    @property
    def changes(self) -> bool:
        """Whether there is something to write."""
        return self.scan is not None and self.scan.text != self.before

    def write(self) -> None:
        """Write the file anew, whole or not at all, with the mode bits that it has.

        Raises:
            NotWritableError: it cannot be written.
        """
        if self.scan is None:
            return
        if not os.access(self.path, os.W_OK):
            raise NotWritableError(f"{self.path} may not be written", hint="check its permissions")
        with atomic_path(self.path) as temporary:
            temporary.write_bytes(self.scan.text.encode(self.encoding))
            shutil.copymode(self.path, temporary)


def migrate_file(path: Path) -> Migration:
    """Find in a file what it uses of old releases; one that cannot be read has a fault."""
    try:
        content = path.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        # A decoder for text would make all ends of lines the same.
        text = content.decode(encoding)
        return Migration(path, scan(text), text, encoding)
    except OSError as e:
        return Migration(path, fault=e.strerror or str(e))
    except RecursionError:
        return Migration(path, fault="its expressions are nested too deeply")
    except (SyntaxError, UnicodeDecodeError, ExperimentError) as e:
        return Migration(path, fault=str(e))


def find_files(names: Iterable[str]) -> tuple[list[Path], list[str]]:
    """Find the Python files that are meant, each once, and say what of the rest is left out.

    Args:
        names: files, directories to look through, and patterns such as `exp_*.py`.

    Raises:
        UsageError: there is no such file, or none that is Python.
    """
    found: dict[Path, Path] = {}
    left_out: list[str] = []
    for name in names:
        for path in _named(name):
            if path.is_dir():
                for inner in _below(path):
                    found.setdefault(inner.resolve(), inner)
            elif path.suffix in (".py", ".pyi") or _is_script(path):
                found.setdefault(path.resolve(), path)
            else:
                left_out.append(_why_left_out(path))
    if left_out and not found:
        raise UsageError(left_out[0], hint="name Python files, or directories that have some")
    return list(found.values()), left_out


def _named(name: str) -> list[Path]:
    path = Path(name)
    if path.exists():
        return [path]
    matches = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else []  # noqa: PTH207
    if not matches:
        raise UsageError(f"there is no file {name}", hint="name files, directories or patterns")
    return [Path(match) for match in matches]


def _below(folder: Path) -> Iterator[Path]:
    """Yield the Python files below a directory, without those of tools and environments."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_looked_into(Path(here, name)))
        yield from (Path(here, name) for name in sorted(files) if name.endswith((".py", ".pyi")))


def _is_looked_into(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _LEFT_OUT
    return not hidden and not (folder / "pyvenv.cfg").exists()


def _is_script(path: Path) -> bool:
    """Whether a file without an extension says in its first line that it is Python."""
    if path.suffix:
        return False
    with path.open("rb") as file:
        first = file.readline(200)
    return first.startswith(b"#!") and b"python" in first


def _why_left_out(path: Path) -> str:
    if path.suffix == ".ipynb":
        return (
            f"{path} is a notebook, which is not migrated: save its cells as a .py file, migrate"
            " that, and copy them back"
        )
    if path.suffix in _PROFILES:
        return (
            f"{path} is no Python: if it is a profile, rv reads it as it is; `rv --config {path}"
            " config show --origin` shows what it says"
        )
    return f"{path} is no Python"
