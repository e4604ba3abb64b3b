"""What a plan says of each command, and why."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rvcli.dag import CommandDefinition, Plan
from rvcli.errors import PlanError
from rvcli.records import remove_record


def statuses(plan: Plan) -> dict[str, str]:
    """Return the status of each step."""
    return {step.id: step.status for step in plan.steps}


def pipeline(world: Any, **train: Any) -> list[CommandDefinition]:
    """Return chip, train, predict and eval; chip reads an image and labels, eval labels."""
    world.write("image.tif") if not Path(world.uri("image.tif")).exists() else None
    for name in ("train.geojson", "val.geojson"):
        if not Path(world.uri(name)).exists():
            world.write(name)
    return [
        world.command("EVAL", ["out/p.tif", "val.geojson"], ["out/eval.json"]),
        world.command("CHIP", ["image.tif", "train.geojson"], ["out/chips/a.npy"]),
        world.command("TRAIN", ["out/chips/a.npy"], ["out/model.rvm"], **train),
        world.command("PREDICT", ["out/model.rvm", "image.tif"], ["out/p.tif"]),
    ]


ALL = ["exp/CHIP", "exp/TRAIN", "exp/PREDICT", "exp/EVAL"]


def test_first_run_runs_all_in_order(world: Any) -> None:
    """Without records everything runs, producers first, since it never finished."""
    plan = world.plan(*pipeline(world))
    assert ALL == [step.id for step in plan.steps]
    assert {"run"} == {step.status for step in plan.steps}
    assert {"no record: it never finished here"} == {step.reason for step in plan.steps}
    assert ("exp/PREDICT",) == plan.step("exp/EVAL").depends_on


def test_second_run_runs_nothing(world: Any) -> None:
    """With everything proven nothing runs, and the reason is said."""
    world.run(*pipeline(world))
    plan = world.plan(*pipeline(world))
    assert {"run": 0, "up_to_date": 4, "duplicate": 0, "blocked": 0} == plan.counts()
    assert plan.steps[0].reason.startswith("nothing has changed since it finished, 20")


def test_touch_runs_nothing(world: Any) -> None:
    """A file that is touched has the content that it had."""
    world.run(*pipeline(world))
    os.utime(world.uri("train.geojson"))
    assert () == world.plan(*pipeline(world)).to_run


def test_changed_train_label_runs_what_follows(world: Any) -> None:
    """A change in a training label runs chip and all that consumes it, each with the reason."""
    world.run(*pipeline(world))
    world.write("train.geojson", "moved!!")
    plan = world.plan(*pipeline(world))
    reasons = [
        f"input {world.uri('train.geojson')}: its content changed",
        "consumes outputs of exp/CHIP, which runs",
        "consumes outputs of exp/TRAIN, which runs",
        "consumes outputs of exp/PREDICT, which runs",
    ]
    assert list(zip(ALL, reasons, strict=True)) == [(s.id, s.reason) for s in plan.to_run]


def test_changed_validation_label_runs_eval_alone(world: Any) -> None:
    """A change in a label that is only evaluated runs eval alone."""
    world.run(*pipeline(world))
    world.write("val.geojson", "moved!!")
    assert ["exp/EVAL"] == [step.id for step in world.plan(*pipeline(world)).to_run]


def test_changed_option_is_named(world: Any) -> None:
    """A changed option runs its command, with both values as the reason."""
    world.run(*pipeline(world, seed=1, backend={"scales": [1, 2]}))
    plan = world.plan(*pipeline(world, seed=2, backend={"scales": [1, 3]}))
    assert ALL[1:] == [step.id for step in plan.to_run]
    step = plan.step("exp/TRAIN")
    assert "config.seed: 1 -> 2 and 1 more" == step.reason
    texts = ["config.seed: 1 -> 2", "config.backend.scales[1]: 2 -> 3"]
    assert texts == [change.text for change in step.changes]


@dataclass(frozen=True)
class Pin:
    """A pin as plugins give it."""

    uri: str
    sha256: str


def test_changed_plugin_is_named(world: Any) -> None:
    """A plugin with other content runs the commands that use it, and what consumes them."""

    def pins(digest: str) -> Callable[[Any], list[Pin]]:
        return lambda config: [Pin("/p/x.py", digest)] if config.command_type == "TRAIN" else []

    world.run(*pipeline(world), pins=pins("1"))
    assert () == world.plan(*pipeline(world), pins=pins("1")).to_run
    plan = world.plan(*pipeline(world), pins=pins("2"))
    assert ALL[1:] == [step.id for step in plan.to_run]
    assert "plugin x.py: its content changed" == plan.step("exp/TRAIN").reason
    assert [{"uri": "/p/x.py", "sha256": "2"}] == plan.step("exp/TRAIN").draft["plugins"]


def test_rerun(world: Any) -> None:
    """Asked to run again, everything does."""
    world.run(*pipeline(world))
    plan = world.plan(*pipeline(world), rerun=True)
    assert {"asked to run again"} == {step.reason for step in plan.to_run}
    assert 4 == len(plan.to_run)


def test_lost_output_runs_again(world: Any) -> None:
    """A command whose output is missing or other runs again, with what consumes it."""
    world.run(*pipeline(world))
    Path(world.uri("out/p.tif")).unlink()
    plan = world.plan(*pipeline(world))
    assert [
        ("exp/PREDICT", f"output {world.uri('out/p.tif')} is missing"),
        ("exp/EVAL", "consumes outputs of exp/PREDICT, which runs"),
    ] == [(step.id, step.reason) for step in plan.to_run]
    world.write("out/p.tif", "by hand")
    plan = world.plan(*pipeline(world))
    assert f"output {world.uri('out/p.tif')} is not what it wrote" == plan.to_run[0].reason


def test_killed_command_runs_again(world: Any) -> None:
    """A command without a record runs again, though its output is there."""
    world.run(*pipeline(world))
    remove_record(world.uri("out/predict/exp"))
    assert ["exp/PREDICT", "exp/EVAL"] == [s.id for s in world.plan(*pipeline(world)).to_run]


def test_truncated_record_counts_as_none(world: Any) -> None:
    """A record that is cut off counts as none, and that is the reason."""
    world.run(*pipeline(world))
    record = Path(world.uri("out/eval/exp/command-record-0.json"))
    record.write_text(record.read_text()[:100])
    (step,) = world.plan(*pipeline(world)).to_run
    assert "counts as none: it is cut off" in step.reason


def test_run_that_ended_between_producer_and_consumer(world: Any) -> None:
    """A consumer is out of date when its producer has made other things, whatever its record."""
    world.run(*pipeline(world))
    plan = world.plan(*pipeline(world), rerun=True)
    world.finish(plan.step("exp/TRAIN"), content="another model")
    plan = world.plan(*pipeline(world))
    expected = f"input {world.uri('out/model.rvm')}: exp/TRAIN made it anew"
    assert [("exp/PREDICT", expected)] == [(s.id, s.reason) for s in plan.to_run[:1]]


def test_producer_that_made_the_same_again(world: Any) -> None:
    """A consumer stays up to date when its producer has made the very same again."""
    world.run(*pipeline(world))
    plan = world.plan(*pipeline(world), rerun=True)
    world.finish(plan.step("exp/TRAIN"))
    assert () == world.plan(*pipeline(world)).to_run


def test_producer_ran_apart(world: Any) -> None:
    """A consumer whose producer ran with another option in an earlier run is out of date."""
    world.run(*pipeline(world))
    definitions = pipeline(world, seed=3)
    world.finish(world.plan(*definitions).step("exp/TRAIN"))
    plan = world.plan(*definitions)
    expected = f"input {world.uri('out/model.rvm')}: exp/TRAIN made it anew"
    assert [("exp/PREDICT", expected)] == [(s.id, s.reason) for s in plan.to_run[:1]]


def test_missing_input_blocks_it_and_what_follows(world: Any) -> None:
    """A missing input blocks the command and all that need it; the plan refuses to run."""
    definitions = pipeline(world)
    Path(world.uri("train.geojson")).unlink()
    plan = world.plan(*definitions)
    expected = dict.fromkeys(ALL, "blocked")
    assert expected == statuses(plan)
    missing = f"input {world.uri('train.geojson')} is missing"
    assert (missing, (missing,)) == (plan.steps[0].reason, plan.steps[0].missing)
    assert "needs exp/CHIP, blocked as well" == plan.steps[1].reason
    with pytest.raises(PlanError, match=r"exp/CHIP cannot run: input .* is missing"):
        plan.refuse_blocked()


def test_skipping_the_file_check(world: Any) -> None:
    """Asked to skip the check, a command with a missing input runs."""
    definitions = pipeline(world)
    Path(world.uri("train.geojson")).unlink()
    plan = world.plan(*definitions, skip_file_check=True)
    assert 4 == len(plan.to_run)
    assert "absent" == plan.steps[0].draft["inputs"][1]["identity"]


def test_input_that_cannot_be_reached(world: Any) -> None:
    """An input on an unknown file system blocks, unless the check is skipped."""
    definition = world.command("CHIP")
    definition.io_def.add_input("nowhere://x/y")
    assert "nowhere" in world.plan(definition).step("exp/CHIP").reason
    assert "run" == world.plan(definition, skip_file_check=True).step("exp/CHIP").status


def test_input_that_is_not_set(world: Any) -> None:
    """What a command says it lacks is the reason why it is blocked, even without the check."""
    definition = world.command("CHIP", missing=["no imagery is set"])
    step = world.plan(definition, skip_file_check=True).step("exp/CHIP")
    assert ("blocked", "no imagery is set") == (step.status, step.reason)


def test_many_missing_inputs_are_bounded(world: Any) -> None:
    """Of many missing inputs the first are named."""
    plan = world.plan(world.command("CHIP", [f"{n}.tif" for n in range(20)]))
    assert plan.steps[0].reason.endswith("and 17 more")
    commands = [world.command("CHIP", ["x"], root=f"r{n}", experiment=f"e{n}") for n in range(15)]
    with pytest.raises(PlanError, match="15 problems:") as caught:
        world.plan(*commands).refuse_blocked()
    assert "and 5 more" in caught.value.message


def test_command_without_outputs(world: Any) -> None:
    """A command without outputs runs once; its record alone proves it."""
    definition = world.command("PRINT", text="hello")
    assert 1 == len(world.run(definition).to_run)
    assert () == world.plan(definition).to_run


def test_phony_outputs(world: Any) -> None:
    """A name that no file backs orders commands and is proven by the record alone."""
    first = world.command("PRINT", [], [".phony"])
    second = world.command("SHOUT", [".phony"], [".phony-2"])
    assert ["exp/PRINT", "exp/SHOUT"] == [step.id for step in world.run(second, first).to_run]
    assert () == world.plan(second, first).to_run


def test_directory_output(world: Any) -> None:
    """A directory contains its inputs' producers, and is proven by what was in it."""
    train = world.command("TRAIN", ["out/chips/part.txt"], ["out/model"])
    chip = world.command("CHIP", [], ["out/chips"])
    world.run(train, chip)
    assert () == world.plan(train, chip).to_run
    Path(world.uri("out/chips/part.txt")).unlink()
    plan = world.plan(train, chip)
    assert f"output {world.uri('out/chips')} lacks part.txt" == plan.to_run[0].reason
    assert 2 == len(plan.to_run)


def test_directory_input(world: Any) -> None:
    """A directory that is read is identified without what the plan writes into it."""
    world.write("data/a.txt")
    scan = world.command("SCAN", ["data"], ["data/index.json"], root="data/work")
    world.run(scan)
    assert () == world.plan(scan).to_run
    world.write("data/b.txt")
    (step,) = world.plan(scan).to_run
    assert f"input {world.uri('data')}: its content changed" == step.reason


def test_directory_input_with_producers_inside(world: Any) -> None:
    """A directory that others write into waits for them; what else is in it counts too."""
    collect = world.command("COLLECT", ["parts"], ["all.txt"])
    parts = [
        world.command("PART", [], [f"parts/{n}.txt"], root=f"out/{n}", n=n, experiment=f"e{n}")
        for n in range(2)
    ]
    plan = world.run(collect, *parts)
    assert ("e0/PART", "e1/PART") == plan.step("exp/COLLECT").depends_on
    assert () == world.plan(collect, *parts).to_run
    world.write("parts/by-hand.txt")
    (step,) = world.plan(collect, *parts).to_run
    assert "exp/COLLECT" == step.id


def test_command_that_feeds_itself(world: Any) -> None:
    """A command that reads what it writes itself needs nobody to make it."""
    resume = world.command("TRAIN", ["out/model"], ["out/model"])
    assert "run" == world.run(resume).steps[0].status
    assert () == world.plan(resume).to_run


def test_duplicates_are_merged(world: Any) -> None:
    """A command that another experiment has as well runs once, for both."""
    world.write("image.tif")
    commands = [
        world.command("ANALYZE", ["image.tif"], ["stats.json"], root=f"out/{name}", experiment=name)
        for name in ("a", "b")
    ]
    consumer = world.command("CHIP", ["stats.json"], ["chips.npy"], experiment="b")
    plan = world.run(*commands, consumer)
    assert {"a/ANALYZE": "run", "b/ANALYZE": "duplicate", "b/CHIP": "run"} == statuses(plan)
    step = plan.step("b/ANALYZE")
    assert ("does the same as a/ANALYZE", "a/ANALYZE") == (step.reason, step.duplicate_of)
    assert ("a/ANALYZE",) == plan.step("b/CHIP").depends_on
    assert () == world.plan(*commands, consumer).to_run


def test_same_experiment_twice(world: Any, experiment: Any) -> None:
    """An experiment that is returned twice runs once, under ids that tell them apart."""
    commands = [world.command("TRAIN", [], ["m"], experiment=experiment("e")) for _ in range(2)]
    assert {"e/TRAIN": "run", "e/TRAIN#2": "duplicate"} == statuses(world.plan(*commands))


def test_duplicate_ids_are_refused(world: Any, experiment: Any) -> None:
    """Two different experiments with one id are refused."""
    commands = [
        world.command("TRAIN", root=f"out/{n}", experiment=experiment("e", n=n)) for n in (1, 2)
    ]
    with pytest.raises(PlanError, match="2 experiments have the id 'e', with different content"):
        world.plan(*commands)


def test_clashes_are_refused(world: Any) -> None:
    """Two different commands that would write one output are refused by name."""
    commands = [
        world.command("TRAIN", [], ["model"], root=f"out/{n}", experiment=f"e{n}", seed=n)
        for n in range(3)
    ]
    with pytest.raises(PlanError, match=f"e0/TRAIN and e1/TRAIN would both write {world.uri('m')}"):
        world.plan(*commands)


def test_message_clashes_are_refused(world: Any) -> None:
    """Two different commands with one root are refused."""
    commands = [world.command("TRAIN", root="out", experiment=f"e{n}", n=n) for n in range(2)]
    with pytest.raises(PlanError, match=r"both write .*/out/command-config-0\.json"):
        world.plan(*commands)


def test_circle_is_refused(world: Any) -> None:
    """Commands that need each other are refused."""
    commands = [world.command("A", ["y"], ["x"]), world.command("B", ["x"], ["y"])]
    with pytest.raises(PlanError, match="exp/A -> exp/B -> exp/A"):
        world.plan(*commands)


def test_unwritable_root_is_refused(world: Any) -> None:
    """A root that cannot be made is refused, unless nothing would be written."""
    world.write("file")
    with pytest.raises(PlanError, match=r"nothing can be written to .*/file is no folder"):
        world.plan(world.command("TRAIN", root="file/out"))
    blocked = world.command("TRAIN", ["none"], root="file/out")
    assert 0 == len(world.plan(blocked).to_run)


def test_overlaps_are_warned_of_once(world: Any, experiment: Any) -> None:
    """What is in both train and validation is one warning, and part of the plan."""
    text = "scene 'a' is in both train and validation"
    commands = [
        world.command(kind, root=f"out/{kind}/{e.id}", experiment=e)
        for e in (experiment(f"e{n}", [text]) for n in range(5))
        for kind in ("TRAIN", "EVAL")
    ]
    plan = world.plan(*commands)
    assert 1 == len(plan.warnings)
    assert plan.warnings[0].startswith(f"{text} (e0, e1, e2 and 2 more)")
    ids = [f"e{n}" for n in range(5)]
    assert [{"text": text, "experiment_ids": ids}] == plan.to_dict()["overlaps"]
    with pytest.raises(PlanError, match="scene 'a' is in both"):
        world.plan(*commands, overlap="error")


def split_chip(world: Any, selected: bool = True) -> CommandDefinition:
    """Return a chip command that splits into three parts which share a directory."""
    parts = [(n, [f"{n}.tif"], ["out/chips"]) for n in range(3)]
    for n in range(3):
        world.write(f"{n}.tif", f"image {n}")
    images = [f"{n}.tif" for n in range(3)]
    return world.command("CHIP", images, ["out/chips"], parts=parts, selected=selected)


def test_splits_share_a_directory(world: Any) -> None:
    """Splits of one command may write into one directory; a consumer waits for all."""
    train = world.command("TRAIN", ["out/chips"], ["model"])
    plan = world.run(train, *split_chip(world).split(3))
    expected = ("exp/CHIP/0", "exp/CHIP/1", "exp/CHIP/2")
    assert expected == plan.step("exp/TRAIN").depends_on
    splits = split_chip(world).split(3)
    assert () == world.plan(train, *splits).to_run
    world.write("1.tif", "another")
    plan = world.plan(train, *splits)
    assert ["exp/CHIP/1", "exp/TRAIN"] == [step.id for step in plan.to_run]
    assert "consumes outputs of exp/CHIP/1, which runs" == plan.step("exp/TRAIN").reason


def test_unselected_producer_is_used_by_its_record(world: Any) -> None:
    """A command that is not selected is taken for done by its records, however it was split."""
    train = world.command("TRAIN", ["out/chips"], ["model"])
    world.run(train, *split_chip(world).split(3))
    plan = world.plan(train, split_chip(world, selected=False))
    assert ({"exp/TRAIN": "up_to_date"}, ()) == (statuses(plan), plan.warnings)
    assert () == plan.step("exp/TRAIN").depends_on


def test_unselected_splits_with_files_of_their_own(world: Any) -> None:
    """Each file of a split command that is not selected is known as that of its split."""
    world.write("image.tif")
    files = [f"out/{n}.tif" for n in range(3)]
    parts = [(n, ["image.tif"], [file]) for n, file in enumerate(files)]

    def predict(selected: bool) -> CommandDefinition:
        return world.command("PREDICT", ["image.tif"], files, parts=parts, selected=selected)

    evaluate = world.command("EVAL", files, ["out/eval.json"])
    world.run(evaluate, *predict(selected=True).split(3))
    plan = world.plan(evaluate, predict(selected=False))
    assert ({"exp/EVAL": "up_to_date"}, ()) == (statuses(plan), plan.warnings)


def test_unselected_producer_that_never_finished(world: Any) -> None:
    """What a command makes that is not selected and never finished is missing."""
    world.write("out/chips/half.npy")
    train = world.command("TRAIN", ["out/chips"], ["model"])
    chip = split_chip(world, selected=False)
    step = world.plan(train, chip).step("exp/TRAIN")
    expected = (
        f"input {world.uri('out/chips')} is missing: exp/CHIP makes it and is not selected;"
        " no record: it never finished here"
    )
    assert ("blocked", expected) == (step.status, step.reason)
    skipped = world.plan(train, chip, skip_file_check=True).step("exp/TRAIN")
    assert "run" == skipped.status
    assert skipped.draft["inputs"][0]["identity"].startswith("listing:")


def test_unselected_producer_whose_output_is_gone(world: Any) -> None:
    """What a command made that is not selected must still be there."""
    definitions = pipeline(world)
    world.run(*definitions)
    Path(world.uri("out/model.rvm")).unlink()
    predict = world.command("PREDICT", ["out/model.rvm", "image.tif"], ["out/p.tif"])
    others = [unselected(d) for d in definitions if d.command_type != "PREDICT"]
    assert "is missing" in world.plan(predict, *others).step("exp/PREDICT").reason


def unselected(definition: CommandDefinition) -> CommandDefinition:
    """Return a definition that is only known as a producer."""
    return CommandDefinition(
        definition.experiment_id, definition.command_config, definition.io_def, None, False
    )


def test_unselected_producers_further_up_may_be_gone(world: Any) -> None:
    """Only what a selected command reads must be there; what that was made from need not."""
    definitions = pipeline(world)
    world.run(*definitions)
    for name in ("image.tif", "train.geojson", "out/chips/a.npy"):
        Path(world.uri(name)).unlink()
    remove_record(world.uri("out/chip/exp"))
    world.write("image.tif")
    predict = definitions[3]
    others = [unselected(d) for d in definitions[:3]]
    plan = world.plan(predict, *others)
    assert ({"exp/PREDICT": "up_to_date"}, ()) == (statuses(plan), plan.warnings)


def test_inputs_of_unselected_commands_are_not_opened(world: Any) -> None:
    """What only commands read that are not selected is never opened."""
    definitions = pipeline(world)
    world.run(*definitions)
    image = Path(world.uri("image.tif"))
    image.unlink()
    os.mkfifo(image)  # opening it would wait for ever
    plan = world.plan(definitions[0], *[unselected(d) for d in definitions[1:]])
    assert {"exp/EVAL": "up_to_date"} == statuses(plan)


@pytest.mark.parametrize("through", ["config", "input", "upstream"])
def test_unselected_producer_that_is_out_of_date(world: Any, through: str) -> None:
    """A producer that is not selected and out of date is used as it is, with a warning."""
    world.run(*pipeline(world))
    definitions = pipeline(world, **({"seed": 2} if through == "config" else {}))
    if through == "input":
        time.sleep(0.07)
        world.run(*definitions)  # its digest is known from here on
        world.write("train.geojson", "moved!!")
        labels = world.uri("train.geojson")
        expected = f"exp/CHIP is not selected, but out of date: input {labels} was written"
    elif through == "config":
        expected = "exp/TRAIN is not selected, but out of date: config.seed: not set -> 2;"
    else:
        plan = world.plan(*definitions, rerun=True)
        changed = world.command("CHIP", ["image.tif", "train.geojson"], ["out/chips/a.npy"], size=3)
        world.finish(world.plan(changed).steps[0])
        definitions[1] = changed
        expected = (
            f"exp/TRAIN is not selected, but out of date: input {world.uri('out/chips/a.npy')}:"
            " exp/CHIP made it anew"
        )
        assert plan.to_run
    plan = world.plan(definitions[3], *[unselected(d) for d in definitions[:3]])
    assert {"exp/PREDICT": "up_to_date"} == statuses(plan)
    assert 1 == len(plan.warnings)
    assert plan.warnings[0].startswith(expected)


def test_unselected_between_selected(world: Any) -> None:
    """A producer that is not selected and reads what will run anew is out of date."""
    world.run(*pipeline(world))
    world.write("train.geojson", "moved!!")
    definitions = pipeline(world)
    plan = world.plan(definitions[1], definitions[3], unselected(definitions[2]))
    assert ["exp/CHIP"] == [step.id for step in plan.to_run]
    expected = (
        "exp/TRAIN is not selected, but out of date: consumes outputs of exp/CHIP, which runs;"
        " what it made is used as it is"
    )
    assert (expected,) == plan.warnings


def test_unselected_that_share_an_output(world: Any) -> None:
    """Where several experiments have the producer, the one with a record proves it."""
    world.write("image.tif")
    analyze = [
        world.command("ANALYZE", ["image.tif"], ["s.json"], root=f"out/{n}", experiment=n)
        for n in ("b", "a")
    ]
    world.run(analyze[1])
    chip = world.command("CHIP", ["s.json"], ["chips.npy"], experiment="b")
    plan = world.plan(chip, *map(unselected, analyze))
    assert {"b/CHIP": "run"} == statuses(plan)
    assert "a/ANALYZE" == plan.step("b/CHIP").draft["inputs"][0]["by"]


def test_changed_version_of_a_component(world: Any) -> None:
    """A component with another version runs its commands."""

    class Versioned:
        version = 1

    world.run(*pipeline(world))
    definitions = pipeline(world)
    config = type(definitions[1].command_config)
    config.version = 2
    try:
        plan = world.plan(*definitions)
    finally:
        del config.version
    assert "Fake version 1 -> 2" == plan.step("exp/CHIP").reason


def test_same_fields_of_another_schema(world: Any) -> None:
    """A record whose fingerprint was made otherwise proves nothing, and that is said."""
    world.run(*pipeline(world))
    path = Path(world.uri("out/eval/exp/command-record-0.json"))
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "fingerprint": "0"}))
    (step,) = world.plan(*pipeline(world)).to_run
    assert "its record is of another version of rv" == step.reason


def test_to_dict_is_plain(world: Any) -> None:
    """A plan is plain values for JSON, step by step."""
    world.run(*pipeline(world, seed=1))
    content = json.loads(json.dumps(world.plan(*pipeline(world, seed=2)).to_dict()))
    assert {"run": 3, "up_to_date": 1, "duplicate": 0, "blocked": 0} == content["counts"]
    step = content["steps"][1]
    assert "exp/TRAIN" == step["id"]
    assert [{"path": "config.seed", "old": 1, "new": 2, "text": "config.seed: 1 -> 2"}] == step[
        "changes"
    ]
    assert step["message_uri"].endswith("out/train/exp/command-config-0.json")
    assert [world.uri("out/model.rvm")] == step["outputs"]


def test_step_that_is_not_there(world: Any) -> None:
    """Asking for an unknown step is a KeyError."""
    with pytest.raises(KeyError):
        world.plan().step("x")
