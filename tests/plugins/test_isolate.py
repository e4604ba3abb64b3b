"""Plugins import their siblings and never each other's."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
import traceback
import typing
from pathlib import Path

import pytest

from rvcli.plugins.content import Content
from rvcli.plugins.isolate import PREFIX, forget, import_content, package_name, qualify


def content(entry: str = "plugin.py", directory: str = "/nowhere", **files: str) -> Content:
    """Make content whose files are given as `plugin="..."`, `package__module="..."`."""
    paths = {name.replace("__", "/") + ".py": text.encode() for name, text in files.items()}
    return Content(entry, paths, directory)


def imported(made: Content, location: str = "here") -> typing.Any:
    """Import content and return the module."""
    return import_content(made, location)


@pytest.mark.parametrize(
    "statement",
    [
        "from helper import VALUE",
        "from .helper import VALUE",
        "from . import helper; VALUE = helper.VALUE",
        "import helper; VALUE = helper.VALUE",
        "import helper as h; VALUE = h.VALUE",
        "from helper import *",
        "def get():\n    from helper import VALUE\n    return VALUE\nVALUE = get()",
        "VALUE = __import__('helper').VALUE",
    ],
)
def test_siblings_are_imported_absolutely_and_relatively(statement: str) -> None:
    """Every form of import reaches the file beside the plugin."""
    assert "beside" == imported(content(plugin=statement, helper="VALUE = 'beside'")).VALUE


@pytest.mark.parametrize(
    "statement",
    [
        "import package.module; VALUE = package.module.VALUE",
        "import package.module as m; VALUE = m.VALUE",
        "from package import module; VALUE = module.VALUE",
        "from package.module import VALUE",
        "from .package.module import VALUE",
    ],
)
def test_packages_beside_the_plugin_are_imported(statement: str) -> None:
    """A sibling may be a directory, with or without __init__."""
    inner = "from .other import VALUE"
    files = {"plugin": statement, "package__module": inner, "package__other": "VALUE = 5"}
    assert 5 == imported(content(**files)).VALUE
    regular = Content("plugin.py", {**content(**files).files, "package/__init__.py": b""}, "/n")
    assert 5 == imported(regular).VALUE


def test_siblings_of_the_same_name_do_not_collide() -> None:
    """Two plugins with a helper.py each get their own, also where siblings import it."""
    text = "import helper\nfrom middle import VALUE as deep\nVALUE = helper.VALUE"
    middle = "from helper import VALUE"
    first = imported(content(plugin=text, helper="VALUE = 1", middle=middle))
    second = imported(content(plugin=text, helper="VALUE = 2", middle=middle))
    assert ((1, 1), (2, 2)) == ((first.VALUE, first.deep), (second.VALUE, second.deep))
    assert "helper" not in sys.modules


def test_same_content_is_imported_once() -> None:
    """The same file at the same digest is one module; from another place it is another."""
    first = imported(content(plugin="VALUE = object()"))
    assert first is imported(content(plugin="VALUE = object()"))
    assert first is not imported(content(plugin="VALUE = object()"), "there")


def test_changed_content_is_another_module() -> None:
    """After an edit the new code is loaded, however quick and small the edit was."""
    assert ["a", "b"] == [imported(content(plugin=f"VALUE = {v!r}")).VALUE for v in "ab"]


def test_failed_import_leaves_nothing() -> None:
    """A plugin that does not import leaves no module, nor do its siblings."""
    broken = content(plugin="import helper\nraise ValueError('no')", helper="")
    with pytest.raises(ValueError, match="no"):
        imported(broken)
    package = package_name("here", broken.digest)
    assert [] == [name for name in sys.modules if name.startswith(package)]


def test_forget_makes_the_next_import_fresh() -> None:
    """A forgotten plugin is executed again."""
    made = content(plugin="VALUE = object()")
    first = imported(made)
    forget(package_name("here", made.digest))
    assert first is not imported(made)


def test_import_above_the_plugin_fails() -> None:
    """A relative import cannot leave the plugin's directory."""
    with pytest.raises(ImportError, match="beyond top-level package"):
        imported(content(plugin="from .. import other"))


def test_unknown_sibling_is_not_found() -> None:
    """Only what was read and hashed can be imported."""
    with pytest.raises(ModuleNotFoundError, match="absent"):
        imported(content(plugin="from .absent import y"))
    with pytest.raises(ImportError, match="absent"):
        imported(content(plugin="from . import absent"))


def test_tracebacks_and_inspect_show_the_source(tmp_path: Path) -> None:
    """Frames and inspect.getsource name the file and its text."""
    source = "def fail():\n    raise KeyError('x')\n"
    (tmp_path / "plugin.py").write_text(source)
    module = imported(content(directory=str(tmp_path), plugin=source))
    with pytest.raises(KeyError) as caught:
        module.fail()
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (str(tmp_path / "plugin.py"), 2) == (frame.filename, frame.lineno)
    assert source.strip() == inspect.getsource(module.fail).strip()
    assert str(tmp_path / "plugin.py") == module.__file__
    assert source == module.__loader__.get_source(module.__name__)


def test_packages_have_no_source_of_their_own() -> None:
    """The package around a plugin is empty."""
    module = imported(content(plugin=""))
    package = sys.modules[module.__package__]
    assert package.__spec__ is not None
    assert module.__package__.startswith(PREFIX)
    assert None is package.__loader__.get_source(package.__name__)  # type: ignore[union-attr]


def test_annotations_resolve_in_plugin_modules() -> None:
    """Dataclasses and type hints work as in any module."""
    text = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Value:\n    number: int\n    other: Value | None = None\n"
    )
    value = imported(content(plugin=text)).Value
    assert int is typing.get_type_hints(value)["number"]
    assert ["number", "other"] == [f.name for f in dataclasses.fields(value)]


def test_names_that_are_no_identifiers_load() -> None:
    """A plugin file may have a name that no import statement could spell."""
    made = Content("my-plugin.v2.py", {"my-plugin.v2.py": b"VALUE = 3"}, "/nowhere")
    assert 3 == imported(made).VALUE


def test_lazy_components_of_siblings_are_qualified() -> None:
    """`"helper:Name"` in a registration means the plugin's helper."""
    made = content(plugin="", helper="class Name: pass")
    package = package_name("here", made.digest)
    expected = [f"{package}.helper:Name", "json:loads", object]
    assert expected == [qualify(c, made, "here") for c in ("helper:Name", "json:loads", object)]


def test_nothing_is_written_beside_the_plugin(tmp_path: Path) -> None:
    """Loading leaves no __pycache__ in the user's directory."""
    (tmp_path / "plugin.py").write_text("")
    imported(content(directory=str(tmp_path), plugin=""))
    assert ["plugin.py"] == [path.name for path in tmp_path.iterdir()]


def test_finder_is_installed_on_first_use_only() -> None:
    """Importing the module touches neither sys.meta_path nor sys.modules."""
    code = (
        "import sys; before = list(sys.meta_path)\n"
        "import rvcli.plugins.isolate\n"
        "print(before == sys.meta_path)"
    )
    assert "True\n" == subprocess.check_output([sys.executable, "-c", code], text=True)
