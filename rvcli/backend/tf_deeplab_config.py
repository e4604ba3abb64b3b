"""Config of semantic segmentation with DeepLab of TensorFlow 1; PyTorch does its work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rvcli import keys
from rvcli.backend.nested_config import Options
from rvcli.backend.translated.config import TranslatedConfig, TranslatedConfigBuilder
from rvcli.backend.translated.deeplab import DEFAULTS, translate
from rvcli.backend.translated.translation import Translation
from rvcli.config import field

_SCRIPTS = "/opt/tf-models/deeplab"
_TRAIN = f"{_SCRIPTS}/train.py"
_EXPORT = f"{_SCRIPTS}/export_model.py"
_EVAL = f"{_SCRIPTS}/eval.py"


class TFDeeplabConfig(TranslatedConfig):
    """Classify every pixel as an older experiment says, with PYTORCH_SEMANTIC_SEGMENTATION."""

    key = keys.TF_DEEPLAB
    part = "tf_deeplab_config"
    nested = "tfdl_config"
    successor = keys.PYTORCH_SEMANTIC_SEGMENTATION

    tfdl_config: dict[str, Any] = field(
        default_factory=dict,
        doc="Network and training, as the flags of DeepLab's training name them.",
        used_by=(keys.TRAIN,),
    )
    train_restart_dir: str | None = field(
        default=None, doc="Has no meaning today.", used_by=(keys.TRAIN,), semantic=False
    )
    do_eval: bool = field(
        default=False,
        doc="Has no meaning today: validation chips are always measured.",
        used_by=(keys.TRAIN,),
        semantic=False,
    )
    train_py: str = field(default=_TRAIN, doc="Has no meaning today.", semantic=False)
    export_py: str = field(default=_EXPORT, doc="Has no meaning today.", semantic=False)
    eval_py: str = field(default=_EVAL, doc="Has no meaning today.", semantic=False)

    @property
    def train_options(self) -> Options:
        """How training is watched, as older code asks for it."""
        names = ("train_restart_dir", "sync_interval", "do_monitoring", "replace_model", "do_eval")
        return Options(self, *names)

    @property
    def script_locations(self) -> Options:
        """The scripts, as older code asks for them."""
        return Options(self, "train_py", "export_py", "eval_py")

    @classmethod
    def translate(cls, nested: Any) -> Translation:
        """Say the flags with the options of today."""
        return translate(nested)

    def _without_counterpart(self) -> Iterable[str]:
        yield from super()._without_counterpart()
        if self.train_restart_dir:
            yield f"train_restart_dir={self.train_restart_dir}"
        if (self.train_py, self.export_py, self.eval_py) != (_TRAIN, _EXPORT, _EVAL):
            yield "the locations of scripts"


class TFDeeplabConfigBuilder(TranslatedConfigBuilder):
    """Builds TFDeeplabConfig."""

    config_class = TFDeeplabConfig
    defaults = DEFAULTS
    batch_size_path = "trainBatchSize"
    steps_path = "trainingNumberOfSteps"

    def _applicable_tasks(self) -> list[str]:
        return [keys.SEMANTIC_SEGMENTATION]

    def with_train_options(
        self,
        train_restart_dir: str | None = None,
        sync_interval: int = 600,
        do_monitoring: bool = True,
        replace_model: bool = False,
        do_eval: bool = False,
    ) -> Any:
        """Set how training is watched; see the fields of the same names."""
        return self.set(
            train_restart_dir=train_restart_dir,
            sync_interval=sync_interval,
            do_monitoring=do_monitoring,
            replace_model=replace_model,
            do_eval=do_eval,
        )

    def with_num_clones(self, num_clones: int) -> Any:
        """Set on how many GPUs is trained; has no meaning today."""
        return self._with_option("numClones", num_clones)

    def with_script_locations(
        self, train_py: str = _TRAIN, export_py: str = _EXPORT, eval_py: str = _EVAL
    ) -> Any:
        """Set the scripts of DeepLab; they have no meaning today."""
        return self.set(train_py=train_py, export_py=export_py, eval_py=eval_py)
