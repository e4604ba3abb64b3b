"""Which siblings belong to a plugin file."""

from __future__ import annotations

import pytest

from rvcli.plugins.siblings import Import, closure, imports_of


def collected(files: dict[str, str], entry: str = "plugin.py") -> list[str]:
    """Return the paths that belong to a plugin in a directory with `files`."""
    return sorted(closure(entry, lambda path: as_bytes(files.get(path))))


def as_bytes(text: str | None) -> bytes | None:
    """Encode a file's text; None is a file that is not there."""
    return None if text is None else text.encode()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import helper", ["helper.py"]),
        ("import helper as h, other", ["helper.py", "other.py"]),
        ("from helper import x", ["helper.py"]),
        ("from . import helper", ["helper.py"]),
        ("from .helper import x", ["helper.py"]),
        ("def f():\n    import helper", ["helper.py"]),
        ("import importlib\nimportlib.import_module('helper')", ["helper.py"]),
        ("__import__('helper')", ["helper.py"]),
        ("r.register_aux_command('KEY', 'helper:Thing')", ["helper.py"]),
        ("r.register_filesystem(filesystem_class='helper:Thing')", ["helper.py"]),
        (
            "r.register_filesystem('package.module:Thing')",
            ["package/__init__.py", "package/module.py"],
        ),
        ("r.register_aux_command('helper', 3)", []),
        ("print('helper:Thing')", []),
        ("import package.module", ["package/__init__.py", "package/module.py"]),
        ("from package import module", ["package/__init__.py", "package/module.py"]),
        ("from package import VALUE", ["package/__init__.py"]),
        ("from .package.module import f", ["package/__init__.py", "package/module.py"]),
        ("import loose.module", ["loose/module.py"]),
        ("from loose import module", ["loose/module.py"]),
        ("import numpy, json", []),
        ("from .. import helper", []),
        ("importlib.import_module(name)", []),
        ("importlib.import_module('.helper', __package__)", []),
        ("import rvcli", []),
        ("import helper.nothing", ["helper.py"]),
    ],
)
def test_imports_decide_which_siblings_belong(statement: str, expected: list[str]) -> None:
    """A plugin has the siblings that its import statements name, and no others."""
    names = [
        "helper.py",
        "other.py",
        "json.py",
        "rvcli/__init__.py",
        "package/__init__.py",
        "package/module.py",
        "package/unused.py",
        "loose/module.py",
    ]
    files = dict.fromkeys(names, "") | {"plugin.py": statement}
    assert sorted(["plugin.py", *expected]) == collected(files)


def test_siblings_of_siblings_belong() -> None:
    """What a sibling imports belongs to the plugin too, even when they import each other."""
    files = {
        "plugin.py": "import a",
        "a.py": "from package import inner",
        "package/__init__.py": "",
        "package/inner.py": "from ..b import x\nfrom . import more\nimport plugin",
        "package/more.py": "",
        "b.py": "import a",
        "unrelated.py": "",
    }
    assert sorted(set(files) - {"unrelated.py"}) == collected(files)


def test_foreign_names_are_no_siblings() -> None:
    """Absolute imports of what is installed are not looked for beside the plugin."""
    files = {"plugin.py": b"import numpy\nfrom . import numpy", "numpy.py": b""}
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return files.get(path)

    closure("plugin.py", read, is_foreign=lambda top: True)
    assert ["plugin.py", "numpy/__init__.py", "numpy.py"] == asked


def test_file_that_does_not_parse_has_no_imports() -> None:
    """A syntax error is left for the import to report."""
    assert [] == imports_of(b"import helper\n)")


def test_missing_entry_is_an_error() -> None:
    """A plugin file that is not there cannot be collected."""
    with pytest.raises(FileNotFoundError):
        collected({})


def test_imports_bear_their_line() -> None:
    """Each import says where it stands."""
    assert [Import("b.c", ("x",), 1, 3)] == imports_of(b"\n\nfrom .b.c import x")
