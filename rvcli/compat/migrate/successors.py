"""What has taken the place of a name below `rastervision`."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from rvcli import keys
from rvcli.compat import older
from rvcli.compat.interface import homes, items, modules
from rvcli.compat.migrate import today
from rvcli.compat.names import ABSENT, MODULES
from rvcli.errors import nearest
from rvcli.names import HOMES

# What a path turns out to be.
MODULE = "module"
NAME = "name"
GIVEN = "given"  # made anew for each who asks: the name stands for a call
OLDER = "older"  # only old code has it
NOWHERE = "nowhere"

# Why what only old code has is of the past, and what to do: a name, or the module that it is in.
_INSTEAD = {
    "plugin.PluginRegistry": "register_plugin gets a rvcli.Registrar, which has the methods to"
    " register by",
    "command.utils": "build() checks the types itself: leave the call out",
    "cli.main": "run the program `rv` itself, or call rvcli.cli.main.call with its arguments",
    "cli.verbosity": "profile.verbosity has it",
    "runner.out_of_process_experiment_runner": "a runner is a rvcli.ExperimentRunner:"
    " see docs/how-to/runners.md",
    "registry": "rv loads the profile and its plugins before it loads your file; for what is"
    " registered ask rvcli.registry.current()",
}
_TENSORFLOW = ("tf_", "keras", "tensorflow")


@dataclass(frozen=True)
class Successor:
    """What a path below `rastervision` is today.

    Attributes:
        kind: MODULE, NAME, GIVEN, OLDER or NOWHERE.
        used: how many parts of the path it stands for; what follows are attributes of an object.
        module: the module below rvcli, for MODULE, NAME and GIVEN.
        name: the name in it, for NAME and GIVEN.
        why: for OLDER and NOWHERE, what is to be known.
    """

    kind: str
    used: int
    module: str = ""
    name: str = ""
    why: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The path below rvcli."""
        return tuple(part for part in (*self.module.split("."), self.name) if part)


@functools.cache
def find(parts: tuple[str, ...]) -> Successor:
    """Find what `rastervision.a.b.c` is today.

    Args:
        parts: such as ("core", "box", "Box", "make_square"); () for the package itself.
    """
    module, used = "", 0
    while used < len(parts) and _is_old_module(inner := f"{module}.{parts[used]}".lstrip(".")):
        module, used = inner, used + 1
    if used == len(parts):
        home = MODULES.get(module, module)
        if _is_of_old_code(module):
            return Successor(OLDER, used, why=_instead(module))
        return Successor(MODULE, used, home)
    return _find_name(module, parts[used], used + 1)


@functools.cache
def names_of(module: str) -> tuple[str, ...]:
    """List the names that a star import took from an old module."""
    below = f"{module}." if module else ""
    inner = today.is_package(module)
    found = [
        item.name
        for item in items()
        if not item.owner and (item.module == module or (inner and item.module.startswith(below)))
    ]
    if inner or module.endswith("api"):
        found += [name for name in vars(keys) if name.isupper()]
    return tuple(dict.fromkeys(found))


def _find_name(module: str, name: str, used: int) -> Successor:
    home = MODULES.get(module, module)
    given = older._GIVEN.get(f"{module}.{name}")
    if given is not None:
        where, _, function = given.partition(":")
        return Successor(GIVEN, used, where, function)
    defined = homes().get(name, ())
    if module in defined and name in HOMES:
        return Successor(NAME, used, HOMES[name].removeprefix("rvcli."), name)
    if not _is_of_old_code(module) and (name in today.members(home) or today.is_dunder(name)):
        return Successor(NAME, used, home, name)
    if name in vars(keys) and name.isupper() and (today.is_package(module) or home == "keys"):
        return Successor(NAME, used, "keys", name)
    for inner in defined:
        if inner != module and (not module or inner.startswith(f"{module}.")):
            return _find_name(inner, name, used)
    if module in defined:
        successor = _moved(name)
        if successor is not None:
            return Successor(NAME, used, successor, name)
        return Successor(OLDER, used, why=_instead(f"{module}.{name}"))
    return Successor(NOWHERE, used, why=_absence(module, name))


# Functions of old modules that a room of another name gives.
_MOVED = {"load_conf_list": "profile"}


def _moved(name: str) -> str | None:
    home = _MOVED.get(name)
    return home if home is not None and name in today.members(home) else None


def _is_old_module(module: str) -> bool:
    return today.is_module(MODULES.get(module, module)) or module in _old_modules()


@functools.cache
def _old_modules() -> frozenset[str]:
    """List the old modules and the packages that they are in."""
    found: set[str] = set()
    for module in (*modules(), *MODULES):
        parts = module.split(".")
        found |= {".".join(parts[: n + 1]) for n in range(len(parts))}
    return frozenset(found)


def _is_of_old_code(module: str) -> bool:
    """Whether there is an old module for old code alone."""
    if module in MODULES and MODULES[module].startswith("compat."):
        return True
    return not today.is_module(MODULES.get(module, module))


def _instead(path: str) -> str:
    for known in (path, path.rpartition(".")[0]):
        if known in _INSTEAD:
            return _INSTEAD[known]
    return "rv serves it to old code, under its old name alone"


def _absence(module: str, name: str) -> str:
    path = f"{module}.{name}".lstrip(".")
    absent = older.find_absent(path)
    if absent is not None:
        return ABSENT[absent]
    if name.lower().startswith(_TENSORFLOW) or ".tf_" in f".{path}":
        return "of TensorFlow 1, which runs no more; see docs/how-to/backends.md for what there is"
    home = MODULES.get(module, module)
    near = nearest(name, {*today.members(home), *names_of(module)})
    where = f"rvcli.{home}".rstrip(".")
    return f"{where} has no {name}" + (f"; did you mean {near}?" if near else "")
