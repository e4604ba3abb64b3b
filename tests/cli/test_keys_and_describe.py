"""`rv keys` and `rv describe`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rvcli import keys, registry

EXAMPLES = Path(__file__).resolve().parents[2] / "plugins_examples"

DECLARED = """
import rvcli as rv
from rvcli.config import positive


class CountingConfig(rv.EvaluatorConfig):
    \"\"\"Count things.\"\"\"

    key = "COUNTING"
    most: int = rv.field(doc="How many at most.", unit="things", check=positive)
    names: list[str] = rv.field(doc="What to count.", example=["a", "b"])


def register_plugin(plugin_registry):
    plugin_registry.register_config(CountingConfig)
"""


def configs() -> list[tuple[str, str]]:
    """List group and key of every config that ships."""
    default = registry.default()
    return [(group, key) for group in keys.CONFIG_GROUPS for key in default.keys(group)]


def test_every_key_is_listed(project):
    """Each key is there with its group, where it is from, what it needs and what it is."""
    rows = project.rv("keys", "--json").json

    assert len(registry.default().entries()) == len(rows)
    assert all(row["doc"] and row["origin"] == "rvcli" for row in rows)
    extras = {row["key"]: row["extra"] for row in rows if row["group"] == "BACKEND"}
    assert "torch" == extras["PYTORCH_CHIP_CLASSIFICATION"]
    assert "local" == extras["SKLEARN_CHIP_CLASSIFICATION"]


@pytest.mark.parametrize("name", ["TASK", "task", "tasks"])
def test_one_group(project, name):
    """A group is named in any case, and as many."""
    out = project.rv("keys", name).out
    assert ["GROUP", *["TASK"] * 3] == [line.split()[0] for line in out.splitlines()]


def test_a_group_that_is_not_there(project):
    """The nearest is named."""
    result = project.rv("keys", "evaluatr")
    assert 3 == result.code
    assert "there is no group 'evaluatr'\nTIP: did you mean EVALUATOR?" in result.err


def test_keys_of_plugins(project):
    """Keys of plugins say where they are from; a plugin that does not load hides no others."""
    path = project.write("mine.py", DECLARED)
    project.write("broken.py", "1 / 0")
    project.write("rv.toml", '[PLUGINS]\nfiles = ["mine.py", "broken.py"]\n')

    result = project.rv("keys", "EVALUATOR")

    assert 0 == result.code
    [line] = [line for line in result.out.splitlines() if " COUNTING " in line]
    assert str(path) in line
    assert line.endswith("Count things.")
    assert "warning: plugin" in result.err
    assert "broken.py does not load" in result.err


def test_fields_with_all_that_is_declared(project):
    """Type, default, unit, meaning, check and users of each field are told."""
    [found] = project.rv("describe", "semantic_segmentation", "--group", "task", "--json").json

    assert ("SEMANTIC_SEGMENTATION", "TASK", "rvcli") == (
        *(found["key"], found["group"], found["origin"]),
    )
    fields = {field["name"]: field for field in found["fields"]}
    assert ("int", "300", "pixels", "must be positive") == tuple(
        fields["chip_size"][name] for name in ("type", "default", "unit", "check")
    )
    [options] = found["options"]
    assert "ChipOptions" == options["name"]
    assert any(method["signature"] == "with_classes(classes: Any)" for method in found["methods"])
    text = project.rv("describe", "SEMANTIC_SEGMENTATION", "--group", "TASK").out
    assert "Needed by chip, train, predict, bundle." in text


def test_a_key_of_several_groups(project):
    """It is described in each."""
    found = project.rv("describe", "CHIP_CLASSIFICATION", "--json").json
    assert ["TASK", "LABEL_SOURCE"] == [page["group"] for page in found]


def test_the_name_of_a_class(project):
    """The class of a config, and of a file system, does as a key."""
    assert "STATS_TRANSFORMER" in project.rv("describe", "StatsTransformerConfig").out
    assert "S3FileSystem" in project.rv("describe", "s3filesystem").out


def test_a_key_that_is_not_there(project):
    """The nearest is named."""
    result = project.rv("describe", "stats_transfomer")
    assert 3 == result.code
    assert "TIP: did you mean STATS_TRANSFORMER?" in result.err


@pytest.mark.parametrize(("group", "key"), configs())
def test_examples_run(project, group, key):
    """The example of every config that ships builds it."""
    if key in (keys.TF_DEEPLAB, keys.TF_OBJECT_DETECTION):
        pytest.skip("these need the template of old experiments")
    from rvcli.config.catalogue import find, page

    [entry] = find(key, group)
    names: dict[str, object] = {}
    exec(page(entry).example, names)
    builder = registry.default().get_config_builder(group, key)
    assert builder.config_class is type(names["config"])


def test_the_example_of_a_plugin_runs(project):
    """So does that of a plugin: values follow from types and checks, or are declared."""
    project.write("mine.py", DECLARED)
    project.write("rv.toml", '[PLUGINS]\nfiles = ["mine.py"]\n')

    [found] = project.rv("describe", "COUNTING", "--json").json

    assert '.with_names(["a", "b"])' in found["example"]
    assert ".with_most(1)" in found["example"]
    from rvcli.testing import plugin_loaded

    with plugin_loaded("mine.py"):
        exec(found["example"], {})


def test_classic_plugins(project):
    """Of a config that is written the classic way the methods of its builder are told."""
    shutil.copy(EXAMPLES / "noisy_evaluator_classic.py", project.root / "noisy.py")
    project.write("rv.toml", '[PLUGINS]\nfiles = ["noisy.py"]\n')
    from rvcli.testing import plugin_loaded

    with plugin_loaded("noisy.py") as plugin:
        [(_, key)] = plugin.registers

    [found] = project.rv("describe", key, "--json").json

    assert not found["declared"]
    assert found["methods"]
    assert "classic way" in found["note"]
    assert f'rv.EvaluatorConfig.builder("{key}")' in found["example"]


@pytest.mark.parametrize(
    ("key", "example"),
    [
        ("DASK", "rv run dask experiment.py"),
        ("TRAIN", "rv run local experiment.py train"),
        ("COGIFY", 'rv.CommandConfig.builder("COGIFY")'),
    ],
)
def test_other_things(project, key, example):
    """Runners and commands are described by how they are called."""
    assert example in project.rv("describe", key).out
