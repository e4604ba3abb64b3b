"""Plugins that other machines could not load are refused before anything is started there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli.errors import PluginError

if TYPE_CHECKING:
    from rvcli.cli.state import Session
    from rvcli.dag import Plan
    from rvcli.plugins import PluginSpec
    from rvcli.runner.experiment_runner import ExperimentRunner

_MOST = 10


def refuse_plugins(runner: ExperimentRunner, plan: Plan, session: Session) -> None:
    """Load the plugins of a plan as the machines of a runner would.

    Raises:
        PluginError: one would not load; names what is missing for each.
    """
    if not runner.traits.remote or runner.traits.shares_files:
        return
    specs = _used(plan, session)
    if not specs:
        return
    from rvcli.verify import verify_as_remote

    overrides = [f"{name}={value}" for name, value in session.settings.portable().items()]
    report = verify_as_remote(specs, overrides=overrides)
    faults = [(plugin.name, fault) for plugin in report.plugins for fault in plugin.faults]
    if not faults:
        return
    lines = [
        f"plugin {name}: {fault.message}" + (f" ({fault.where})" if fault.where else "")
        for name, fault in faults[:_MOST]
    ]
    if len(faults) > _MOST:
        lines.append(f"and {len(faults) - _MOST} more")
    # What a plugin cannot open is told after the import that fails for it, and says what to do.
    cause = next(plugin.faults[-1] for plugin in report.plugins if plugin.faults)
    raise PluginError(
        "\n".join(["plugins would not load on other machines:", *lines]),
        hint=cause.hint or "rv plugins verify --as-remote says more",
    )


def _used(plan: Plan, session: Session) -> list[PluginSpec]:
    """List the plugins that the commands of a plan carry."""
    from rvcli.plugins import PluginPin

    pins = {tuple(sorted(pin.items())) for step in plan.to_run for pin in step.draft["plugins"]}
    return [
        plugin.spec
        for plugin in session.plugins
        if plugin.error is None and tuple(sorted(PluginPin.of(plugin).to_dict().items())) in pins
    ]
