"""RVConfig: the settings as plugins and experiments of older releases ask for them."""

from __future__ import annotations

import json
import os
import tempfile
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rvcli import registry
from rvcli.errors import ProfileError
from rvcli.profile import settings as settings_module
from rvcli.profile.convert import as_text, load_conf_list, parse_bool
from rvcli.profile.load import load_settings
from rvcli.profile.paths import absolute
from rvcli.profile.search import config_dirs
from rvcli.profile.settings import Settings
from rvcli.profile.verbosity import Verbosity

__all__ = ["RVConfig", "SubConfig", "Verbosity", "load_conf_list"]

_NOT_GIVEN: Any = object()

_tmp_dir_root: str | None = None


class SubConfig:
    """The options of one section; called with a key, it returns the value as text."""

    def __init__(self, settings: Settings, namespace: str) -> None:
        self.settings = settings
        self.namespace = namespace
        settings.section(namespace)

    def __call__(
        self,
        key: str,
        namespace: str | Iterable[str] | None = None,
        default: Any = _NOT_GIVEN,
        default_if_empty: bool = True,
        alternate_keys: Iterable[str] = (),
        doc: str = "",
        parser: Callable[[str], Any] = str,
        raise_error: bool = True,
        raw_value: bool = False,
    ) -> Any:
        """Return the value of a key, put through `parser`.

        Args:
            key: the key, in any case.
            namespace: read the key below a name, see `with_namespace`.
            default: what to return instead of a missing value; a text is parsed as well.
            default_if_empty: an empty value counts as a missing one if there is a default.
            alternate_keys: other keys, asked in turn where there is no value.
            doc: for people.
            parser: turns the text into the value.
            raise_error: whether a missing value without default is an error; else it is None.
            raw_value: return the text itself.

        Raises:
            ProfileError: there is neither a value nor a default, or the parser refuses it.
        """
        section = _nested(self.namespace, namespace)
        if section != self.namespace:
            self.settings.section(section)
        for name in (key, *alternate_keys):
            text = self.settings.text(section, name)
            if text is not None and not (text == "" and default_if_empty and _is_given(default)):
                return text if raw_value else self._parsed(section, name, text, parser)
        if _is_given(default):
            is_text = isinstance(default, str) and not raw_value
            return self._parsed(section, key, default, parser) if is_text else default
        if raise_error:
            raise ProfileError(
                f"{section}.{key} is not set",
                hint=doc or f"set it in the profile, or by --set {section}.{key}=VALUE",
            )
        return None

    def with_namespace(self, namespace: str | Iterable[str]) -> SubConfig:
        """Return the options whose keys start with a name."""
        return SubConfig(self.settings, _nested(self.namespace, namespace))

    def get_namespace(self) -> list[str]:
        """Return the name of the section, in a list."""
        return [self.namespace]

    def _parsed(self, section: str, key: str, text: str, parser: Callable[[str], Any]) -> Any:
        if parser is str:
            return text
        return self.settings.parsed(section, key, text, parse_bool if parser is bool else parser)


def _is_given(default: Any) -> bool:
    return default is not _NOT_GIVEN


def _nested(namespace: str, inner: str | Iterable[str] | None) -> str:
    """Join a section with what is below it, the way variables are named."""
    parts = [inner] if isinstance(inner, str) else list(inner or ())
    return "_".join([namespace, *parts])


class RVConfig:
    """The settings in force.

    Without arguments these are the current settings; with some, a profile is loaded anew.

    Attributes:
        settings: the settings.
        rv_home: the directory of the user's profiles.
        verbosity: one of the levels of `Verbosity`.
    """

    def __init__(
        self,
        profile: str | None = None,
        rv_home: str | None = None,
        config_overrides: Mapping[str, Any] | None = None,
        tmp_dir: str | None = None,
        verbosity: int = Verbosity.NORMAL,
    ) -> None:
        if profile is None and rv_home is None and not config_overrides:
            self.settings = settings_module.current()
        else:
            self.settings = load_anew(profile, rv_home, config_overrides)
        if tmp_dir is not None:
            RVConfig.set_tmp_dir(tmp_dir)
        self.rv_home = rv_home or str(config_dirs(os.environ)[-1])
        self.verbosity = verbosity

    @staticmethod
    def get_instance() -> RVConfig:
        """Return the settings in force."""
        return RVConfig(verbosity=Verbosity.get())

    @staticmethod
    def get_tmp_dir() -> tempfile.TemporaryDirectory[str]:
        """Make a new temporary directory; it goes when it is closed or collected."""
        return make_tmp_dir(RVConfig.get_tmp_dir_root())

    @staticmethod
    def get_tmp_dir_root() -> str:
        """Return the directory below which temporary directories are made.

        It is the one that was set, that of RV.tmp_dir, that of the variable TMPDIR as it is now,
        or the system's.
        """
        configured = settings_module.current().get("RV", "tmp_dir")
        named = os.environ.get("TMPDIR")
        in_environment = str(absolute(named)) if named and Path(named).is_dir() else None
        return _tmp_dir_root or configured or in_environment or tempfile.gettempdir()

    @staticmethod
    def set_tmp_dir(tmp_dir: str | None = None) -> None:
        """Set the directory for temporary directories, and make it; None goes back to the settings.

        One that cannot be made or written to is warned of, and not used. That of the variable
        TMPDIR is made as well.
        """
        global _tmp_dir_root
        _tmp_dir_root = None
        if tmp_dir is None:
            if named := os.environ.get("TMPDIR"):
                with suppress(OSError):
                    Path(named).mkdir(parents=True, exist_ok=True)
            return
        try:
            use_tmp_dir(tmp_dir)
        except OSError as e:
            import logging

            logging.getLogger(__name__).warning(
                "temporary files go to %s: %s: %s",
                RVConfig.get_tmp_dir_root(),
                e.filename,
                e.strerror,
            )

    def get_subconfig(self, namespace: str) -> SubConfig:
        """Return the options of one section."""
        return SubConfig(self.settings, namespace)

    def get_model_defaults(self) -> dict[str, Any]:
        """Return the defaults of pretrained models: the JSON that RV.model_defaults_uri names."""
        uri = self.settings.get("RV", "model_defaults_uri")
        if uri is None:
            return {}
        # File systems belong to a room above this one, so they are asked through the registry.
        filesystem = registry.current().find_file_system(uri)
        if filesystem is None:
            raise ProfileError(f"no file system reads {uri!r}", hint="check RV.model_defaults_uri")
        defaults: dict[str, Any] = json.loads(filesystem.read_str(uri))
        return defaults

    def get_verbosity(self) -> int:
        """Return how much is said, one of the levels of `Verbosity`."""
        return self.verbosity


def load_anew(
    profile: str | None, rv_home: str | None, config_overrides: Mapping[str, Any] | None
) -> Settings:
    """Load a profile from the files and variables that there are now.

    Args:
        profile: its name; the default profile if None.
        rv_home: the directory of the user's profiles.
        config_overrides: values by SECTION_KEY, in any case, stronger than all else.

    Raises:
        ProfileError: the profile is missing or wrong.
    """
    stronger: dict[str, str] = {}
    for name, value in (config_overrides or {}).items():
        text = as_text(value)
        # A variable that begins with RV_ would be stronger otherwise.
        stronger[name.upper()] = stronger["RV_" + name.upper()] = text
    if rv_home is not None:
        stronger["RV_CONFIG_DIR"] = rv_home
    return load_settings(profile, environ=ChainMap(stronger, os.environ))


def use_tmp_dir(tmp_dir: str) -> None:
    """Set the directory for temporary directories, and make it.

    Raises:
        OSError: it cannot be made or written to.
    """
    global _tmp_dir_root
    root = str(absolute(tmp_dir))
    make_tmp_dir(root).cleanup()
    _tmp_dir_root = root


def make_tmp_dir(root: str) -> tempfile.TemporaryDirectory[str]:
    """Make a new temporary directory below another one, which is made if need be."""
    Path(root).mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="rv-", dir=root, ignore_cleanup_errors=True)
