"""Experiments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.data.dataset_config import DatasetConfig
from rvcli.experiment.experiment_config import ExperimentConfig


def test_directories_follow_from_root_and_id(experiment: Any) -> None:
    """`<root>/<command>/<key>`, the key being the id."""
    assert ("a root/chip/e", "a root/eval/e") == (experiment.chip_uri, experiment.eval_uri)


def test_a_key_replaces_the_id(experiment: Any) -> None:
    """Experiments can share what they have in common."""
    other = (
        experiment.to_builder()
        .with_analyze_key("k")
        .with_chip_key("k")
        .with_train_key("k")
        .with_predict_key("k")
        .with_eval_key("k")
        .with_bundle_key("k")
        .build()
    )
    assert {f"a root/{c.lower()}/k" for c in keys.COMMANDS} == {
        getattr(other, f"{c.lower()}_uri") for c in keys.COMMANDS
    }


def test_a_uri_can_be_given_and_cleared(experiment: Any) -> None:
    """Clearing goes back to what follows from root and id."""
    builder = experiment.to_builder().with_chip_uri("/elsewhere")
    assert "/elsewhere" == builder.build().chip_uri
    assert "a root/chip/e" == builder.clear_command_uris().build().chip_uri


def test_the_evaluator_of_the_task_is_the_default(experiment: Any) -> None:
    """Nothing need be said."""
    types = [e.evaluator_type for e in experiment.evaluators]
    assert [keys.SEMANTIC_SEGMENTATION_EVALUATOR] == types


def test_evaluators_and_analyzers_add_up(experiment: Any) -> None:
    """The singular forms add one."""
    evaluator = experiment.evaluators[0]
    builder = ExperimentConfig.builder().with_evaluator(evaluator).with_evaluator(evaluator)
    assert 2 == len(builder.config["evaluators"])


def test_all_that_is_missing_is_named() -> None:
    """Only what the user must give, not what follows from it."""
    with pytest.raises(InvalidConfigError) as caught:
        ExperimentConfig.builder().build()
    expected = {"$.id", "$.task", "$.backend", "$.dataset", "$.root_uri"}
    assert expected == {p.path for p in caught.value.problems}


@pytest.mark.parametrize("name", ["", " ", "..", "../../x", "/x", "a//b"])
def test_ids_lead_nowhere_else(experiment: Any, scene: Callable[..., Any], name: str) -> None:
    """Everything is written below the root: ids name directories and predictions there."""
    builders = [experiment.to_builder()] + [scene("a").to_builder()] * (name != "")
    for builder in builders:
        with pytest.raises(InvalidConfigError, match=r"\$\.id must name a place below the root"):
            builder.with_id(name).build()
    assert "city/2020" == scene("a").to_builder().with_id("city/2020").build().id


def test_a_scene_without_a_name_is_in_no_dataset(scene: Callable[..., Any]) -> None:
    """Unit tests and packages have scenes whose predictions nothing has to tell apart."""
    nameless = scene("a").to_builder().with_id("").build()
    for name in ("train", "validation", "test"):
        with pytest.raises(InvalidConfigError, match=rf"\$\.{name}_scenes\[0\]\.id must name"):
            getattr(DatasetConfig.builder(), f"with_{name}_scene")(nameless).build()


def test_statistics_need_an_analyzer(experiment: Any) -> None:
    """A stats transformer without statistics is found before anything runs."""
    with pytest.raises(InvalidConfigError, match=r"train_scenes\[0\].*with_stats_analyzer"):
        experiment.to_builder().with_analyzers([]).build()


def test_it_survives_its_message(experiment: Any) -> None:
    """Custom options included."""
    custom = {"COGIFY": {"key": "k", "config": {"uris": [["a", "b"]], "n": 3}}}
    config = experiment.to_builder().with_custom_config(custom).build()
    back = ExperimentConfig.from_proto(config.to_proto())
    assert config.to_plain() == back.to_plain()


def test_its_message_is_written_below_the_root(experiment: Any, tmp_path: Path) -> None:
    """`<root>/experiments/<id>.json`, fully resolved."""
    experiment.save_config()
    message = json.loads((tmp_path / "a root/experiments/e.json").read_text())
    store = message["dataset"]["validationScenes"][0]["predictionLabelStore"]
    assert (
        str(tmp_path / "a root/predict/e/v.tif")
        == (store["semanticSegmentationRasterStore"]["uri"])
    )


def whole(scene: Any) -> Any:
    """Return a scene without areas of interest."""
    return scene.to_builder().clear_aois().build()


class TestDataset:
    """Scenes of an experiment."""

    def test_a_scene_given_twice_counts_once(self, scene: Callable[..., Any]) -> None:
        """The same scenes are often given as train and as validation scenes."""
        one = scene("s")
        dataset = DatasetConfig.builder().with_train_scene(one).with_validation_scene(scene("s"))
        assert ["s"] == [s.id for s in dataset.build().all_scenes()]

    def test_two_scenes_may_share_an_id(self, scene: Callable[..., Any]) -> None:
        """They are kept apart by what they say."""
        dataset = DatasetConfig.builder().with_train_scenes(
            [scene("s", "a.tif"), scene("s", "b.tif")]
        )
        assert 2 == len(dataset.build().all_scenes())

    def test_overlap_by_id_and_by_image(self, scene: Callable[..., Any]) -> None:
        """A scene or file in both train and validation is named."""
        dataset = (
            DatasetConfig.builder()
            .with_train_scenes([scene("s", "a.tif"), whole(scene("t", "b.tif"))])
            .with_validation_scenes([scene("s", "c.tif"), scene("v", "b.tif")])
            .build()
        )
        assert [
            "scene 's' is in both train and validation",
            "image b.tif is in both train and validation",
        ] == dataset.overlaps()

    def test_areas_keep_an_image_apart(self, scene: Callable[..., Any]) -> None:
        """An image may be in both where each of its scenes is limited, by areas of its own."""

        def overlaps(train_area: str, validation_area: str) -> list[str]:
            train, validation = (
                scene(name, "b.tif").to_builder().with_aoi_uris([area] if area else []).build()
                for name, area in (("t", train_area), ("v", validation_area))
            )
            dataset = DatasetConfig.builder().with_train_scene(train)
            found: list[str] = dataset.with_validation_scene(validation).build().overlaps()
            return found

        both = ["image b.tif is in both train and validation"]
        assert [] == overlaps("west.geojson", "east.geojson")
        assert both == overlaps("west.geojson", "")
        assert both == overlaps("west.geojson", "./west.geojson")

    def test_overlap_however_the_image_is_named(self, scene: Callable[..., Any]) -> None:
        """Two spellings of one path are one image."""
        one = whole(scene("s", f"{Path.cwd()}/b.tif"))
        dataset = DatasetConfig.builder().with_train_scene(one)
        dataset = dataset.with_validation_scene(scene("v", "./x/../b.tif"))
        expected = ["image ./x/../b.tif is in both train and validation"]
        assert expected == dataset.build().overlaps()

    def test_a_shared_label_file_is_no_overlap(self, scene: Callable[..., Any]) -> None:
        """One file of labels often covers a whole region."""
        one, other = scene("s", "a.tif"), scene("t", "b.tif")
        other.label_source = one.label_source
        dataset = DatasetConfig.builder().with_train_scene(one).with_validation_scene(other)
        assert [] == dataset.build().overlaps()
