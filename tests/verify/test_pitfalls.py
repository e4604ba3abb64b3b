"""Each classic pitfall is found, and explained with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rvcli.verify.imports import EXTRAS
from rvcli.verify.report import Finding, PluginReport

Prove = Callable[..., PluginReport]
Classic = Callable[..., str]
DECLARED = (
    "from __future__ import annotations\n"
    "import rvcli as rv\n"
    "class Demo(rv.Evaluator):\n"
    "    def process(self, scenes, tmp_dir): pass\n"
    "class DemoConfig(rv.EvaluatorConfig):\n"
    "    key = 'DEMO'\n"
    "    {field}\n"
    "    def create_evaluator(self): return {entity}\n"
    "def register_plugin(r): r.register_config(DemoConfig)\n"
)
CLASSIC_FORMS = sorted((Path(__file__).parent / "classic").glob("*.py"))
BUILDER_DEFAULT = 'prev.value if prev else "default"'


def declared(field: str = "pass", entity: str = "Demo()") -> str:
    """Return the text of a declared plugin."""
    return DECLARED.format(field=field, entity=entity)


def only(report: PluginReport) -> Finding:
    """Return the one finding of a report."""
    assert 1 == len(report.findings), report.findings
    return report.findings[0]


def line_of(text: str, part: str) -> int:
    """Return the line on which a part of a text stands, from 1."""
    return text[: text.index(part)].count("\n") + 1


def test_sound_classic_plugin_passes(prove_text: Prove, classic: Classic) -> None:
    """A classic plugin without pitfalls has no findings, and every check passed."""
    report = prove_text(classic())
    assert ((), True) == (report.findings, report.ok)
    assert {"passed"} == {check.status for check in report.checks}
    assert (("EVALUATOR", "DEMO"),) == report.registers


@pytest.mark.parametrize("path", CLASSIC_FORMS, ids=lambda path: path.stem)
def test_classic_forms_pass(prove_text: Prove, path: Path) -> None:
    """What old plugins do, and may do, is no pitfall."""
    report = prove_text(path.read_text(), path.name)
    assert () == report.findings
    assert 1 == len(report.registers)


@pytest.mark.parametrize(
    "field",
    [
        "n: int = rv.field(default=3, doc='')",
        "n: int | None = rv.field(default=None, doc='')",
        "size: tuple[int, float] = rv.field(default=(1, 2.5), doc='')",
        "names: list[str] = rv.field(default_factory=list, doc='')",
        "weights: dict[str, float] = rv.field(default_factory=dict, doc='')",
        "ids: set[int] = rv.field(default_factory=set, doc='')",
        "model_uri: str = rv.field(doc='', uri=True)",
        "anything: object = rv.field(default=None, doc='')",
        "inner: object = rv.field(default=None, doc='', group=rv.AUGMENTOR)",
        "share: float = rv.field(default=0.05, doc='', check=rv.config.between(0, 0.1))",
        "level: int = rv.field(default=1, doc='', check=rv.config.between(1, 1))",
    ],
)
def test_sound_declared_plugin_passes(prove_text: Prove, field: str) -> None:
    """A declared plugin needs no care: each type survives the message."""
    report = prove_text(declared(field))
    assert () == report.findings


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("3", "3 (int) becomes 3.0 (float)"),
        ("(1.5, 2.5)", "(1.5, 2.5) (tuple) becomes"),
        ("[1, 2]", "[1, 2] (list) becomes"),
    ],
)
def test_type_that_changes_in_the_struct(
    prove_text: Prove, classic: Classic, value: str, message: str
) -> None:
    """An int that comes back as float, a tuple that comes back as a list of the message."""
    text = classic((BUILDER_DEFAULT, f"prev.value if prev else {value}"))
    report = prove_text(text)
    finding = report.findings[0]
    assert "type-changed" == finding.code
    assert message in finding.message
    assert f"demo.py:{line_of(text, 'def from_proto')}" in str(finding.where)
    assert "Struct" in str(finding.hint)
    assert "EVALUATOR DEMO" == finding.component
    assert not report.ok


def test_field_that_is_not_written(prove_text: Prove, classic: Classic) -> None:
    """A field that to_proto leaves out is lost there."""
    text = classic(
        ('custom_config={"value": self.value}', "custom_config={}"),
        ('return self.with_value(msg.custom_config["value"])', "return self"),
    )
    finding = only(prove_text(text))
    assert "field-lost" == finding.code
    assert "it is not written" in finding.message
    assert f"demo.py:{line_of(text, 'def to_proto')}" in str(finding.where)


def test_field_that_is_not_read(prove_text: Prove, classic: Classic) -> None:
    """A field that from_proto leaves out is lost there."""
    text = classic(('return self.with_value(msg.custom_config["value"])', "return self"))
    finding = only(prove_text(text))
    assert "field-lost" == finding.code
    assert "it is written but not read" in finding.message
    assert f"demo.py:{line_of(text, 'def from_proto')}" in str(finding.where)


def test_field_that_comes_back_as_another_value(prove_text: Prove, classic: Classic) -> None:
    """A value that changes on the way is told."""
    text = classic(('(msg.custom_config["value"])', '(msg.custom_config["value"] + "!")'))
    assert {"value-changed"} == {f.code for f in prove_text(text).findings}


def test_builder_that_mutates(prove_text: Prove, classic: Classic) -> None:
    """A method that changes its own builder is found."""
    text = classic(("b = deepcopy(self)\n", "b = self\n"))
    finding = only(prove_text(text))
    assert "builder-mutates" == finding.code
    assert f"demo.py:{line_of(text, 'def with_value')}" in str(finding.where)
    assert "deepcopy" in str(finding.hint)


def test_builder_whose_method_returns_nothing(prove_text: Prove, classic: Classic) -> None:
    """A method that forgets to return the copy is found."""
    report = prove_text(classic(('["value"] = value\n        return b', '["value"] = value')))
    assert "builder-returns-nothing" == report.findings[0].code


@pytest.mark.parametrize(
    "statement",
    [
        "raise TypeError('wants an object')",
        "self.lock",
        "pass  # with_value(*args)",
    ],
)
def test_methods_that_cannot_be_tried_are_left_alone(
    prove_text: Prove, classic: Classic, statement: str
) -> None:
    """A method may refuse made-up values, and a builder may hold what cannot be copied."""
    text = classic(
        (
            "    def from_proto",
            f"    def with_object(self, thing):\n        {statement}\n"
            "        return self\n\n    def from_proto",
        ),
    )
    assert () == prove_text(text).findings


def test_builder_that_holds_a_lock(prove_text: Prove, classic: Classic) -> None:
    """A builder that cannot be copied is looked at as far as that goes."""
    text = classic(
        (
            '"default"})\n',
            '"default"})\n        self.lock = __import__("_thread").allocate_lock()\n',
        ),
        ("        b = deepcopy(self)\n", "        b = DemoBuilder()\n"),
    )
    assert () == prove_text(text).findings


def test_builder_that_loses_a_field(prove_text: Prove, classic: Classic) -> None:
    """A builder that starts from a config must copy its fields."""
    finding = only(prove_text(classic((BUILDER_DEFAULT, '"default"'))))
    assert "builder-loses" == finding.code
    assert "__init__" in str(finding.hint)


def test_missing_report_io(prove_text: Prove, classic: Classic) -> None:
    """A config that names files and reports none is found."""
    text = classic(
        ("self.value = value\n\n    def to_proto", "self.value_uri = value\n\n    def to_proto"),
        ('"value": self.value', '"value": self.value_uri'),
        ("Demo(self.value)", "Demo(self.value_uri)"),
        ("prev.value if", "prev.value_uri if"),
        ("    def report_io(self, command_type, io_def):\n        pass\n", ""),
    )
    finding = only(prove_text(text))
    assert "report-io-missing" == finding.code
    assert "value_uri" in finding.message
    assert f"demo.py:{line_of(text, 'class DemoConfig')}" in str(finding.where)


def test_missing_report_io_without_files(prove_text: Prove, classic: Classic) -> None:
    """A config that names no files needs no report_io."""
    text = classic(("    def report_io(self, command_type, io_def):\n        pass\n", ""))
    assert () == prove_text(text).findings


@pytest.mark.parametrize("result", ["io_def.add_input(self.value_uri)", "1 / 0"])
def test_report_by_update_for_command(prove_text: Prove, classic: Classic, result: str) -> None:
    """The old form, where update_for_command reports, is accepted."""
    text = classic(
        ("self.value = value\n\n    def to_proto", "self.value_uri = value\n\n    def to_proto"),
        ('"value": self.value', '"value": self.value_uri'),
        ("Demo(self.value)", "Demo(self.value_uri)"),
        ("prev.value if", "prev.value_uri if"),
        (
            "    def report_io(self, command_type, io_def):\n        pass\n",
            "    def update_for_command(self, command_type, experiment, context=[], io_def=None):\n"
            f"        {result}\n        return io_def\n",
        ),
    )
    assert () == prove_text(text).findings


def test_report_io_that_cannot_be_called(prove_text: Prove, classic: Classic) -> None:
    """report_io with other parameters is found."""
    text = classic(("def report_io(self, command_type, io_def)", "def report_io(self)"))
    assert "report-io-fails" == only(prove_text(text)).code


def test_report_io_that_fails(prove_text: Prove, classic: Classic) -> None:
    """report_io that raises for a made-up experiment is a warning."""
    text = classic(("io_def):\n        pass", "io_def):\n        1 / 0"))
    report = prove_text(text)
    assert ("report-io-fails", "warning") == (only(report).code, only(report).severity)
    assert report.ok


def test_uri_field_that_is_not_declared(prove_text: Prove) -> None:
    """A declared field that seems to name files, and does not say so, is a warning."""
    report = prove_text(declared("model_uri: str = rv.field(default='', doc='')"))
    assert ("uri-undeclared", "warning") == (only(report).code, only(report).severity)


def test_uri_field_with_own_report(prove_text: Prove) -> None:
    """A declared config with its own report_io is left alone."""
    text = declared("model_uri: str = rv.field(default='', doc='')\n    def report_io(*_): pass")
    assert () == prove_text(text).findings


def test_taken_key(prove_text: Prove, classic: Classic) -> None:
    """A key that ships with rv is taken."""
    text = classic(
        ('rv.EVALUATOR, "DEMO"', "rv.EVALUATOR, rv.SEMANTIC_SEGMENTATION_EVALUATOR"),
    )
    report = prove_text(text)
    assert "key-taken" == only(report).code
    assert "by rvcli and by" in only(report).message
    assert f"demo.py:{line_of(text, '    plugin_registry.register')}" in str(only(report).where)
    assert () == report.registers


def test_missing_package(prove_text: Prove) -> None:
    """A package that is not installed is named, with the line that imports it."""
    finding = only(prove_text("\nimport absent_package\n"))
    assert "import-missing" == finding.code
    assert "'absent_package'" in finding.message
    assert "demo.py:2" in str(finding.where)
    assert "install the package" in str(finding.hint)


def test_missing_old_module(prove_text: Prove) -> None:
    """What is not there of rastervision is not to be installed."""
    finding = only(prove_text("import rastervision.backend.tf_deeplab"))
    assert "import-missing" == finding.code
    assert "rv serves it" in str(finding.hint)


def test_sibling_that_only_the_start_directory_has(prove_text: Prove, tmp_path: Path) -> None:
    """A module that lies where rv was started will not travel, and is no sibling."""
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "near_module.py").write_text("")
    finding = only(prove_text("import near_module"))
    assert "import-missing" == finding.code
    assert str(tmp_path / "start" / "near_module.py") in str(finding.hint)
    assert "does not travel" in str(finding.hint)


def test_missing_sibling(prove_text: Prove) -> None:
    """A relative import of a file that is not there is told as such."""
    finding = only(prove_text("from .absent import x"))
    assert "import-missing" == finding.code
    assert "beside the plugin" in str(finding.hint)


def test_module_from_a_changed_path(
    prove_text: Prove, classic: Classic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that is found by changing sys.path works here only."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "rvdemo_elsewhere.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)  # so that sys.path is restored afterwards
    head = f"import sys\nsys.path.append({str(library)!r})\nimport rvdemo_elsewhere\n"
    finding = only(prove_text(head + classic()))
    assert "import-does-not-travel" == finding.code
    assert str(library / "rvdemo_elsewhere.py") in finding.message
    assert "demo.py:3" in str(finding.where)


def test_computed_import(prove_text: Prove, classic: Classic) -> None:
    """A module imported by a computed name may not travel."""
    text = classic() + "\ndef f(name):\n    import importlib\n    importlib.import_module(name)\n"
    report = prove_text(text)
    assert ("import-computed", "warning") == (only(report).code, only(report).severity)


def test_relative_file_at_import(prove_text: Prove) -> None:
    """A file opened relative to the working directory is found, both by reading and running."""
    report = prove_text("\nx = open('data.json').read()")
    assert ["relative-file", "relative-file"] == [f.code for f in report.findings]
    assert all("demo.py:2" in str(f.where) for f in report.findings)


def test_relative_file_in_a_method(prove_text: Prove, classic: Classic) -> None:
    """Also where it would only happen later."""
    text = classic(("tmp_dir):\n        pass", "tmp_dir):\n        open('out.txt', 'w')"))
    finding = only(prove_text(text))
    assert ("relative-file", "error") == (finding.code, finding.severity)
    assert f"demo.py:{line_of(text, 'open(')}" in str(finding.where)


def test_a_mode_is_no_file(prove_text: Prove, classic: Classic) -> None:
    """What `open` of a path takes first is the mode."""
    text = classic(("tmp_dir):\n        pass", "tmp_dir):\n        self.path.open('wb')"))
    assert () == prove_text(text).findings


def test_file_beside_the_plugin(prove_text: Prove, classic: Classic) -> None:
    """A data file beside a plugin file does not travel."""
    report = prove_text(classic() + "\nHERE = __file__\n")
    assert ("file-beside", "warning") == (only(report).code, only(report).severity)


def test_directory_may_look_beside_itself(prove_text: Prove, classic: Classic) -> None:
    """The data files of a plugin directory do travel."""
    report = prove_text(classic() + "\nHERE = __file__\n", "__init__.py")
    assert ("project", ()) == (report.name, report.findings)


def test_heavy_import(prove_text: Prove, classic: Classic, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heavy package at the top of a plugin is a warning."""
    import sys

    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    fake = "import sys, types\nsys.modules['matplotlib'] = types.ModuleType('matplotlib')\n"
    report = prove_text(fake + "import matplotlib\n" + classic())
    assert ("import-heavy", "warning") == (only(report).code, only(report).severity)
    assert "demo.py:3" in str(only(report).where)


def test_slow_import(prove_text: Prove, classic: Classic, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that takes long is a warning, with the time."""
    monkeypatch.setattr("rvcli.verify.imports.SLOW_IMPORT_S", 0.05)
    report = prove_text("import time\ntime.sleep(0.1)\n" + classic())
    assert ("import-slow", "warning") == (only(report).code, only(report).severity)
    assert "takes 0.1 s" in only(report).message


def test_missing_package_in_create(prove_text: Prove) -> None:
    """An import inside the method that makes the entity is tried too."""
    text = declared(entity="__import__('absent_package')")
    finding = only(prove_text(text))
    assert ("import-missing", "error") == (finding.code, finding.severity)
    assert "creating the entity fails" in finding.message


def test_abstract_entity(prove_text: Prove) -> None:
    """An entity that lacks a method is found."""
    text = declared(entity="Demo()").replace("def process", "def proces")
    finding = only(prove_text(text))
    assert "abstract" == finding.code
    assert "process" in finding.message


@pytest.mark.parametrize(
    ("entity", "code"), [("None", "wrong-entity"), ("{}['x']", "create-fails")]
)
def test_wrong_entity(prove_text: Prove, entity: str, code: str) -> None:
    """An entity of the wrong kind, or none, is found."""
    assert code == only(prove_text(declared(entity=entity))).code


def test_entity_that_needs_data_is_skipped(prove_text: Prove) -> None:
    """What fails for want of a file, or of an extra, is no fault."""
    for raised in ("NotReadableError('no file')", "MissingDependencyError('no torch')"):
        text = declared(entity=f"(_ for _ in ()).throw(rv.{raised})")
        report = prove_text(text)
        assert () == report.findings
        assert ["create"] == [c.name for c in report.checks if c.status == "skipped"]


def test_missing_create_method(prove_text: Prove) -> None:
    """A config that cannot make its entity is found."""
    text = declared().replace("create_evaluator", "make_evaluator")
    finding = only(prove_text(text))
    assert ("create-fails", "error") == (finding.code, finding.severity)
    assert "create_evaluator" in finding.message


def test_message_under_another_name(prove_text: Prove, classic: Classic) -> None:
    """A message that bears another key than the registered one cannot be read."""
    finding = only(prove_text(classic(('evaluator_type="DEMO"', 'evaluator_type="OTHER"'))))
    assert "wrong-key" == finding.code
    assert "'OTHER'" in finding.message


@pytest.mark.parametrize("method", ["to_proto(self)", "from_proto(self, msg)"])
def test_message_methods_that_fail(prove_text: Prove, classic: Classic, method: str) -> None:
    """An error while writing or reading the message is located."""
    text = classic((f"def {method}:\n", f"def {method}:\n        raise KeyError('x')\n"))
    finding = only(prove_text(text))
    assert "message-fails" == finding.code
    assert f"demo.py:{line_of(text, 'raise KeyError')}" in str(finding.where)


def test_message_that_gives_another_class(prove_text: Prove, classic: Classic) -> None:
    """A config must come back as its own class."""
    text = classic(
        ("class DemoBuilder", "class Other(DemoConfig): pass\n\n\nclass DemoBuilder"),
        ("return self.with_value(", "return OtherBuilder().with_value("),
        (
            "def register_plugin",
            "class OtherBuilder(DemoBuilder):\n"
            "    def __init__(self, prev=None):\n"
            "        super().__init__(prev)\n"
            "        self.config_class = Other\n\n\ndef register_plugin",
        ),
    )
    assert "wrong-class" == only(prove_text(text)).code


def test_builder_that_cannot_be_made(prove_text: Prove, classic: Classic) -> None:
    """A builder that wants arguments cannot be used."""
    finding = only(prove_text(classic(("(self, prev=None)", "(self, prev)"))))
    assert "builder-fails" == finding.code


def test_lazy_builder_that_is_not_there(prove_text: Prove) -> None:
    """A builder given as text is resolved."""
    text = "def register_plugin(r): r.register_config_builder('TASK', 'X', 'absent_module:X')"
    assert "import-missing" == only(prove_text(text)).code


def test_lazy_builder_of_an_extra_is_skipped(prove_text: Prove) -> None:
    """A builder whose extra is not installed cannot be proven here, which is no fault."""
    text = (
        "def register_plugin(r):\n"
        "    r.register_config_builder('TASK', 'X', 'absent_module:X', extra='torch')\n"
        "    r.register_aux_command('Y', 'absent_module:Y', extra='torch')\n"
    )
    report = prove_text(text)
    assert () == report.findings
    assert 2 == len([check for check in report.checks if check.status == "skipped"])


def test_config_that_needs_real_values_is_skipped(prove_text: Prove, classic: Classic) -> None:
    """Where neither defaults nor made-up values do, that is said and is no fault."""
    text = classic(
        (
            "    def with_value",
            "    def validate(self):\n"
            "        raise rv.ConfigError('give a real value')\n\n    def with_value",
        ),
    )
    report = prove_text(text)
    assert () == report.findings
    assert ["build"] == [check.name for check in report.checks if check.status == "skipped"]


def test_package_that_is_missing_when_built(prove_text: Prove, classic: Classic) -> None:
    """A missing package is a fault, whatever the values."""
    text = classic(
        (
            "    def with_value",
            "    def build(self):\n        import absent_package\n\n    def with_value",
        ),
    )
    assert "import-missing" == only(prove_text(text)).code


def test_plugin_that_is_not_there(prove_text: Prove, tmp_path: Path) -> None:
    """A plugin that cannot be fetched is told."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "demo.whl").write_text("")
    report = prove_text("no zip", "demo.whl")
    assert "fetch-fails" == only(report).code
    assert ["failed"] == [check.status for check in report.checks]


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = (", "was never closed"), ("", "defines no register_plugin")],
)
def test_plugin_that_does_not_import(prove_text: Prove, text: str, message: str) -> None:
    """What is no Python, or no plugin, is told."""
    finding = only(prove_text(text))
    assert "import-fails" == finding.code
    assert message in finding.message


def test_builder_that_mutates_its_class(prove_text: Prove, classic: Classic) -> None:
    """A `config` on the class is shared by all builders, and deepcopy does not help."""
    text = classic(
        (
            '        super().__init__(DemoConfig, {"value": prev.value if prev else "default"})\n',
            "        self.config_class = DemoConfig\n",
        ),
        (
            "class DemoBuilder(rv.EvaluatorConfigBuilder):\n",
            'class DemoBuilder(rv.EvaluatorConfigBuilder):\n    config = {"value": "default"}\n\n',
        ),
    )
    report = prove_text(text)
    assert "builder-mutates" in {finding.code for finding in report.findings}


def test_entity_of_an_extra_is_skipped(prove_text: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that only plans, an entity that needs numpy and its like is no fault."""
    monkeypatch.setitem(EXTRAS, "absent_package", "local")
    report = prove_text(declared(entity="__import__('absent_package')"))
    assert () == report.findings
    (skipped,) = [check for check in report.checks if check.status == "skipped"]
    assert "needs absent_package, which rvcli[local] brings" == skipped.note


def test_import_of_an_extra_names_it(prove_text: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the top of a plugin it is one, with the extra to install."""
    monkeypatch.setitem(EXTRAS, "absent_package", "local")
    finding = only(prove_text("import absent_package"))
    assert ("import-missing", "pip install 'rvcli[local]'") == (finding.code, finding.hint)


def test_name_that_a_package_lacks(prove_text: Prove) -> None:
    """An import of a name that the installed package does not have is told."""
    text = declared(entity="__import__('rvcli.errors', fromlist=['x']).absent")
    assert "create-fails" == only(prove_text(text)).code


@pytest.mark.parametrize(
    "replacement",
    [
        ('{"value": self.value}', '{"value": self.value.upper()}'),
        ("return Demo(self.value)", "return Demo(self.value.upper())"),
        ("io_def):\n        pass", "io_def):\n        io_def.add_input(self.value.upper())"),
        ('(msg.custom_config["value"])', '((msg.custom_config["value"] + "").upper())'),
    ],
)
def test_config_that_is_incomplete_is_no_fault(
    prove_text: Prove, classic: Classic, replacement: tuple[str, str]
) -> None:
    """What fails only since a value is not set cannot be judged."""
    text = classic(('"default"})', "None})"), replacement)
    assert [] == [f for f in prove_text(text).findings if f.code != "value-changed"]


def test_task_and_classes_are_given(prove_text: Prove) -> None:
    """A builder that wants the task of the experiment gets one."""
    text = (
        "import rvcli as rv\n"
        "class DemoConfig(rv.BackendConfig):\n    key = 'DEMO'\n"
        "    names: list[str] = rv.field(doc='')\n"
        "    def create_backend(self, task):\n"
        "        from rvcli.testing.mocks import ConstantBackend\n"
        "        return ConstantBackend(len(task.class_map.get_items()))\n"
        "class DemoBuilder(rv.BackendConfigBuilder):\n    config_class = DemoConfig\n"
        "    def _process_task(self):\n"
        "        return self.with_names([i.name for i in self.task.class_map.get_items()])\n"
        "def register_plugin(r): r.register_config_builder(rv.BACKEND, 'DEMO', DemoBuilder)\n"
    )
    report = prove_text(text)
    assert (set(), ["passed"]) == (
        set(report.findings),
        [check.status for check in report.checks if check.name == "create"],
    )
