"""Imports of a plugin that work here by luck, are slow, or do not work elsewhere."""

from __future__ import annotations

import ast
import re
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import rvcli.errors
from rvcli.plugins import Content, Found
from rvcli.plugins.isolate import PREFIX
from rvcli.plugins.siblings import imports_of
from rvcli.verify.report import WARNING, Finding

SLOW_IMPORT_S = 2.0
# Packages that the base install lacks, or that take long.
HEAVY = (
    *("numpy", "rasterio", "shapely", "pyproj", "sklearn", "scipy", "torch", "torchvision"),
    *("tensorflow", "pandas", "geopandas", "matplotlib", "cv2", "skimage", "dask", "distributed"),
)
# The pip extra that brings a package.
EXTRAS = {
    **dict.fromkeys(("numpy", "rasterio", "shapely", "pyproj", "sklearn"), "local"),
    **dict.fromkeys(("torch", "torchvision", "safetensors"), "torch"),
    **dict.fromkeys(("dask", "distributed"), "dask"),
}


def check_source(found: Found) -> list[Finding]:
    """Find what the source alone shows: files that will not travel, paths that will not be.

    Of a module or distribution, those files count that are imported by now.
    """
    findings = []
    alone = found.content is not None and "/" not in found.content.entry
    for file, source in sorted(_sources(found).items()):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        if found.content is not None:
            findings += list(_computed_imports(tree, file))
        findings += list(_relative_paths(tree, file))
        if alone:
            findings += list(_own_directory(tree, file))
    return findings


def _sources(found: Found) -> dict[str, bytes]:
    content = found.content
    if content is not None:
        return {
            str(Path(content.directory, *path.split("/"))): source
            for path, source in content.files.items()
            if path.endswith(".py")
        }
    top = found.import_path.partition(":")[0].partition(".")[0]
    files = [
        getattr(module, "__file__", None)
        for name, module in sys.modules.items()
        if name.partition(".")[0] == top
    ]
    return {file: Path(file).read_bytes() for file in files if file and file.endswith(".py")}


def check_time(import_s: float, modules: set[str], content: Content | None) -> list[Finding]:
    """Find imports at the top of the plugin that make every start slow.

    Args:
        import_s: seconds that importing and registering took.
        modules: names of the modules that it brought in.
        content: the plugin's files, for the line of the import.
    """
    findings = []
    heavy = [name for name in HEAVY if name in modules]
    first = _line_of_import(heavy, content)
    if heavy and first is not None:
        findings.append(
            Finding(
                "import-heavy",
                f"importing the plugin imports {', '.join(heavy)}",
                "import them in the methods that do the work: a machine without them can then"
                " plan and submit, and every command starts faster",
                first,
                severity=WARNING,
            )
        )
    if import_s > SLOW_IMPORT_S:
        findings.append(
            Finding(
                "import-slow",
                f"importing the plugin takes {import_s:.1f} s, for each command again",
                "move slow imports and work into the methods that need them",
                first,
                severity=WARNING,
            )
        )
    return findings


def check_origins(before: set[str], content: Content | None, own_directory: str) -> list[Finding]:
    """Find modules that were imported from loose files, which other machines do not have.

    Args:
        before: names of the modules that were loaded before the plugin.
        content: the plugin's files; None where Python itself imports them.
        own_directory: files below it belong to the plugin.
    """
    own = Path(own_directory).resolve()
    own_names = content.top_names if content is not None else ()
    installed = _installed_directories()
    findings = []
    for name in sorted(set(sys.modules) - before):
        file = getattr(sys.modules[name], "__file__", None)
        if not file or "." in name or name.startswith(PREFIX) or name in own_names:
            continue
        path = Path(file).resolve()
        if content is None and own in path.parents:
            continue
        if any(directory in path.parents for directory in installed):
            continue
        findings.append(
            Finding(
                "import-does-not-travel",
                f"the plugin imports {name!r} from {path}, which is neither installed nor beside"
                " the plugin: other machines will not have it",
                f"put {path.name} beside the plugin and import it from there, or install it as"
                " a package",
                _line_of_import([name], content),
            )
        )
    return findings


def missing_module(error: BaseException) -> str | None:
    """Return the top package that an import did not find, or None."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ModuleNotFoundError) and seen.name:
            return seen.name.partition(".")[0]
        seen = seen.__cause__ or seen.__context__
    return None


def explain_missing(name: str, start_directory: str) -> str:
    """Say what to do about a package that is not found.

    Args:
        name: the package.
        start_directory: where `rv` was started; the plugin is verified elsewhere.
    """
    if name in EXTRAS:
        return f"pip install 'rvcli[{EXTRAS[name]}]'"
    for candidate in (Path(start_directory, f"{name}.py"), Path(start_directory, name)):
        if candidate.exists():
            return (
                f"{candidate} would be found only by processes that start in {start_directory};"
                " it does not travel. Put it beside the plugin and import it from there"
            )
    return f"install the package that brings {name!r}, or put {name}.py beside the plugin"


def _installed_directories() -> list[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    places = [sysconfig.get_paths()[name] for name in names]
    places += [*site.getsitepackages(), site.getusersitepackages()]
    return [
        *(Path(place).resolve() for place in places),
        Path(rvcli.errors.__file__).resolve().parent,
    ]


def _line_of_import(names: list[str], content: Content | None) -> str | None:
    """Return `path:line` of the first import of one of the packages in the plugin's files."""
    if content is None:
        return None
    for path in sorted(content.files, key=lambda path: path != content.entry):
        for found in imports_of(content.files[path]) if path.endswith(".py") else ():
            if found.level == 0 and found.top in names:
                return f"{Path(content.directory, *path.split('/'))}:{found.line}"
    return None


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            callee = node.func
            yield getattr(callee, "attr", getattr(callee, "id", "")), node


def _computed_imports(tree: ast.AST, file: str) -> Iterator[Finding]:
    for name, call in _calls(tree):
        if name not in ("import_module", "__import__") or not call.args:
            continue
        argument = call.args[0]
        if isinstance(argument, ast.Constant) and not str(argument.value).startswith("."):
            continue
        yield Finding(
            "import-computed",
            "a module is imported by a computed name; if it is a sibling, it will not travel",
            "import siblings by plain import statements, which can be seen without running them",
            f"{file}:{call.lineno}",
            severity=WARNING,
        )


def _relative_paths(tree: ast.AST, file: str) -> Iterator[Finding]:
    for name, call in _calls(tree):
        argument = call.args[0] if call.args else None
        if name != "open" or not isinstance(argument, ast.Constant):
            continue
        path = argument.value
        if isinstance(call.func, ast.Attribute) and re.fullmatch("[rwxa][bt+]{0,2}", str(path)):
            continue  # Path.open takes no path
        if isinstance(path, str) and not Path(path).is_absolute() and "://" not in path:
            yield Finding(
                "relative-file",
                f"the file {path!r} is opened relative to wherever a command runs",
                "start from Path(__file__).parent and make the plugin a directory, so that the"
                " file travels with it; or take the path from the config",
                f"{file}:{call.lineno}",
            )


def _own_directory(tree: ast.AST, file: str) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "__file__":
            yield Finding(
                "file-beside",
                "the plugin looks for files beside itself, which do not travel with a .py file",
                "make the plugin a package directory: all its files travel",
                f"{file}:{node.lineno}",
                severity=WARNING,
            )
            return
