"""A small world of commands that can be planned and made to look as if they had run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.dag import CommandDefinition, Plan, plan
from rvcli.records import Identities, RecordStore, note_inputs, write_record
from rvcli.records.digests import DigestCache


class FakeDataset:
    """A dataset with the overlaps that a test wants."""

    def __init__(self, overlaps: Iterable[str] = ()) -> None:
        self._overlaps = list(overlaps)

    def overlaps(self) -> list[str]:
        """Return the overlaps."""
        return self._overlaps


class FakeExperiment:
    """An experiment with an id and content."""

    def __init__(self, id: str = "exp", overlaps: Iterable[str] = (), **content: Any) -> None:
        self.id = id
        self.content = content
        self.dataset = FakeDataset(overlaps)

    def to_plain(self) -> dict[str, Any]:
        """Return the content."""
        return {"id": self.id, **self.content}


class FakeConfig:
    """A command config: options, what it reads and writes, and how it splits.

    Each item of `parts` is one split: options, inputs and outputs.
    """

    def __init__(
        self,
        command_type: str,
        root_uri: str,
        inputs: Iterable[str] = (),
        outputs: Iterable[str] = (),
        options: dict[str, Any] | None = None,
        missing: Iterable[str] = (),
        parts: Iterable[tuple[Any, list[str], list[str]]] = (),
    ) -> None:
        self.command_type = command_type
        self.root_uri = root_uri
        self.split_id = 0
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.options = options or {}
        self.missing = list(missing)
        self.parts = list(parts)

    def to_plain(self) -> dict[str, Any]:
        """Return the options."""
        return {"root_uri": self.root_uri, "split_id": self.split_id, **self.options}

    def report_io(self) -> CommandIODefinition:
        """Return what it reads and writes."""
        return CommandIODefinition(self.inputs, self.outputs, self.missing)

    def split(self, num_parts: int) -> list[FakeConfig]:
        """Return the parts, at most `num_parts`."""
        made = []
        for number, (options, inputs, outputs) in enumerate(self.parts[:num_parts]):
            part = copy.copy(self)
            part.split_id, part.inputs, part.outputs = number, inputs, outputs
            part.options = {**self.options, "part": options}
            made.append(part)
        return made or [self]


class World:
    """Files below a folder, commands on them, and records of what ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.digests = DigestCache(folder / "cache" / "digests.sqlite")

    def uri(self, name: str) -> str:
        """Return the URI of a file by its relative name."""
        return str(self.folder / name)

    def write(self, name: str, content: str = "content") -> str:
        """Write a file and return its URI."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return str(path)

    def config(
        self,
        command_type: str,
        inputs: Iterable[str] = (),
        outputs: Iterable[str] = (),
        *,
        root: str | None = None,
        missing: Iterable[str] = (),
        parts: Iterable[tuple[Any, list[str], list[str]]] = (),
        **options: Any,
    ) -> Any:
        """Return a command config; inputs and outputs by relative name."""
        return FakeConfig(
            command_type,
            self.uri(root or f"out/{command_type.lower()}/exp"),
            [self.uri(n) for n in inputs],
            [self.uri(n) for n in outputs],
            options,
            missing,
            [(o, [self.uri(n) for n in i], [self.uri(n) for n in u]) for o, i, u in parts],
        )

    def command(
        self,
        command_type: str,
        inputs: Iterable[str] = (),
        outputs: Iterable[str] = (),
        *,
        experiment: Any = "exp",
        selected: bool = True,
        **kwargs: Any,
    ) -> CommandDefinition:
        """Return a definition; `experiment` is an id or an experiment."""
        config = self.config(command_type, inputs, outputs, **kwargs)
        owner = None if isinstance(experiment, (str, type(None))) else experiment
        name = owner.id if owner is not None else experiment
        return CommandDefinition(name, config, config.report_io(), owner, selected)

    def store(self) -> RecordStore:
        """Look at everything anew."""
        return RecordStore(Identities(self.digests))

    def plan(self, *definitions: CommandDefinition, **kwargs: Any) -> Plan:
        """Make a plan."""
        return plan(definitions, self.store(), **kwargs)

    def run(self, *definitions: CommandDefinition, **kwargs: Any) -> Plan:
        """Make a plan and what looks as if it had run: outputs and records."""
        made = self.plan(*definitions, **kwargs)
        made.refuse_blocked()
        for step in made.to_run:
            self.finish(step)
        return made

    def finish(self, step: Any, content: str | None = None) -> None:
        """Write outputs and record of a step, except outputs that start with a dot."""
        definition = step.definition
        draft = note_inputs(step.draft)
        for uri in definition.io_def.output_uris:
            path = Path(uri)
            if not path.name.startswith("."):
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.suffix:
                    path.write_text(content or f"made by {step.fingerprint}")
                else:
                    path.mkdir(exist_ok=True)
                    (path / "part.txt").write_text("part")
        now = datetime.now(timezone.utc)
        write_record(definition.root_uri, definition.split_id, draft, now, Identities(self.digests))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world of its own, below a folder with a space in its name."""
    folder = tmp_path / "a world"
    folder.mkdir()
    return World(folder)


@pytest.fixture
def experiment() -> Callable[..., Any]:
    """Make an experiment: id, overlaps, content."""
    return FakeExperiment


@pytest.fixture
def make_experiment(tmp_path: Path) -> Callable[..., Any]:
    """Make a real experiment: id, number of scenes, custom config; files are not there."""
    from rvcli import keys
    from rvcli.analyzer.analyzer_config import AnalyzerConfig
    from rvcli.backend.backend_config import BackendConfig
    from rvcli.data.dataset_config import DatasetConfig
    from rvcli.data.scene_config import SceneConfig
    from rvcli.experiment.experiment_config import ExperimentConfig
    from rvcli.task.task_config import TaskConfig

    def make(id: str = "exp", scenes: int = 1, custom: Any = None, **scene_ids: Any) -> Any:
        task = TaskConfig.builder(keys.SEMANTIC_SEGMENTATION).with_classes(["a", "b"]).build()

        def scene(name: str, image: str) -> Any:
            builder = SceneConfig.builder().with_task(task).with_id(name)
            labels = str(tmp_path / f"{image}.geojson")
            image_uri = str(tmp_path / f"{image}.tif")
            return builder.with_raster_source(image_uri).with_label_source(labels).build()

        train = scene_ids.get("train") or [(f"t{n}", f"t{n}") for n in range(scenes)]
        validation = scene_ids.get("validation") or [(f"v{n}", f"v{n}") for n in range(scenes)]
        dataset = (
            DatasetConfig.builder()
            .with_train_scenes([scene(*s) for s in train])
            .with_validation_scenes([scene(*s) for s in validation])
            .build()
        )
        builder = (
            ExperimentConfig.builder()
            .with_id(id)
            .with_root_uri(str(tmp_path / "root"))
            .with_task(task)
            .with_backend(
                BackendConfig.builder(keys.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task).build()
            )
            .with_dataset(dataset)
            .with_analyzers([AnalyzerConfig.builder(keys.STATS_ANALYZER).build()])
        )
        return (builder.with_custom_config(custom) if custom else builder).build()

    return make
