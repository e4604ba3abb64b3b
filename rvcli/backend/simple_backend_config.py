"""What the configs of backends share that learn from stored chips and write one model."""

from __future__ import annotations

import inspect
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from rvcli import keys
from rvcli.backend import options_config
from rvcli.backend.backend_config import BackendConfig, BackendConfigBuilder
from rvcli.backend.options_config import BackendOptions
from rvcli.backend.places import MODEL_FILE, TRAIN, VALIDATION, Places, chips_uri
from rvcli.config import ConfigBuilder, field
from rvcli.errors import ConfigError
from rvcli.filesystem import base_name, join_uri

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend
    from rvcli.core.command_io_definition import CommandIODefinition

__all__ = ["BackendOptions", "SimpleBackendConfig", "SimpleBackendConfigBuilder"]


class SimpleBackendConfig(BackendConfig):
    """Describes a backend that keeps chips in files, one a scene, and its model in another.

    A member declares its options as further fields, and its `create_backend` gives them and
    `self.places()` to a ChipBackend.

    The old way, it sets `backend_type`, `backend_class` and `train_opts_class` instead: its
    options are the objects `backend_opts` and `train_opts`, of which it makes
    `backend_class(task_config, backend_opts, train_opts)`.

    Attributes:
        train_opts_class: of `train_opts`.
        backend_class: of the backend, where the config is written the old way.
    """

    backend_type: str = ""
    train_opts_class: ClassVar[Any] = None
    backend_class: ClassVar[Any] = None

    chip_uri: str | None = field(
        default=None,
        doc="Directory of the chips; the chip URI of the experiment if not set.",
        uri=True,
        used_by=(keys.CHIP, keys.TRAIN),
    )
    train_chip_uris: list[str] = field(
        default_factory=list,
        doc="The chip files that are made and trained on; filled in from the dataset.",
        output_of=(keys.CHIP,),
        input_of=(keys.TRAIN,),
        used_by=(keys.CHIP, keys.TRAIN),
    )
    validation_chip_uris: list[str] = field(
        default_factory=list,
        doc="The chip files that training is watched with; filled in from the dataset.",
        output_of=(keys.CHIP,),
        input_of=(keys.TRAIN,),
        used_by=(keys.CHIP, keys.TRAIN),
    )
    train_uri: str | None = field(
        default=None,
        doc="Directory of what training writes; the train URI of the experiment if not set.",
        uri=True,
        used_by=(keys.TRAIN,),
    )
    model_uri: str | None = field(
        default=None,
        doc="The model; below the train URI if not set.",
        output_of=(keys.TRAIN,),
        input_of=(keys.PREDICT, keys.BUNDLE),
        used_by=(keys.TRAIN, keys.PREDICT, keys.BUNDLE),
    )
    seed: int = field(default=0, doc="Seed of all that is random.", used_by=(keys.TRAIN,))

    def __init__(self, backend_opts: Any = None, train_opts: Any = None) -> None:
        BackendConfig.__init__(self, self.backend_type)
        self.__dict__["backend_opts"] = backend_opts or BackendOptions()
        self.__dict__["train_opts"] = train_opts

    @classmethod
    def _takes_fields(cls) -> bool:
        own = cls.__init__ is SimpleBackendConfig.__init__
        return cls.backend_class is None and (own or super()._takes_fields())

    @classmethod
    def _given(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by the names of the fields; those of old code are two objects."""
        places, training = (
            args[i] if len(args) > i else kwargs.pop(name, None)
            for i, name in enumerate(("backend_opts", "train_opts"))
        )
        options = [vars(o) if o else {} for o in (places, training)]
        return {**options_config.values_of(*options), **super()._given(args[2:], kwargs)}

    @classmethod
    def parameters(cls) -> list[inspect.Parameter]:
        """List what the constructor takes: the options of old code, or the fields by name."""
        old = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        names = ("backend_opts", "train_opts")
        return [
            *(inspect.Parameter(n, old[0], default=None, annotation="_Any") for n in names),
            *(p.replace(kind=old[1]) for p in super().parameters()),
        ]

    @property
    def backend_opts(self) -> Any:
        """Where the backend keeps its files, as old code reads it."""
        own = self.__dict__.get("backend_opts")
        if own is not None:
            return own
        return BackendOptions(
            chip_uri=self.chip_uri,
            train_uri=self.train_uri,
            model_uri=self.model_uri,
            pretrained_uri=self.pretrained_model_uri,
        )

    @backend_opts.setter
    def backend_opts(self, backend_opts: Any) -> None:
        self._take("backend_opts", backend_opts)

    @property
    def train_opts(self) -> Any:
        """How to train, as old code reads it; None where there is no class for that."""
        own = self.__dict__.get("train_opts")
        if own is not None or self.train_opts_class is None:
            return own
        made = self.train_opts_class()
        for name in vars(made):
            setattr(made, name, deepcopy(getattr(self, name)))
        return made

    @train_opts.setter
    def train_opts(self, train_opts: Any) -> None:
        self._take("train_opts", train_opts)

    def _take(self, name: str, options: Any) -> None:
        if self._has_options():
            self.__dict__[name] = options
        else:
            self.__dict__.update(options_config.values_of({}, vars(options)))

    def _has_options(self) -> bool:
        """True if the config is written the old way."""
        return "backend_opts" in self.__dict__

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend for a task."""
        if self.backend_class is None:
            return super().create_backend(task_config)
        made: Backend = self.backend_class(task_config, self.backend_opts, self.train_opts)
        return made

    def to_proto(self) -> Any:
        """Return the message of this config; options of the old way travel as JSON text."""
        if not self._has_options():
            return super().to_proto()
        message: Any = self.message_class()(backend_type=self.backend_type)
        message.custom_config.update({"json": options_config.to_json(self)})
        return message

    @classmethod
    def values_from_message(cls, message: Any) -> dict[str, Any]:
        """Read the declared fields from a message, of the older form as well."""
        old = options_config.from_message(message)
        if old is None:
            return super().values_from_message(message)
        known = {spec.name for spec in cls.fields()}
        options = options_config.values_of(*old)
        return {name: value for name, value in options.items() if name in known}

    def places(self) -> Places:
        """Return the URIs of the files."""
        return Places(
            chip_uri=self.chip_uri,
            train_chip_uris=tuple(self.train_chip_uris),
            validation_chip_uris=tuple(self.validation_chip_uris),
            train_uri=self.train_uri,
            model_uri=self.model_uri,
            pretrained_uri=self.pretrained_model_uri,
        )

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put chips and model below the URIs of the experiment."""
        if self._has_options():
            options_config.fill_in(self, experiment_config)
            return super().update_for_command(command_type, experiment_config, context, io_def)
        self.chip_uri = self.chip_uri or experiment_config.chip_uri
        self.train_uri = self.train_uri or experiment_config.train_uri
        self.model_uri = self.model_uri or join_uri(self.train_uri, MODEL_FILE)
        if command_type in (keys.CHIP, keys.TRAIN):
            dataset = experiment_config.dataset
            self._name_chips(
                [scene.id for scene in dataset.train_scenes],
                [scene.id for scene in dataset.validation_scenes],
            )
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Add what the backend reads and writes during a command to `io_def`."""
        super().report_io(command_type, io_def)
        if self._has_options():
            options_config.report(self, command_type, io_def)

    def for_scenes(self, train_ids: list[str], validation_ids: list[str]) -> Any:
        """Return the config for a chip command that makes the chips of these scenes alone."""
        if self._has_options():
            return self
        new = self.clone()
        new._name_chips(train_ids, validation_ids)
        return new

    def _name_chips(self, train_ids: list[str], validation_ids: list[str]) -> None:
        watched = validation_ids if self.uses_validation_chips else []
        root = self.chip_uri or ""
        self.train_chip_uris = [chips_uri(root, scene, TRAIN) for scene in train_ids]
        self.validation_chip_uris = [chips_uri(root, scene, VALIDATION) for scene in watched]

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the model into the package."""
        if self._has_options():
            return options_config.save_bundle_files(self, bundle_dir)
        local_path, name = self.bundle_file(self.model_uri or "", bundle_dir)
        new = self.clone()
        new.prune(keys.BUNDLE)
        new.model_uri = name
        return new, [local_path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the model where the package was unpacked."""
        if self._has_options():
            return options_config.load_bundle_files(self, bundle_dir)
        new = self.clone()
        new.model_uri = join_uri(bundle_dir, base_name(self.model_uri or MODEL_FILE))
        return new


class SimpleBackendConfigBuilder(BackendConfigBuilder):
    """Base of the builders of such configs.

    A builder of a config that is written the old way has the attributes `backend_opts` and
    `train_opts`, and writes `with_train_options` and `_applicable_tasks`.
    """

    config_class: Any = SimpleBackendConfig

    def __init__(self, prev_config: Any = None) -> None:
        if not self._has_options():
            super().__init__(prev=prev_config)
            return
        self.backend_opts: Any = BackendOptions()
        self.train_opts: Any = None
        if prev_config is not None:
            self.backend_opts = deepcopy(prev_config.backend_opts)
            self.train_opts = deepcopy(prev_config.train_opts)
        ConfigBuilder.__init__(self, self.config_class, {})
        self.backend_type = self.config_class.backend_type

    def _has_options(self) -> bool:
        """True if the config is written the old way."""
        return getattr(self.config_class, "backend_class", None) is not None

    def build(self) -> Any:
        """Return the config."""
        if not self._has_options():
            return super().build()
        self.validate()
        return self.config_class(deepcopy(self.backend_opts), deepcopy(self.train_opts))

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message."""
        if not self._has_options():
            return super().from_proto(msg)
        places, training = options_config.from_message(msg) or ({}, {})
        new = deepcopy(self)
        new.backend_opts = BackendOptions(**places)
        new.train_opts = self.config_class.train_opts_class(**training)
        return new

    def with_train_options(self, *args: Any, **kwargs: Any) -> Any:
        """Set how to train: a builder that has such options writes this anew."""
        raise ConfigError(
            f"{type(self).__name__} has no with_train_options",
            hint="set each option by a method of its own",
        )

    def with_model_uri(self, model_uri: str) -> Any:
        """Set where the model is; below the train URI if not set."""
        if not self._has_options():
            return self.set(model_uri=model_uri)
        new = deepcopy(self)
        new.backend_opts.model_uri = model_uri
        return new

    def with_pretrained_model(self, uri: str) -> Any:
        """Set the model from which training starts."""
        return self.with_pretrained_uri(uri)

    def with_pretrained_uri(self, pretrained_uri: str) -> Any:
        """Set the model from which training starts."""
        if not self._has_options():
            return self.set(pretrained_model_uri=pretrained_uri)
        new = deepcopy(self)
        new.backend_opts.pretrained_uri = pretrained_uri
        return new
