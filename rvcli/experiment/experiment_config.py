"""Config of an experiment: what to learn, from which scenes, and where it all goes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rvcli import keys, registry
from rvcli.analyzer.analyzer_config import AnalyzerConfig
from rvcli.backend.backend_config import BackendConfig
from rvcli.command.command_config import CommandConfig
from rvcli.config import (
    Config,
    ConfigBuilder,
    Problem,
    field,
    make_uris_absolute,
    names_place,
    update,
)
from rvcli.config.providers import construct_default
from rvcli.data.dataset_config import DatasetConfig
from rvcli.data.raster_transformer.measured_transformer_config import MeasuredTransformerConfig
from rvcli.evaluation.evaluator_config import EvaluatorConfig
from rvcli.experiment.fit import misfits
from rvcli.filesystem import absolute_uri, join_uri
from rvcli.task.task_config import TaskConfig

COMMAND_NAMES = tuple(command.lower() for command in keys.COMMANDS)


class ExperimentConfig(Config):
    """Describes an experiment, from which commands are derived."""

    message = "experiment_pb2:ExperimentConfig"
    positional = (
        *("id", "task", "backend", "dataset", "root_uri"),
        *(f"{name}_uri" for name in COMMAND_NAMES),
        *("evaluators", "analyzers", "custom_config"),
    )

    id: str = field(doc="Name of the experiment; names its directories.", check=names_place)
    task: TaskConfig = field(doc="What is to be learned.", group=keys.TASK)
    backend: BackendConfig = field(doc="What learns and predicts.", group=keys.BACKEND)
    dataset: DatasetConfig = field(doc="The scenes.")
    root_uri: str = field(
        doc="Directory below which everything is written.", uri=True, parameter="uri"
    )
    analyze_uri: str = field(doc="Directory of the analyze command.", uri=True, parameter="uri")
    chip_uri: str = field(doc="Directory of the chip command.", uri=True, parameter="uri")
    train_uri: str = field(doc="Directory of the train command.", uri=True, parameter="uri")
    predict_uri: str = field(doc="Directory of the predict command.", uri=True, parameter="uri")
    eval_uri: str = field(doc="Directory of the eval command.", uri=True, parameter="uri")
    bundle_uri: str = field(doc="Directory of the bundle command.", uri=True, parameter="uri")
    evaluators: list[EvaluatorConfig] = field(
        default_factory=list, doc="Evaluators, in this order.", group=keys.EVALUATOR
    )
    analyzers: list[AnalyzerConfig] = field(
        default_factory=list, doc="Analyzers, in this order.", group=keys.ANALYZER
    )
    custom_config: dict[str, Any] | None = field(
        default=None, doc="Options of auxiliary commands, by command."
    )

    def problems(self) -> Iterable[Problem]:
        """Check that all is for the task, and that what scales by statistics has statistics."""
        yield from misfits(self)
        if self.analyzers:  # what a plugin's analyzer measures, it knows
            return
        for path, transformer in self._transformers():
            if isinstance(transformer, MeasuredTransformerConfig) and transformer.needs_stats():
                yield Problem(
                    path,
                    "needs statistics: call with_stats_analyzer() on the experiment,"
                    " or give it a stats_uri",
                )
                return

    def _transformers(self) -> Iterator[tuple[str, Any]]:
        """Yield the transformers of all scenes, each after its path."""
        for part in ("train_scenes", "validation_scenes", "test_scenes"):
            for i, scene in enumerate(getattr(self.dataset, part)):
                transformers = getattr(scene.raster_source, "transformers", None) or []
                for j, transformer in enumerate(transformers):
                    yield f"$.dataset.{part}[{i}].raster_source.transformers[{j}]", transformer

    def custom_config_of(self, command_type: str) -> dict[str, Any] | None:
        """Return the options of an auxiliary command; its name is matched in any case."""
        for name, value in (self.custom_config or {}).items():
            if name.upper() == command_type.upper():
                return dict(value)
        return None

    def with_absolute_uris(self) -> ExperimentConfig:
        """Return a shallow copy whose own directories are absolute URIs."""
        new = copy.copy(self)
        for spec in self.fields():
            if spec.uri:
                setattr(new, spec.name, absolute_uri(getattr(self, spec.name)))
        return new

    def make_command_config(self, command_type: str) -> CommandConfig:
        """Return the config of one of the experiment's commands, all its URIs absolute."""
        key = command_type.upper()
        with registry.recording() as used:
            # The pipeline's commands fill in what is theirs; others find everything filled in.
            given = self._resolved(key) if _is_foreign(key) else self.with_absolute_uris()
            config: CommandConfig = CommandConfig.builder(key).with_experiment(given).build()
        config.__dict__["_looked_up"] = set(used)
        return config

    def fully_resolve(self) -> ExperimentConfig:
        """Return a copy in which every command has filled in what it adds."""
        return self._resolved()

    def _resolved(self, *more_commands: str) -> ExperimentConfig:
        new = self.with_absolute_uris().clone()
        for command_type in (*keys.COMMANDS, *more_commands):
            for name in ("task", "backend", "dataset"):
                setattr(new, name, update(getattr(new, name), command_type, new, []))
            for name in ("evaluators", "analyzers"):
                setattr(new, name, [update(c, command_type, new, []) for c in getattr(new, name)])
        make_uris_absolute(new)
        return new

    def save_config(self) -> None:
        """Write the experiment's message to `<root_uri>/experiments/<id>.json`."""
        from rvcli.utils.files import save_json_config

        resolved = self.fully_resolve()
        uri = join_uri(resolved.root_uri, "experiments", f"{self.id}.json")
        save_json_config(resolved.to_proto(), uri)

    def to_proto(self) -> Any:
        """Return the message; the options of auxiliary commands travel as JSON text."""
        new = copy.copy(self)
        if self.custom_config is not None:
            new.custom_config = {"config": json.dumps(self.custom_config)}
        return super(ExperimentConfig, new).to_proto()


class ExperimentConfigBuilder(ConfigBuilder):
    """Builds ExperimentConfig."""

    config_class = ExperimentConfig

    def __init__(self, prev: Config | None = None) -> None:
        super().__init__(prev=prev)
        self.command_keys: dict[str, str] = {}

    def build(self) -> ExperimentConfig:
        """Return the config; directories and evaluators that are not set get their defaults."""
        values = dict(self.config)
        root_uri, experiment_id = values.get("root_uri"), values.get("id")
        if root_uri and experiment_id:
            for name in COMMAND_NAMES:
                key = self.command_keys.get(name, str(experiment_id))
                if not values.get(f"{name}_uri"):
                    values[f"{name}_uri"] = join_uri(str(root_uri), name, key)
        else:
            # The missing root is the one thing to name, not the six that follow from it.
            for name in COMMAND_NAMES:
                values.setdefault(f"{name}_uri", ".")
        if not values.get("evaluators") and values.get("task") is not None:
            values["evaluators"] = [_default_evaluator(values["task"])]
        new = self.set(**values)
        built: ExperimentConfig = new._make()
        return built

    def validate(self) -> None:
        """Raise InvalidConfigError, naming every problem, unless the values are fine."""
        self.build()

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message."""
        new = super().from_proto(msg)
        custom = new.config.get("custom_config")
        if custom and set(custom) == {"config"} and isinstance(custom["config"], str):
            new.config["custom_config"] = json.loads(custom["config"])
        return new

    def with_analyzer(self, analyzer: AnalyzerConfig) -> Any:
        """Add one analyzer."""
        return self.set(analyzers=[*(self.config.get("analyzers") or []), analyzer])

    def with_stats_analyzer(self) -> Any:
        """Add the analyzer that measures the statistics of the imagery."""
        return self.with_analyzer(AnalyzerConfig.builder(keys.STATS_ANALYZER).build())

    def with_evaluator(self, evaluator: EvaluatorConfig) -> Any:
        """Add one evaluator."""
        return self.set(evaluators=[*(self.config.get("evaluators") or []), evaluator])

    def with_custom_config(self, config: Mapping[str, Any]) -> Any:
        """Set the options of auxiliary commands: `{NAME: {"key": ..., "config": {...}}}`."""
        return self.set(custom_config=dict(config))

    def clear_command_uris(self) -> Any:
        """Forget the directories of the commands, to derive them from the root and id again."""
        new = self.set(**{f"{name}_uri": None for name in COMMAND_NAMES})
        new.command_keys = {}
        return new

    def _with_key(self, name: str, key: str) -> Any:
        new = self.set(**{f"{name}_uri": None})
        new.command_keys = {**self.command_keys, name: key}
        return new

    def with_analyze_key(self, key: str) -> Any:
        """Keep the analyze command in `<root_uri>/analyze/<key>`."""
        return self._with_key("analyze", key)

    def with_chip_key(self, key: str) -> Any:
        """Keep the chip command in `<root_uri>/chip/<key>`."""
        return self._with_key("chip", key)

    def with_train_key(self, key: str) -> Any:
        """Keep the train command in `<root_uri>/train/<key>`."""
        return self._with_key("train", key)

    def with_predict_key(self, key: str) -> Any:
        """Keep the predict command in `<root_uri>/predict/<key>`."""
        return self._with_key("predict", key)

    def with_eval_key(self, key: str) -> Any:
        """Keep the eval command in `<root_uri>/eval/<key>`."""
        return self._with_key("eval", key)

    def with_bundle_key(self, key: str) -> Any:
        """Keep the bundle command in `<root_uri>/bundle/<key>`."""
        return self._with_key("bundle", key)


def _is_foreign(key: str) -> bool:
    """True for a plugin's command that takes parts of the experiment."""
    return key not in keys.COMMANDS and registry.current().find(keys.AUX_COMMAND, key) is None


def _default_evaluator(task: TaskConfig) -> Any:
    return construct_default(
        keys.DEFAULT_EVALUATOR, task.task_type, using="is_default_for", arguments=(task,)
    )
