"""What is refused, on real experiments."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli import registry
from rvcli.command.aux_command import AuxCommand, AuxCommandOptions
from rvcli.dag import RUN, derive, plan
from rvcli.dag.checks import refuse, scene_clashes
from rvcli.errors import PlanError
from rvcli.records import RecordStore
from rvcli.registry import Registrar, Registry


def test_scenes_of_one_prediction(make_experiment: Any) -> None:
    """Two different scenes whose predictions would be one file are refused, split or not."""
    experiment = make_experiment(validation=[("v", "one"), ("v", "two")])
    for splits in (1, 2):
        found = scene_clashes(derive([experiment], splits=splits))
        assert 1 == len(found)
        assert found[0].startswith("scenes 'v' and 'v' of exp/PREDICT are different")
        assert found[0].endswith("/predict/exp/v.tif")


def test_scenes_of_one_chip_file(make_experiment: Any) -> None:
    """Two different scenes whose chips would be one file are refused."""
    experiment = make_experiment(train=[("t", "one"), ("t", "two")])
    (found,) = scene_clashes(derive([experiment]))
    assert "exp/CHIP are different and would both write" in found
    assert "/chip/exp/train/t" in found


def test_same_scene_twice_is_fine(make_experiment: Any) -> None:
    """A scene that is given twice, or for training and for validation, is one scene."""
    scenes = [("s", "one"), ("s", "one")]
    experiment = make_experiment(train=scenes, validation=scenes)
    assert [] == scene_clashes(derive([experiment], splits=2))


def test_scenes_of_other_commands_do_not_count(make_experiment: Any) -> None:
    """Scenes that no selected command writes for may clash."""
    experiment = make_experiment(validation=[("v", "one"), ("v", "two")])
    assert [] == scene_clashes(derive([experiment], commands=["analyze", "chip"]))


def test_plan_refuses_scene_clashes(make_experiment: Any) -> None:
    """A plan of such scenes is refused before anything else is looked at."""
    experiment = make_experiment(validation=[("v", "one"), ("v", "two")])
    with pytest.raises(PlanError, match="would both write"):
        plan(derive([experiment]), RecordStore())


def test_phony_names_do_not_clash(
    world: Any, make_experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two auxiliary commands may declare one name that no file backs, but not one file."""

    class Note(AuxCommand):
        command_type = "NOTE"
        command_options = AuxCommandOptions(outputs=lambda config: config["output"])

        def run(self) -> None: ...

    def commands(output: str) -> Any:
        experiments = [
            make_experiment(
                name, custom={"NOTE": {"key": name, "config": {"output": output, "n": name}}}
            )
            for name in ("a", "b")
        ]
        return derive(experiments, commands=["note"])

    monkeypatch.chdir(world.folder)
    own = Registry(parent=registry.current())
    Registrar(own).register_aux_command("NOTE", Note)
    with registry.use(own):
        made = plan(commands(".phony"), RecordStore())
        assert [RUN, RUN] == [step.status for step in made.steps]
        assert 2 == len(plan(commands("done"), RecordStore()).to_run)
        with pytest.raises(PlanError, match="a/NOTE and b/NOTE would both write"):
            plan(commands(str(world.folder / "sub" / "x.txt")), RecordStore())
        world.write("done")
        with pytest.raises(PlanError, match="would both write"):
            plan(commands("done"), RecordStore())


def test_problems_are_bounded() -> None:
    """No problem is fine, one is the message, of many ten are named."""
    refuse([])
    with pytest.raises(PlanError, match=r"^only one$"):
        refuse(["only one"], hint="do this")
    with pytest.raises(PlanError) as caught:
        refuse([f"problem {n}" for n in range(30)])
    assert 12 == len(caught.value.message.splitlines())
    assert caught.value.message.endswith("and 20 more")
