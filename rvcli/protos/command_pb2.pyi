from google.protobuf import struct_pb2 as _struct_pb2
from rvcli.protos import analyzer_pb2 as _analyzer_pb2
from rvcli.protos import augmentor_pb2 as _augmentor_pb2
from rvcli.protos import backend_pb2 as _backend_pb2
from rvcli.protos import evaluator_pb2 as _evaluator_pb2
from rvcli.protos import plugin_pb2 as _plugin_pb2
from rvcli.protos import scene_pb2 as _scene_pb2
from rvcli.protos import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CommandConfig(_message.Message):
    __slots__ = ("command_type", "root_uri", "analyze_config", "chip_config", "train_config", "predict_config", "eval_config", "bundle_config", "custom_config", "plugins", "split_id", "schema_version", "fingerprint", "settings")
    class AnalyzeConfig(_message.Message):
        __slots__ = ("task", "scenes", "analyzers")
        TASK_FIELD_NUMBER: _ClassVar[int]
        SCENES_FIELD_NUMBER: _ClassVar[int]
        ANALYZERS_FIELD_NUMBER: _ClassVar[int]
        task: _task_pb2.TaskConfig
        scenes: _containers.RepeatedCompositeFieldContainer[_scene_pb2.SceneConfig]
        analyzers: _containers.RepeatedCompositeFieldContainer[_analyzer_pb2.AnalyzerConfig]
        def __init__(self, task: _Optional[_Union[_task_pb2.TaskConfig, _Mapping]] = ..., scenes: _Optional[_Iterable[_Union[_scene_pb2.SceneConfig, _Mapping]]] = ..., analyzers: _Optional[_Iterable[_Union[_analyzer_pb2.AnalyzerConfig, _Mapping]]] = ...) -> None: ...
    class ChipConfig(_message.Message):
        __slots__ = ("task", "backend", "augmentors", "train_scenes", "val_scenes")
        TASK_FIELD_NUMBER: _ClassVar[int]
        BACKEND_FIELD_NUMBER: _ClassVar[int]
        AUGMENTORS_FIELD_NUMBER: _ClassVar[int]
        TRAIN_SCENES_FIELD_NUMBER: _ClassVar[int]
        VAL_SCENES_FIELD_NUMBER: _ClassVar[int]
        task: _task_pb2.TaskConfig
        backend: _backend_pb2.BackendConfig
        augmentors: _containers.RepeatedCompositeFieldContainer[_augmentor_pb2.AugmentorConfig]
        train_scenes: _containers.RepeatedCompositeFieldContainer[_scene_pb2.SceneConfig]
        val_scenes: _containers.RepeatedCompositeFieldContainer[_scene_pb2.SceneConfig]
        def __init__(self, task: _Optional[_Union[_task_pb2.TaskConfig, _Mapping]] = ..., backend: _Optional[_Union[_backend_pb2.BackendConfig, _Mapping]] = ..., augmentors: _Optional[_Iterable[_Union[_augmentor_pb2.AugmentorConfig, _Mapping]]] = ..., train_scenes: _Optional[_Iterable[_Union[_scene_pb2.SceneConfig, _Mapping]]] = ..., val_scenes: _Optional[_Iterable[_Union[_scene_pb2.SceneConfig, _Mapping]]] = ...) -> None: ...
    class TrainConfig(_message.Message):
        __slots__ = ("task", "backend")
        TASK_FIELD_NUMBER: _ClassVar[int]
        BACKEND_FIELD_NUMBER: _ClassVar[int]
        task: _task_pb2.TaskConfig
        backend: _backend_pb2.BackendConfig
        def __init__(self, task: _Optional[_Union[_task_pb2.TaskConfig, _Mapping]] = ..., backend: _Optional[_Union[_backend_pb2.BackendConfig, _Mapping]] = ...) -> None: ...
    class PredictConfig(_message.Message):
        __slots__ = ("task", "backend", "scenes")
        TASK_FIELD_NUMBER: _ClassVar[int]
        BACKEND_FIELD_NUMBER: _ClassVar[int]
        SCENES_FIELD_NUMBER: _ClassVar[int]
        task: _task_pb2.TaskConfig
        backend: _backend_pb2.BackendConfig
        scenes: _containers.RepeatedCompositeFieldContainer[_scene_pb2.SceneConfig]
        def __init__(self, task: _Optional[_Union[_task_pb2.TaskConfig, _Mapping]] = ..., backend: _Optional[_Union[_backend_pb2.BackendConfig, _Mapping]] = ..., scenes: _Optional[_Iterable[_Union[_scene_pb2.SceneConfig, _Mapping]]] = ...) -> None: ...
    class EvalConfig(_message.Message):
        __slots__ = ("task", "backend", "scenes", "evaluators")
        TASK_FIELD_NUMBER: _ClassVar[int]
        BACKEND_FIELD_NUMBER: _ClassVar[int]
        SCENES_FIELD_NUMBER: _ClassVar[int]
        EVALUATORS_FIELD_NUMBER: _ClassVar[int]
        task: _task_pb2.TaskConfig
        backend: _backend_pb2.BackendConfig
        scenes: _containers.RepeatedCompositeFieldContainer[_scene_pb2.SceneConfig]
        evaluators: _containers.RepeatedCompositeFieldContainer[_evaluator_pb2.EvaluatorConfig]
        def __init__(self, task: _Optional[_Union[_task_pb2.TaskConfig, _Mapping]] = ..., backend: _Optional[_Union[_backend_pb2.BackendConfig, _Mapping]] = ..., scenes: _Optional[_Iterable[_Union[_scene_pb2.SceneConfig, _Mapping]]] = ..., evaluators: _Optional[_Iterable[_Union[_evaluator_pb2.EvaluatorConfig, _Mapping]]] = ...) -> None: ...
    class BundleConfig(_message.Message):
        __slots__ = ("analyzers", "task", "backend", "scene")
        ANALYZERS_FIELD_NUMBER: _ClassVar[int]
        TASK_FIELD_NUMBER: _ClassVar[int]
        BACKEND_FIELD_NUMBER: _ClassVar[int]
        SCENE_FIELD_NUMBER: _ClassVar[int]
        analyzers: _containers.RepeatedCompositeFieldContainer[_analyzer_pb2.AnalyzerConfig]
        task: _task_pb2.TaskConfig
        backend: _backend_pb2.BackendConfig
        scene: _scene_pb2.SceneConfig
        def __init__(self, analyzers: _Optional[_Iterable[_Union[_analyzer_pb2.AnalyzerConfig, _Mapping]]] = ..., task: _Optional[_Union[_task_pb2.TaskConfig, _Mapping]] = ..., backend: _Optional[_Union[_backend_pb2.BackendConfig, _Mapping]] = ..., scene: _Optional[_Union[_scene_pb2.SceneConfig, _Mapping]] = ...) -> None: ...
    class SettingsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    COMMAND_TYPE_FIELD_NUMBER: _ClassVar[int]
    ROOT_URI_FIELD_NUMBER: _ClassVar[int]
    ANALYZE_CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHIP_CONFIG_FIELD_NUMBER: _ClassVar[int]
    TRAIN_CONFIG_FIELD_NUMBER: _ClassVar[int]
    PREDICT_CONFIG_FIELD_NUMBER: _ClassVar[int]
    EVAL_CONFIG_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_CONFIG_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    PLUGINS_FIELD_NUMBER: _ClassVar[int]
    SPLIT_ID_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    command_type: str
    root_uri: str
    analyze_config: CommandConfig.AnalyzeConfig
    chip_config: CommandConfig.ChipConfig
    train_config: CommandConfig.TrainConfig
    predict_config: CommandConfig.PredictConfig
    eval_config: CommandConfig.EvalConfig
    bundle_config: CommandConfig.BundleConfig
    custom_config: _struct_pb2.Struct
    plugins: _plugin_pb2.PluginConfig
    split_id: int
    schema_version: int
    fingerprint: str
    settings: _containers.ScalarMap[str, str]
    def __init__(self, command_type: _Optional[str] = ..., root_uri: _Optional[str] = ..., analyze_config: _Optional[_Union[CommandConfig.AnalyzeConfig, _Mapping]] = ..., chip_config: _Optional[_Union[CommandConfig.ChipConfig, _Mapping]] = ..., train_config: _Optional[_Union[CommandConfig.TrainConfig, _Mapping]] = ..., predict_config: _Optional[_Union[CommandConfig.PredictConfig, _Mapping]] = ..., eval_config: _Optional[_Union[CommandConfig.EvalConfig, _Mapping]] = ..., bundle_config: _Optional[_Union[CommandConfig.BundleConfig, _Mapping]] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., plugins: _Optional[_Union[_plugin_pb2.PluginConfig, _Mapping]] = ..., split_id: _Optional[int] = ..., schema_version: _Optional[int] = ..., fingerprint: _Optional[str] = ..., settings: _Optional[_Mapping[str, str]] = ...) -> None: ...
