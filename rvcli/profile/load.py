"""Load the settings: which files and variables count, and in which order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rvcli.errors import UsageError
from rvcli.profile import search, secrets
from rvcli.profile.layers import AnyLayer, EnvironLayer, Layer, SettingValue, canonical
from rvcli.profile.paths import absolute
from rvcli.profile.settings import OVERRIDES, Settings

if TYPE_CHECKING:
    from rvcli.profile.files import ProfileFile
    from rvcli.profile.shelf import Shelf


def load_settings(
    profile: str | None = None,
    config_file: str | os.PathLike[str] | None = None,
    overrides: Iterable[str] = (),
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Load the settings, from weak to strong.

    Defaults, the user's default profile, the project's file, the chosen profile, the config
    file, `.env`, the environment, the overrides. A profile that the config file itself names
    is stronger than what that file says for all its profiles.

    Args:
        profile: the profile to choose, else RV_PROFILE.
        config_file: one more file, else RV_CONFIG.
        overrides: `SECTION.KEY=VALUE`, each.
        cwd: where the search for the project's file starts.
        environ: variables to read instead of the process's own.

    Raises:
        ProfileError: a file is missing, malformed or refused, a profile is unknown, ambiguous
            or inherits from itself, or a value is not of its declared type.
        UsageError: an override is no SECTION.KEY=VALUE.
    """
    environ = os.environ if environ is None else environ
    directory = absolute(cwd or "")
    set_layer = _overrides(overrides, directory)
    dotenv, notes = _dotenv(directory, environ)
    steering = _steering(dotenv, environ)
    if profile:
        steering["RV_PROFILE"] = profile
    if config_file:
        steering["RV_CONFIG"] = str(absolute(config_file, directory))

    layers: list[AnyLayer] = [set_layer, EnvironLayer("environment", environ, str(directory))]
    if dotenv is not None:
        layers.append(dotenv)
    shelf = _shelf(directory, {**environ, **steering}, notes)
    if shelf is not None:
        layers += dict.fromkeys(_file_layers(shelf, {**environ, **steering}.get("RV_PROFILE")))
    layers.append(Layer("search", {}, tuple(notes)))
    files = () if shelf is None else (shelf.config, shelf.project)
    settings = Settings(layers, [file.path for file in files if file is not None])
    settings.validate()
    return settings


def profile_names(config_file: str | os.PathLike[str] | None = None) -> list[str]:
    """List the profiles that can be chosen here, sorted.

    Args:
        config_file: one more file, else RV_CONFIG.

    Raises:
        ProfileError: a file is malformed or refused.
    """
    directory = absolute("")
    dotenv, notes = _dotenv(directory, os.environ)
    steering = _steering(dotenv, os.environ)
    if config_file:
        steering["RV_CONFIG"] = str(absolute(config_file, directory))
    # A profile that is asked for makes a shelf of all there is.
    shelf = _shelf(directory, {**os.environ, "RV_PROFILE": "?", **steering}, notes)
    return [] if shelf is None else shelf.names()


def _overrides(overrides: Iterable[str], directory: Path) -> Layer:
    values = {}
    for text in overrides:
        name, equals, value = text.partition("=")
        section, dot, key = name.partition(".")
        if not (equals and dot and section.strip() and key.strip()):
            shown = name if equals else secrets.mask_uris(text)
            raise UsageError(
                f"--set {shown!r} names no option", hint="write --set SECTION.KEY=VALUE"
            )
        option = canonical(section, key)
        secret = secrets.is_secret(*option)
        values[option] = SettingValue(value, OVERRIDES, str(directory), secret)
    return Layer(OVERRIDES, values)


def _dotenv(directory: Path, environ: Mapping[str, str]) -> tuple[EnvironLayer | None, list[str]]:
    found = search.search_upward(directory, (".env",), environ)
    if not found:
        return None, []
    owner = search.foreign_owner(found[0])
    if owner is not None:
        return None, [f"{found[0]} is not read: it belongs to another user (id {owner})"]
    from rvcli.profile.dotenv import read_dotenv

    return read_dotenv(found[0]), []


def _steering(dotenv: EnvironLayer | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return RV_PROFILE, RV_CONFIG and RV_CONFIG_DIR, paths absolute."""
    steering = {}
    for name in ("RV_PROFILE", "RV_CONFIG", "RV_CONFIG_DIR"):
        value, base = environ.get(name), ""
        if not value and dotenv is not None:
            value, base = dotenv.variables.get(name), dotenv.base
        if value:
            steering[name] = value if name == "RV_PROFILE" else str(absolute(value, base))
    return steering


def _shelf(directory: Path, environ: Mapping[str, str], notes: list[str]) -> Shelf | None:
    """Return the files that take part; None if there are none."""
    found = search.search_upward(directory, search.PROJECT_FILES, environ)
    user_dirs = search.config_dirs(environ)
    if not (found or environ.get("RV_PROFILE") or environ.get("RV_CONFIG")) and not any(
        search.user_file(user_dir, search.DEFAULT_PROFILE) for user_dir in user_dirs
    ):
        return None
    from rvcli.profile.shelf import Shelf

    config = _config_file(environ)
    return Shelf(config, _project_file(found, config, notes), tuple(user_dirs))


def _file_layers(shelf: Shelf, name: str | None) -> list[Layer]:
    """Return the layers of all files, the strongest first.

    Args:
        shelf: the files.
        name: of the chosen profile.
    """
    chosen = shelf.ancestry(name) if name else []
    in_config = name is not None and shelf.is_in_config(name)
    return [
        *(chosen if in_config else []),
        *(shelf.with_inherited(shelf.config) if shelf.config else []),
        *([] if in_config else chosen),
        *(shelf.with_inherited(shelf.project) if shelf.project else []),
        *[layer for user in shelf.defaults for layer in shelf.with_inherited(user)],
    ]


def _config_file(environ: Mapping[str, str]) -> ProfileFile | None:
    from rvcli.profile.files import read

    return read(Path(environ["RV_CONFIG"])) if environ.get("RV_CONFIG") else None


def _project_file(
    found: list[Path], config: ProfileFile | None, notes: list[str]
) -> ProfileFile | None:
    from rvcli.profile.files import read

    project = None
    if found and not (config and found[0].samefile(config.path)):
        if config is None:
            search.refuse_foreign(found[0])
        owner = search.foreign_owner(found[0])
        if owner is None:
            project = read(found[0])
        else:
            notes.append(f"{found[0]} is not read: it belongs to another user (id {owner})")
    notes += [f"{path} is not read: {found[0].name} beside it is" for path in found[1:]]
    return project
