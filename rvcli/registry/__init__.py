"""Components by group and key; built-ins and plugins come through the same door."""

from rvcli.registry.registrar import Registrar
from rvcli.registry.registry import (
    BUILTIN,
    CODE,
    Entry,
    Origin,
    Registry,
    current,
    default,
    recording,
    use,
)

__all__ = [
    "BUILTIN",
    "CODE",
    "Entry",
    "Origin",
    "Registrar",
    "Registry",
    "current",
    "default",
    "recording",
    "use",
]
