"""RVConfig: the settings as plugins and experiments of older releases ask for them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rvcli import keys, registry
from rvcli.errors import ProfileError
from rvcli.profile import settings as settings_module
from rvcli.profile.convert import load_conf_list
from rvcli.profile.load import load_settings
from rvcli.profile.paths import absolute
from rvcli.profile.settings import Settings
from rvcli.profile.verbosity import Verbosity

__all__ = ["RVConfig", "SubConfig", "Verbosity", "load_conf_list"]

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
        default: Any = None,
        parser: Callable[[str], Any] = str,
        raise_error: bool = True,
        **_: Any,
    ) -> Any:
        """Return the value of a key, put through `parser`.

        Args:
            key: the key, in any case.
            default: what to return instead of a missing value; a text is parsed as well.
            parser: turns the text into the value.
            raise_error: whether a missing value without default is an error.

        Raises:
            ProfileError: there is neither a value nor a default, or the parser refuses it.
        """
        text = self.settings.text(self.namespace, key)
        if text is None and isinstance(default, str):
            text = default
        if text is not None:
            return text if parser is str else self._parsed(key, text, parser)
        if default is None and raise_error:
            raise ProfileError(
                f"{self.namespace}.{key} is not set",
                hint=f"set it in the profile, or by --set {self.namespace}.{key}=VALUE",
            )
        return default

    def with_namespace(self, namespace: str) -> SubConfig:
        """Return the options whose keys start with a name."""
        return SubConfig(self.settings, f"{self.namespace}_{namespace}")

    def _parsed(self, key: str, text: str, parser: Callable[[str], Any]) -> Any:
        if parser is bool:
            return text.strip().lower() in ("true", "t", "yes", "y", "on", "1")
        return self.settings.parsed(self.namespace, key, text, parser)


class RVConfig:
    """The settings in force.

    Without arguments these are the current settings; with some, a profile is loaded anew.
    """

    def __init__(
        self,
        profile: str | None = None,
        rv_home: str | None = None,
        config_overrides: Mapping[str, str] | None = None,
        tmp_dir: str | None = None,
        verbosity: int = Verbosity.NORMAL,
    ) -> None:
        if profile is None and rv_home is None and not config_overrides:
            self.settings = settings_module.current()
        else:
            environ = {**os.environ, **(config_overrides or {})}
            if rv_home is not None:
                environ["RV_CONFIG_DIR"] = rv_home
            self.settings = load_settings(profile, environ=environ)
        if tmp_dir is not None:
            RVConfig.set_tmp_dir(tmp_dir)
        self.verbosity = verbosity

    @staticmethod
    def get_instance() -> RVConfig:
        """Return the settings in force."""
        return RVConfig(verbosity=Verbosity.get())

    @staticmethod
    def get_tmp_dir() -> tempfile.TemporaryDirectory[str]:
        """Make a new temporary directory; it goes when it is closed or collected."""
        root = RVConfig.get_tmp_dir_root()
        Path(root).mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=root)

    @staticmethod
    def get_tmp_dir_root() -> str:
        """Return the directory below which temporary directories are made."""
        configured = settings_module.current().get("RV", "tmp_dir")
        return _tmp_dir_root or configured or tempfile.gettempdir()

    @staticmethod
    def set_tmp_dir(tmp_dir: str | None = None) -> None:
        """Set the directory for temporary directories; None goes back to the settings."""
        global _tmp_dir_root
        _tmp_dir_root = None if tmp_dir is None else str(absolute(tmp_dir))

    def get_subconfig(self, namespace: str) -> SubConfig:
        """Return the options of one section."""
        return SubConfig(self.settings, namespace)

    def get_model_defaults(self) -> dict[str, Any]:
        """Return the defaults of pretrained models: the JSON that RV.model_defaults_uri names."""
        uri = self.settings.get("RV", "model_defaults_uri")
        if uri is None:
            return {}
        defaults: dict[str, Any] = json.loads(_read_text(uri))
        return defaults

    def get_verbosity(self) -> int:
        """Return how much is said, one of the levels of `Verbosity`."""
        return self.verbosity


def _read_text(uri: str) -> str:
    # File systems belong to a room above this one, so they are asked through the registry.
    for entry in registry.current().entries(keys.FILESYSTEM):
        filesystem = entry.load()
        if filesystem.matches_uri(uri, "r"):
            return str(filesystem.read_str(uri))
    raise ProfileError(f"no file system reads {uri!r}", hint="check RV.model_defaults_uri")
