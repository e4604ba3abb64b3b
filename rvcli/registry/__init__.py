"""Components by group and key; built-ins and plugins come through the same door."""

from rvcli.errors import RegistryError
from rvcli.registry.registrar import Registrar
from rvcli.registry.registry import (
    BUILTIN,
    CODE,
    Entry,
    Origin,
    Registry,
    current,
    default,
    put_in_force,
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
    "RegistryError",
    "current",
    "default",
    "put_in_force",
    "recording",
    "use",
]
