"""What takes the place of an old name is the very thing that the old name gives."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest

from rvcli.compat import serving
from rvcli.compat.interface import items
from rvcli.compat.migrate import today
from rvcli.compat.migrate.successors import (
    GIVEN,
    MODULE,
    NAME,
    NOWHERE,
    OLDER,
    find,
    names_of,
)

NAMES = [item for item in items() if not item.owner]


def split(path: str) -> tuple[str, ...]:
    """Return the parts of a path; none of ""."""
    return tuple(path.split(".")) if path else ()


def test_every_old_name_has_a_successor_or_a_reason() -> None:
    """No name of the interface is nowhere; those that old code alone has say what to do."""
    found = {item.path: find(split(item.path)) for item in NAMES}
    assert [] == [path for path, successor in found.items() if successor.kind == NOWHERE]
    assert [] == [p for p, s in found.items() if s.kind == OLDER and not s.why]


def test_successors_are_the_very_things() -> None:
    """A name of today gives the object that the old name gives under the alias."""
    different = []
    with serving():
        for item in NAMES:
            successor = find(split(item.path))
            if successor.kind != NAME:
                continue
            new = getattr(import_module(f"rvcli.{successor.module}"), successor.name)
            with suppress(ImportError, AttributeError):
                old = getattr(import_module(f"rastervision.{item.module}"), item.name)
                if old is not new:
                    different.append(item.path)
    assert [] == different


def test_names_that_can_be_reached_are_there() -> None:
    """What is said to be there after `import rvcli` alone is there, in a new process."""
    paths = [s.parts for item in NAMES if (s := find(split(item.path))).kind == NAME]
    reached = [".".join(parts) for parts in paths if today.reaches(parts)]
    assert len(reached) > 20
    code = (
        f"import operator, rvcli\nfor path in {reached!r}:\n    operator.attrgetter(path)(rvcli)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", (MODULE, "", "")),
        ("TaskConfig.builder", (NAME, "", "TaskConfig")),
        ("core", (MODULE, "core", "")),
        ("core.box.Box.make_square", (NAME, "core.box", "Box")),
        ("core.config", (MODULE, "config", "")),
        ("core.config.ConfigError", (NAME, "errors", "ConfigError")),
        ("data.RasterioSource", (NAME, "data.raster_source.rasterio_source", "RasterioSource")),
        ("task.api.SEMANTIC_SEGMENTATION", (NAME, "keys", "SEMANTIC_SEGMENTATION")),
        ("task.SEMANTIC_SEGMENTATION", (NAME, "keys", "SEMANTIC_SEGMENTATION")),
        ("protos.task_pb2.TaskConfig", (NAME, "protos.task_pb2", "TaskConfig")),
        ("plugin.load_conf_list", (NAME, "profile", "load_conf_list")),
        ("_registry.get_config_builder", (GIVEN, "registry", "current")),
        ("__version__", (NAME, "", "__version__")),
    ],
)
def test_find(path: str, expected: tuple[str, str, str]) -> None:
    """Modules and names are found where they are today."""
    successor = find(split(path))
    assert expected == (successor.kind, successor.module, successor.name)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("TaskConfigg", "rvcli has no TaskConfigg; did you mean TaskConfig?"),
        ("core.box.Boxx", "rvcli.core.box has no Boxx; did you mean Box?"),
        ("backend.tf_deeplab.TFDeeplab", "TensorFlow 1"),
        ("plugin.PluginRegistry", "Registrar"),
    ],
)
def test_reasons(path: str, said: str) -> None:
    """What is nowhere, or in old code alone, says why, with the nearest name."""
    assert said in find(split(path)).why


def test_names_of_star_imports() -> None:
    """A module gives its own names; an api its keys; a package what is below it as well."""
    assert "list_paths" in names_of("utils.files")
    assert "SEMANTIC_SEGMENTATION" in names_of("task.api")
    assert {"Box", "ClassMap"} <= set(names_of("core"))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("core", "box", "Box"), True),
        (("utils", "files", "list_paths"), False),
        (("data", "raster_source", "RasterSourceConfig"), True),
        (("data", "RasterioSource"), False),
        (("nothing",), False),
    ],
)
def test_reaches(parts: tuple[str, ...], expected: bool) -> None:
    """Packages that import or give a module let it be reached; others do not."""
    assert expected is today.reaches(parts)


def test_reaches_what_is_imported() -> None:
    """A module that is imported can be reached from its packages."""
    assert today.reaches(("utils", "files", "list_paths"), frozenset(["utils.files"]))


def test_methods_of_bases_count() -> None:
    """The methods of a class are its own and those of its bases, wherever it is re-exported."""
    found: Any = today.methods("registry", "Registry")
    assert {"get_config_builder"} <= found
    assert frozenset() == today.methods("registry", "Nothing")
