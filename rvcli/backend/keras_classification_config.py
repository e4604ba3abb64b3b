"""Config of the backend that classifies chips with Keras."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.keras.options import KerasOptions, camel, model_defaults
from rvcli.backend.simple_backend_config import SimpleBackendConfig, SimpleBackendConfigBuilder
from rvcli.config import Problem, field, not_negative
from rvcli.errors import ConfigError
from rvcli.utils.misc import set_nested_keys

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


class KerasClassificationConfig(SimpleBackendConfig):
    """Classify chips with a network of keras.applications."""

    key = keys.KERAS_CLASSIFICATION

    kc_config: dict[str, Any] = field(
        default_factory=lambda: model_defaults(keys.RESNET50_IMAGENET),
        doc="Network and training, nested as in the defaults of RESNET50_IMAGENET.",
        used_by=(keys.TRAIN,),
    )
    sync_interval: int = field(
        default=600,
        doc="Time after which the state of training is kept, at the end of an epoch.",
        unit="seconds",
        check=not_negative,
        used_by=(keys.TRAIN,),
        semantic=False,
    )
    do_monitoring: bool = field(
        default=True,
        doc="Write TensorBoard events beside the history.",
        used_by=(keys.TRAIN,),
        semantic=False,
    )
    replace_model: bool = field(
        default=False,
        doc="Start anew where a training was killed, instead of going on.",
        used_by=(keys.TRAIN,),
        semantic=False,
    )
    debug: bool = field(
        default=False,
        doc="Log the layers of the network.",
        used_by=(keys.TRAIN,),
        semantic=False,
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.keras_classification import KerasClassification, Monitoring

        monitoring = Monitoring(
            sync_interval_s=self.sync_interval,
            events=self.do_monitoring,
            start_anew=self.replace_model,
            show_layers=self.debug,
        )
        options = KerasOptions.read(self.kc_config)
        return KerasClassification(
            task_config.class_map, self.places(), options, monitoring, seed=self.seed
        )

    def problems(self) -> Iterable[Problem]:
        """Check that the nested form can be read."""
        try:
            KerasOptions.read(self.kc_config)
        except ConfigError as error:
            yield Problem("$.kc_config", str(error))


class KerasClassificationConfigBuilder(SimpleBackendConfigBuilder):
    """Builds KerasClassificationConfig."""

    config_class = KerasClassificationConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.CHIP_CLASSIFICATION]

    def with_model_defaults(self, model_defaults_key: str) -> Any:
        """Take network and training by name, such as RESNET50_IMAGENET."""
        return self.set(kc_config=model_defaults(model_defaults_key))

    def with_template(self, template: Mapping[str, Any] | str) -> Any:
        """Set the nested form: a dict, or the URI of a JSON file."""
        if isinstance(template, str):
            from rvcli.utils.files import file_to_json

            template = file_to_json(template)
        return self.set(kc_config=camel(template))

    def with_config(
        self,
        mods: Mapping[str, Any],
        ignore_missing_keys: bool = False,
        set_missing_keys: bool = False,
    ) -> Any:
        """Change values of the nested form, wherever their keys stand in it.

        Args:
            mods: new values by key, nested or not: `{"batchSize": 4}`.
            ignore_missing_keys: pass over keys that it does not have.
            set_missing_keys: add them instead.
        """
        changed = copy.deepcopy(self._kc_config())
        set_nested_keys(changed, camel(mods), ignore_missing_keys, set_missing_keys)
        return self.set(kc_config=changed)

    def with_batch_size(self, batch_size: int) -> Any:
        """Set the number of chips in one step."""
        return self._with_option("options", "batchSize", batch_size)

    def with_num_epochs(self, num_epochs: int) -> Any:
        """Set how often all chips are seen."""
        return self._with_option("options", "nbEpochs", num_epochs)

    def with_training_data_uri(self, training_data_uri: str) -> Any:
        """Set the directory of the chips."""
        return self.set(chip_uri=training_data_uri)

    def with_training_output_uri(self, training_output_uri: str) -> Any:
        """Set the directory of what training writes."""
        return self.set(train_uri=training_output_uri)

    def with_train_options(
        self, sync_interval: int = 600, do_monitoring: bool = True, replace_model: bool = False
    ) -> Any:
        """Set how training is watched; see the fields of the same names."""
        return self.set(
            sync_interval=sync_interval, do_monitoring=do_monitoring, replace_model=replace_model
        )

    def _with_option(self, part: str, name: str, value: Any) -> Any:
        changed = copy.deepcopy(self._kc_config())
        changed.setdefault("trainer", {}).setdefault(part, {})[name] = value
        return self.set(kc_config=changed)

    def _kc_config(self) -> dict[str, Any]:
        found: dict[str, Any] | None = self.config.get("kc_config")
        return model_defaults(keys.RESNET50_IMAGENET) if found is None else found
