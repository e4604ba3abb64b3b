"""What the configs of backends share whose network and training stand in a nested dict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from rvcli import keys
from rvcli.backend.backend_config import given_defaults
from rvcli.backend.nested_options import changed, put, whole_numbers
from rvcli.backend.simple_backend_config import SimpleBackendConfig, SimpleBackendConfigBuilder
from rvcli.config import field, not_negative
from rvcli.errors import ConfigError, nearest

Change = Callable[[Mapping[str, Any]], dict[str, Any]]


class NestedBackendConfig(SimpleBackendConfig):
    """Describes a backend of the time of TensorFlow 1.

    A member declares the nested dict as a field, and names it in `nested`. Its message is the
    part that older releases wrote.
    """

    nested: ClassVar[str] = ""

    chip_uri: str | None = field(
        default=None,
        doc="Directory of the chips; the chip URI of the experiment if not set.",
        uri=True,
        used_by=(keys.CHIP, keys.TRAIN),
        proto="training_data_uri",
    )
    train_uri: str | None = field(
        default=None,
        doc="Directory of what training writes; the train URI of the experiment if not set.",
        uri=True,
        used_by=(keys.TRAIN,),
        proto="training_output_uri",
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

    @property
    def training_data_uri(self) -> str | None:
        """The directory of the chips, by its older name."""
        return self.chip_uri

    @property
    def training_output_uri(self) -> str | None:
        """The directory of what training writes, by its older name."""
        return self.train_uri

    @property
    def train_options(self) -> Options:
        """How training is watched, as older code asks for it."""
        return Options(self, "sync_interval", "do_monitoring", "replace_model")

    @classmethod
    def values_from_message(cls, message: Any) -> dict[str, Any]:
        """Read a message; whole numbers in the nested dict are integers again."""
        values = super().values_from_message(message)
        values[cls.nested] = whole_numbers(values[cls.nested])
        return values


class Options:
    """Some fields of a config, as attributes of one value."""

    def __init__(self, config: Any, *names: str) -> None:
        for name in names:
            setattr(self, name, getattr(config, name))


class NestedBackendConfigBuilder(SimpleBackendConfigBuilder):
    """Base of the builders of such configs.

    Attributes:
        defaults: nested dicts by the names of model defaults.
        batch_size_path: where the nested dict says how many chips are in a step.
    """

    config_class = NestedBackendConfig
    defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    batch_size_path: ClassVar[str] = ""
    _changes: tuple[Change, ...] = ()

    def with_model_defaults(self, model_defaults_key: str) -> Any:
        """Take network and training by name; nothing is fetched.

        The defaults of RV.model_defaults_uri come first, if it is set.
        """
        given = given_defaults(str(self.config_class.key), model_defaults_key)
        if "config" not in given and model_defaults_key not in self.defaults:
            raise _no_defaults(model_defaults_key, self.defaults)
        new = self.with_template(given.get("config") or self.defaults[model_defaults_key])
        uri = given.get("pretrained_model_uri")
        return new.with_pretrained_model(uri) if uri else new

    def with_template(self, template: Mapping[str, Any] | str) -> Any:
        """Set the nested dict: itself, or the URI of a JSON file.

        What is said of single values counts, before or after this.
        """
        nested = _read(template) if isinstance(template, str) else template
        for change in self._changes:
            nested = change(nested)
        return self._with_nested(nested)

    def with_config(
        self,
        mods: Mapping[str, Any],
        ignore_missing_keys: bool = False,
        set_missing_keys: bool = False,
    ) -> Any:
        """Change values of the nested dict, wherever their keys stand in it.

        Args:
            mods: new values by key, nested or not: `{"batchSize": 4}` or `{"batch_size": 4}`.
            ignore_missing_keys: pass over keys that it does not have.
            set_missing_keys: add them instead.

        Raises:
            ConfigError: it does not have a key.
        """
        return self._with_change(
            lambda nested: changed(nested, mods, ignore_missing_keys, set_missing_keys)
        )

    def with_batch_size(self, batch_size: int) -> Any:
        """Set the number of chips in one step."""
        return self._with_option(self.batch_size_path, batch_size)

    def with_training_data_uri(self, training_data_uri: str) -> Any:
        """Set the directory of the chips."""
        return self.set(chip_uri=training_data_uri)

    def with_training_output_uri(self, training_output_uri: str) -> Any:
        """Set the directory of what training writes."""
        return self.set(train_uri=training_output_uri)

    def build(self) -> Any:
        """Return the config; its nested dict says what follows from the task."""
        if self.task is None or not self._nested():
            return super().build()
        return self._with_nested(self._for_task(self._nested()))._build()

    def _build(self) -> Any:
        return super().build()

    def _for_task(self, nested: dict[str, Any]) -> dict[str, Any]:
        """Return the nested dict with what follows from the task: classes and sizes."""
        return nested

    def _with_option(self, path: str, value: Any) -> Any:
        return self._with_change(lambda nested: put(nested, path, value))

    def _with_change(self, change: Change) -> Any:
        nested = self._nested()
        new = self._with_nested(change(nested)) if nested else self.set()
        new._changes = (*self._changes, change)
        return new

    def _with_nested(self, nested: Mapping[str, Any]) -> Any:
        return self.set(**{self.config_class.nested: whole_numbers(nested)})

    def _nested(self) -> dict[str, Any]:
        found: dict[str, Any] | None = self.config.get(self.config_class.nested)
        return found or {}


def _read(uri: str) -> dict[str, Any]:
    from rvcli.utils.files import file_to_json

    read: dict[str, Any] = file_to_json(uri)
    return read


def _no_defaults(key: str, known: Mapping[str, Any]) -> ConfigError:
    near = nearest(key, known)
    return ConfigError(
        f"there are no model defaults {key!r}",
        hint=f"did you mean {near!r}?" if near else f"there is {', '.join(known)}",
    )
