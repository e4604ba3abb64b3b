"""The profile files at hand, and how a profile is found among them by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rvcli.errors import ProfileError, nearest
from rvcli.profile import search
from rvcli.profile.files import FileProfile, ProfileFile, read
from rvcli.profile.layers import Layer


@dataclass(frozen=True)
class Shelf:
    """The files that take part.

    Attributes:
        config: the file given by `--config` or RV_CONFIG.
        project: the file found by the upward search.
        user_dirs: the directories of the user's own profiles, the first one stronger.
    """

    config: ProfileFile | None
    project: ProfileFile | None
    user_dirs: tuple[Path, ...]

    @cached_property
    def defaults(self) -> list[ProfileFile]:
        """The user's default profiles, the strongest first."""
        found = (
            search.user_file(directory, search.DEFAULT_PROFILE) for directory in self.user_dirs
        )
        return [read(path) for path in found if path is not None]

    def is_in_config(self, name: str) -> bool:
        """Say whether a profile is one that the config file names."""
        return self.config is not None and name in self.config.profiles

    def ancestry(self, name: str) -> list[Layer]:
        """Return a profile and what it inherits from, the strongest first.

        Raises:
            ProfileError: there is no such profile, or the inheritance goes round.
        """
        return self._follow(name, None, [])

    def with_inherited(self, file: ProfileFile) -> list[Layer]:
        """Return what all of a file shares and what that inherits from, the strongest first."""
        return [file.shared.layer, *self._follow(file.shared.inherits, file, [file.shared])]

    def _follow(
        self, name: str | None, near: ProfileFile | None, seen: list[FileProfile]
    ) -> list[Layer]:
        layers = []
        names = []
        while name is not None:
            near, profile = self._find(name, near)
            names.append(name)
            if any(profile is s for s in seen):
                raise ProfileError(
                    f"profiles inherit in a circle: {' -> '.join(names)}",
                    hint=f"take one `inherits` out, for example that in {profile.layer.name}",
                )
            seen.append(profile)
            layers.append(profile.layer)
            name = profile.inherits
        return layers

    def _find(self, name: str, near: ProfileFile | None) -> tuple[ProfileFile, FileProfile]:
        """Return a profile: from the file that asks for it if it is there, else the strongest."""
        for file in self._named_files(near):
            if name in file.profiles:
                return file, file.profiles[name]
        for directory in self.user_dirs:
            path = search.user_file(directory, name)
            if path is not None:
                file = next((d for d in self._cache if d.path == path), None) or read(path)
                if file not in self._cache:
                    self._cache.append(file)
                return file, file.shared
        raise ProfileError(f"there is no profile {name!r}", hint=self._unknown_hint(name))

    @cached_property
    def _cache(self) -> list[ProfileFile]:
        return list(self.defaults)

    def _named_files(self, near: ProfileFile | None) -> Iterator[ProfileFile]:
        for file in (near, self.config, self.project, *self.defaults):
            if file is not None:
                yield file

    def names(self) -> list[str]:
        """List the profiles that can be chosen, sorted."""
        known = {n for file in self._named_files(None) for n in file.profiles}
        for directory in self.user_dirs:
            if directory.is_dir():
                known |= {
                    p.name.removesuffix(p.suffix) if p.suffix in (".toml", ".ini") else p.name
                    for p in directory.iterdir()
                    if p.is_file() and not p.name.startswith(".")
                }
        return sorted(known)

    def _unknown_hint(self, name: str) -> str:
        known = self.names()
        if near := nearest(name, known, cutoff=0.5):
            return f"did you mean {near!r}?"
        if known:
            return f"there are: {', '.join(known[:10])}"
        places = " and ".join(str(directory) for directory in self.user_dirs)
        return f"write [profile.{name}] in rv.toml, or a file {name}.toml in {places}"
