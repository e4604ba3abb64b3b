"""`rv explain` and `rv ls`."""

from __future__ import annotations

import pytest


def test_explain_says_why_field_by_field(copies):
    """Every change of a command is named; unchanged commands are up to date."""
    copies.rv("run", "inprocess", "copies.py", "-q")

    result = copies.rv("explain", "copies.py", "-a", "suffix", "!", "-a", "fault", "x")

    assert 0 == result.code
    blocks = dict(block.split(":", 1) for block in result.out.split("\n\n"))
    assert blocks["one/COPY"].startswith(" run\n")
    assert '  - config.config.suffix: "" -> "!"\n' in blocks["one/COPY"]
    assert '  - config.config.fault: "" -> "x"' in blocks["one/COPY"]
    assert "  after: one/COPY" in blocks["two/COPY"]
    assert blocks["other/COPY"].startswith(" up to date\n  nothing has changed since")


@pytest.mark.parametrize(("word", "count"), [("copy", 3), ("two/copy", 1)])
def test_explain_one_command(copies, word, count):
    """A command is named by its type or its id, in any case."""
    assert count == len(copies.rv("explain", "copies.py", word, "--json").json)


def test_explain_an_unknown_command(copies):
    """A command that is not there is wrong usage; the hint names those that are."""
    result = copies.rv("explain", "copies.py", "three/COPY")

    assert 2 == result.code
    assert "TIP: there are: one/COPY, " in result.err


def test_explain_missing_inputs(copies):
    """A blocked command says what is missing, and explain still succeeds."""
    (copies.root / "source.txt").unlink()

    result = copies.rv("explain", "copies.py", "one/COPY")

    assert 0 == result.code
    assert "one/COPY: blocked\n" in result.out
    assert "source.txt is missing" in result.out


def test_ls_lists_commands_without_an_experiment(copies):
    """Commands that belong to no experiment are listed with their root."""
    rows = copies.rv("ls", "copies.py", "--json").json

    assert [["COPY"]] * 3 == [row["commands"] for row in rows]
    assert "copy" in copies.rv("ls", "copies.py").out


def test_ls_lists_experiments(project):
    """Experiments are listed with task, backend, scenes, root and commands."""
    project.write("exp.py", SEGMENTATION)

    result = project.rv("ls", "exp.py")

    assert 0 == result.code, result.err
    row = result.out.splitlines()[1].split("  ")
    cells = [cell.strip() for cell in row if cell.strip()]
    assert [
        "exp",
        "SEMANTIC_SEGMENTATION",
        "SKLEARN_SEMANTIC_SEGMENTATION",
        "1 train, 1 validation",
        "out",
        "analyze, chip, train, predict, eval, bundle",
    ] == cells


def test_ls_takes_one_file(copies):
    """Further words are wrong usage."""
    result = copies.rv("ls", "copies.py", "train")

    assert 2 == result.code
    assert "rv ls takes one experiment file" in result.err


SEGMENTATION = """
import rvcli as rv


class Exps(rv.ExperimentSet):
    def exp_segmentation(self):
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes({"building": (1, "red")})
            .build()
        )
        backend = rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task).build()

        def scene(name):
            return (
                rv.SceneConfig.builder()
                .with_id(name)
                .with_task(task)
                .with_raster_source(f"{name}.tif")
                .with_label_source(f"{name}.geojson")
                .build()
            )

        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scene(scene("a"))
            .with_validation_scene(scene("b"))
            .build()
        )
        return (
            rv.ExperimentConfig.builder()
            .with_id("exp")
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_root_uri("out")
            .build()
        )
"""


def test_explain_a_command_that_is_not_run_by_default(copies):
    """An auxiliary command of an experiment is explained among the others when it is named."""
    copies.write(
        "exp.py",
        SEGMENTATION.replace(
            '.with_root_uri("out")',
            '.with_root_uri("out")\n            .with_custom_config('
            '{"copy": {"key": "k", "config": {"source": "source.txt", "target": "t.txt"}}})',
        ),
    )

    default = copies.rv("explain", "exp.py", "--json", "-x")
    named = copies.rv("explain", "exp.py", "exp/copy", "--json", "-x")

    assert "exp/COPY" not in [step["id"] for step in default.json]
    assert ["exp/COPY"] == [step["id"] for step in named.json]
