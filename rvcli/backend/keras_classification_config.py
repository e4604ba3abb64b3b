"""Config of the backend that classifies chips with Keras."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.keras.options import MODEL_DEFAULTS, KerasOptions, model_defaults
from rvcli.backend.nested_config import NestedBackendConfig, NestedBackendConfigBuilder
from rvcli.backend.nested_options import changed
from rvcli.config import Problem, field
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


class KerasClassificationConfig(NestedBackendConfig):
    """Classify chips with a network of keras.applications."""

    key = keys.KERAS_CLASSIFICATION
    framework = "keras"
    part = "keras_classification_config"
    nested = "kc_config"

    kc_config: dict[str, Any] = field(
        default_factory=lambda: model_defaults(keys.RESNET50_IMAGENET),
        doc="Network and training, nested as in the defaults of RESNET50_IMAGENET.",
        used_by=(keys.TRAIN,),
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


class KerasClassificationConfigBuilder(NestedBackendConfigBuilder):
    """Builds KerasClassificationConfig."""

    config_class = KerasClassificationConfig
    defaults = MODEL_DEFAULTS
    batch_size_path = "trainer.options.batchSize"

    def _applicable_tasks(self) -> list[str]:
        return [keys.CHIP_CLASSIFICATION]

    def with_train_options(
        self, sync_interval: int = 600, do_monitoring: bool = True, replace_model: bool = False
    ) -> Any:
        """Set how training is watched; see the fields of the same names."""
        return self.set(
            sync_interval=sync_interval, do_monitoring=do_monitoring, replace_model=replace_model
        )

    def with_num_epochs(self, num_epochs: int) -> Any:
        """Set how often all chips are seen."""
        return self._with_option("trainer.options.nbEpochs", num_epochs)

    def _for_task(self, nested: dict[str, Any]) -> dict[str, Any]:
        of_task = {
            "inputSize": self.task.chip_size,
            "classNames": self.task.class_map.get_class_names(),
        }
        return changed(nested, of_task, ignore_missing_keys=True)

    def _nested(self) -> dict[str, Any]:
        return super()._nested() or model_defaults(keys.RESNET50_IMAGENET)
