"""Looks at everything, side by side and never for long."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rvcli.doctor import endpoints, gdal, machine, packages, settings
from rvcli.doctor.finding import Finding, Look, Looking

if TYPE_CHECKING:
    from rvcli.plugins import LoadedPlugin
    from rvcli.profile import Settings

# Seconds for all of it: only where there is a GPU, or the network is asked, does it take more
# than two. A GPU's driver and PyTorch have their own, shorter limits.
_PATIENCE_S = 25.0


def examine(
    in_force: Settings, plugins: Iterable[LoadedPlugin] = (), *, network: bool = False
) -> Iterator[Finding]:
    """Yield what is found, topic by topic.

    Args:
        in_force: the settings.
        plugins: those of the profile, loaded or not.
        network: also ask who the credentials belong to, which goes over the network.
    """
    loaded = list(plugins)
    looks: dict[str, Look] = {
        "packages": lambda: packages.look(in_force, loaded),
        "profile": lambda: settings.look(in_force),
        "plugins": lambda: settings.look_at_plugins(loaded),
        "gdal": gdal.look,
        "gpu": machine.look_at_gpu,
        "credentials": lambda: endpoints.look_at_credentials(network=network),
        "endpoints": lambda: endpoints.look(in_force),
        "machine": lambda: machine.look(in_force),
    }
    started = {topic: Looking(topic, look) for topic, look in looks.items()}
    end_s = time.monotonic() + _PATIENCE_S
    for looking in started.values():
        yield from looking.result(max(0.1, end_s - time.monotonic()))
