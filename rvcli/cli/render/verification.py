"""What verifying plugins found, on the standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli.profile.secrets import mask_uris

if TYPE_CHECKING:
    from rvcli.verify import Finding, PluginReport, Report


def print_report(report: Report, *, everything: bool) -> None:
    """Print for each plugin whether all is well, and what is wrong otherwise.

    Args:
        report: what was found.
        everything: print every check, also those that went well.
    """
    for plugin in report.plugins:
        _print_plugin(plugin, everything)
    wrong = sum(not plugin.ok for plugin in report.plugins)
    count = len(report.plugins)
    plugins = "1 plugin" if count == 1 else f"{count} plugins"
    print(f"{plugins}: {'all well' if not wrong else f'{wrong} with faults'}")


def _print_plugin(plugin: PluginReport, everything: bool) -> None:
    passed = sum(check.status == "passed" for check in plugin.checks)
    registers = ", ".join(f"{group} {key}" for group, key in plugin.registers[:5])
    if len(plugin.registers) > 5:
        registers += f" and {len(plugin.registers) - 5} more"
    print(f"{'ok  ' if plugin.ok else 'FAIL'} {plugin.name} ({mask_uris(plugin.location)})")
    if registers:
        print(f"     registers {registers}; {passed} of {len(plugin.checks)} checks passed")
    if everything:
        for check in plugin.checks:
            of = f" of {check.component}" if check.component else ""
            note = f": {check.note}" if check.note else ""
            print(f"     {check.status}: {check.name}{of}{note}")
    for finding in plugin.findings:
        _print_finding(finding)


def _print_finding(finding: Finding) -> None:
    where = f"{finding.where}: " if finding.where else ""
    print(f"     {finding.severity}: {where}{mask_uris(finding.message)} [{finding.code}]")
    for number, line in enumerate((finding.hint or "").splitlines()):
        print(f"       {'' if number else 'TIP: '}{line}")
