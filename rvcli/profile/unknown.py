"""Options in files and `--set` that nothing reads, with the nearest one that exists."""

from __future__ import annotations

from collections.abc import Iterable

from rvcli.errors import nearest
from rvcli.profile import options
from rvcli.profile.layers import Layer


class Reads:
    """What was asked for beside the declared options: by plugins, mostly."""

    def __init__(self) -> None:
        self.sections: set[str] = set()
        self.keys: set[tuple[str, str]] = set()

    def add(self, section: str, key: str) -> None:
        """Note that an undeclared option was read; in a section of its own, all of it is."""
        if section in options.SECTIONS:
            self.keys.add((section, key))
        else:
            self.sections.add(section)

    def knows(self, section: str) -> bool:
        """Tell whether all of a section counts as read."""
        return section in self.sections or options.passed_on(section) is not None


def unknown_warnings(layers: Iterable[Layer], reads: Reads) -> list[str]:
    """Word a warning for every section and key that is neither declared nor read."""
    warnings: dict[str, None] = {}
    sections = [*options.SECTIONS, *sorted(reads.sections)]
    for layer in layers:
        told: set[str] = set()
        for (section, key), found in layer.values.items():
            if reads.knows(section) or (section, key) in reads.keys:
                continue
            if section not in options.SECTIONS:
                if section not in told:
                    near = nearest(section, sections)
                    warnings[f"{found.origin}: unknown section [{section}]{_ask(near)}"] = None
                told.add(section)
            elif options.find(section, key) is None:
                near = _nearest_option(section, key)
                warnings[f"{found.origin}: unknown option {section}.{key}{_ask(near)}"] = None
    return list(warnings)


def _nearest_option(section: str, key: str) -> str | None:
    near = nearest(key, options.keys(section))
    if near:
        return f"{section}.{near}"
    return next((o.name for o in options.OPTIONS if o.key == key), None)


def _ask(near: str | None) -> str:
    return f"; did you mean {near}?" if near else ""
