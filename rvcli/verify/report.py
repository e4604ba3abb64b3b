"""What verifying plugins found, as values that travel as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

ERROR = "error"
WARNING = "warning"

PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a plugin.

    Attributes:
        code: short name of the pitfall, such as "type-changed".
        message: what is wrong, with the value.
        hint: what to do.
        where: `path:line` in the plugin, or None.
        component: "GROUP KEY" of the component concerned, or None.
        severity: "error" if the plugin must not be used so, else "warning".
    """

    code: str
    message: str
    hint: str | None = None
    where: str | None = None
    component: str | None = None
    severity: str = ERROR


@dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Attributes:
        name: what was tried, such as "round trip".
        status: "passed", "failed" or "skipped".
        component: "GROUP KEY" of the component concerned, or None.
        note: why it was skipped.
    """

    name: str
    status: str
    component: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class PluginReport:
    """All that was found out about one plugin."""

    name: str
    kind: str
    location: str
    version: str | None = None
    digest: str | None = None
    registers: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    import_s: float | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong beyond warnings."""
        return not self.faults

    @property
    def faults(self) -> list[Finding]:
        """What is wrong beyond warnings."""
        return [finding for finding in self.findings if finding.severity == ERROR]

    def with_finding(self, finding: Finding) -> PluginReport:
        """Return the report with one finding more."""
        return replace(self, findings=(*self.findings, finding))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        content = asdict(self)
        content["registers"] = [{"group": group, "key": key} for group, key in self.registers]
        return {**content, "ok": self.ok}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> PluginReport:
        """Return a report from plain values; the inverse of `to_dict`."""
        values = {name: value for name, value in content.items() if name != "ok"}
        values["registers"] = tuple((r["group"], r["key"]) for r in content["registers"])
        values["checks"] = tuple(Check(**check) for check in content["checks"])
        values["findings"] = tuple(Finding(**finding) for finding in content["findings"])
        return cls(**values)


@dataclass(frozen=True)
class Report:
    """The reports of all plugins."""

    plugins: tuple[PluginReport, ...]

    @property
    def ok(self) -> bool:
        """Whether all plugins are fine."""
        return all(plugin.ok for plugin in self.plugins)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"ok": self.ok, "plugins": [plugin.to_dict() for plugin in self.plugins]}


class Notes:
    """Collects checks and findings while one plugin is verified."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.findings: list[Finding] = []

    def passed(self, name: str, component: str | None = None) -> None:
        """Note that a check went well."""
        self.checks.append(Check(name, PASSED, component))

    def skipped(self, name: str, note: str, component: str | None = None) -> None:
        """Note that a check could not be made, and why."""
        self.checks.append(Check(name, SKIPPED, component, note))

    def concluded(
        self, name: str, findings: Iterable[Finding], component: str | None = None
    ) -> None:
        """Note the outcome of a check: it failed if one of its findings is an error."""
        found = list(findings)
        failed = any(finding.severity == ERROR for finding in found)
        self.checks.append(Check(name, FAILED if failed else PASSED, component))
        self.findings += found
