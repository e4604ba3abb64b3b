"""Settings and their sources, each value with its origin."""

from rvcli.profile.cache import cache_dir
from rvcli.profile.convert import load_conf_list
from rvcli.profile.layers import SettingValue
from rvcli.profile.load import load_settings, profile_names
from rvcli.profile.settings import SectionView, Settings, current, in_force, put_in_force, use

__all__ = [
    "SectionView",
    "SettingValue",
    "Settings",
    "cache_dir",
    "current",
    "in_force",
    "load_conf_list",
    "load_settings",
    "profile_names",
    "put_in_force",
    "use",
]
