"""Commands, file systems, runners and providers are proven too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rvcli.verify.report import PluginReport

Prove = Callable[..., PluginReport]
FILESYSTEM_METHODS = (
    *("file_exists", "read_str", "read_bytes", "write_str", "write_bytes", "sync_to_dir"),
    *("sync_from_dir", "copy_to", "copy_from", "local_path", "last_modified", "list_paths"),
)


def codes(report: PluginReport) -> list[str]:
    """Return the codes of the findings."""
    return [finding.code for finding in report.findings]


def aux(body: str, key: str = "DEMO", base: str = "rv.AuxCommand") -> str:
    """Return the text of a plugin with one auxiliary command."""
    return (
        f"import rvcli as rv\nclass Demo({base}):\n    command_type = 'DEMO'\n    {body}\n"
        f"def register_plugin(r): r.register_aux_command({key!r}, Demo)\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (aux("def run(self): pass"), []),
        (aux("def run(self, tmp_dir=None): pass"), []),
        (aux("def run(self, tmp_dir, more): pass"), ["interface-incomplete"]),
        (aux("pass"), ["abstract"]),
        (aux("def run(self): pass", base="object"), ["interface-incomplete"]),
        (aux("def run(self): pass", key="OTHER"), ["wrong-key"]),
        (
            aux(
                "command_options = rv.AuxCommandOptions(split_on='a', required_fields=['uri'])\n"
                "    def run(self): pass"
            ),
            [],
        ),
        (
            aux(
                "command_options = rv.AuxCommandOptions(required_fields=['output'])\n"
                "    def run(self): pass"
            ),
            [],
        ),
        (
            aux(
                "command_options = rv.AuxCommandOptions(inputs=lambda c: c['absent'])\n"
                "    def run(self): pass"
            ),
            ["report-io-fails"],
        ),
        (aux("command_options = None\n    def run(self): pass"), ["check-fails"]),
        (
            "def register_plugin(r): r.register_aux_command('X', 'absent_module:X')",
            ["import-missing"],
        ),
    ],
)
def test_auxiliary_commands(prove_text: Prove, text: str, expected: list[str]) -> None:
    """An auxiliary command can be made, run and sent through its message."""
    assert expected == codes(prove_text(text))


@pytest.mark.parametrize(
    ("answer", "dropped", "expected"),
    [
        ("uri.startswith('odd://')", "", []),
        ("True", "", ["takes-all"]),
        ("1 / 0", "", ["interface-fails"]),
        ("False", "read_str", ["interface-incomplete"]),
    ],
)
def test_file_systems(prove_text: Prove, answer: str, dropped: str, expected: list[str]) -> None:
    """A file system has all methods, and answers for its own URIs alone."""
    methods = "".join(
        f"    @staticmethod\n    def {name}(*args): pass\n"
        for name in FILESYSTEM_METHODS
        if name != dropped
    )
    text = (
        "class Demo:\n    @staticmethod\n"
        f"    def matches_uri(uri, mode): return {answer}\n{methods}"
        "def register_plugin(r): r.register_filesystem(Demo)\n"
    )
    report = prove_text(text)
    assert expected == codes(report)
    assert "FILESYSTEM Demo" in {check.component for check in report.checks}


@pytest.mark.parametrize(
    ("base", "body", "expected"),
    [
        ("rv.ExperimentRunner", "def _run_experiment(self, dag): pass", []),
        ("rv.ExperimentRunner", "def __init__(self): {}['x']", ["create-fails"]),
        ("object", "pass", ["interface-incomplete"]),
    ],
)
def test_runners(prove_text: Prove, base: str, body: str, expected: list[str]) -> None:
    """A runner can be made."""
    text = (
        f"import rvcli as rv\nclass Demo({base}):\n    {body}\n"
        "def register_plugin(r): r.register_experiment_runner('DEMO', Demo)\n"
    )
    assert expected == codes(prove_text(text))


@pytest.mark.parametrize(
    ("method", "expected"),
    [("handles", []), ("is_default_for", ["interface-incomplete"])],
)
def test_providers(prove_text: Prove, method: str, expected: list[str]) -> None:
    """A provider has the methods that its group is asked by."""
    text = (
        f"class Demo:\n    def {method}(s): pass\n    def construct(s): pass\n"
        "def register_plugin(r): r.register_default_raster_source(Demo)\n"
    )
    assert expected == codes(prove_text(text))


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("command_type, prev=None", []),
        ("", ["builder-fails"]),
    ],
)
def test_commands(prove_text: Prove, init: str, expected: list[str]) -> None:
    """The builder of a command can be made."""
    text = (
        "import rvcli as rv\nclass Demo(rv.CommandConfigBuilder):\n"
        f"    def __init__(self{', ' if init else ''}{init}): self.config = {{}}\n"
        "    def get_root_uri(self, experiment): pass\n"
        "    def with_experiment(self, experiment): pass\n"
        "def register_plugin(r): r.register_command_config_builder('DEMO', Demo)\n"
    )
    assert expected == codes(prove_text(text))
