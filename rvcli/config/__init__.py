"""Declared fields, and what follows from them: builders, validation, messages, docs."""

from rvcli.config.builder import ConfigBuilder
from rvcli.config.checks import (
    Check,
    between,
    names_place,
    names_place_if_any,
    not_empty,
    not_negative,
    one_of,
    positive,
)
from rvcli.config.commands import make_uris_absolute, taken, update, uris_of
from rvcli.config.config import BundledConfigMixin, Config
from rvcli.config.declared import Declared
from rvcli.config.families import config_from_message
from rvcli.config.field import MISSING, Field, field
from rvcli.config.problems import InvalidConfigError, Problem, UnknownMethodError
from rvcli.errors import ConfigError

__all__ = [
    "MISSING",
    "BundledConfigMixin",
    "Check",
    "Config",
    "ConfigBuilder",
    "ConfigError",
    "Declared",
    "Field",
    "InvalidConfigError",
    "Problem",
    "UnknownMethodError",
    "between",
    "config_from_message",
    "field",
    "make_uris_absolute",
    "names_place",
    "names_place_if_any",
    "not_empty",
    "not_negative",
    "one_of",
    "positive",
    "taken",
    "update",
    "uris_of",
]
