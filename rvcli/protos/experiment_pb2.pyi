from google.protobuf import struct_pb2 as _struct_pb2
from rvcli.protos import analyzer_pb2 as _analyzer_pb2
from rvcli.protos import backend_pb2 as _backend_pb2
from rvcli.protos import dataset_pb2 as _dataset_pb2
from rvcli.protos import evaluator_pb2 as _evaluator_pb2
from rvcli.protos import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExperimentConfig(_message.Message):
    __slots__ = ("id", "dataset", "task", "backend", "analyzers", "evaluators", "root_uri", "analyze_uri", "chip_uri", "train_uri", "predict_uri", "eval_uri", "bundle_uri", "custom_config")
    ID_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    ANALYZERS_FIELD_NUMBER: _ClassVar[int]
    EVALUATORS_FIELD_NUMBER: _ClassVar[int]
    ROOT_URI_FIELD_NUMBER: _ClassVar[int]
    ANALYZE_URI_FIELD_NUMBER: _ClassVar[int]
    CHIP_URI_FIELD_NUMBER: _ClassVar[int]
    TRAIN_URI_FIELD_NUMBER: _ClassVar[int]
    PREDICT_URI_FIELD_NUMBER: _ClassVar[int]
    EVAL_URI_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_URI_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    id: str
    dataset: _dataset_pb2.DatasetConfig
    task: _task_pb2.TaskConfig
    backend: _backend_pb2.BackendConfig
    analyzers: _containers.RepeatedCompositeFieldContainer[_analyzer_pb2.AnalyzerConfig]
    evaluators: _containers.RepeatedCompositeFieldContainer[_evaluator_pb2.EvaluatorConfig]
    root_uri: str
    analyze_uri: str
    chip_uri: str
    train_uri: str
    predict_uri: str
    eval_uri: str
    bundle_uri: str
    custom_config: _struct_pb2.Struct
    def __init__(self, id: _Optional[str] = ..., dataset: _Optional[_Union[_dataset_pb2.DatasetConfig, _Mapping]] = ..., task: _Optional[_Union[_task_pb2.TaskConfig, _Mapping]] = ..., backend: _Optional[_Union[_backend_pb2.BackendConfig, _Mapping]] = ..., analyzers: _Optional[_Iterable[_Union[_analyzer_pb2.AnalyzerConfig, _Mapping]]] = ..., evaluators: _Optional[_Iterable[_Union[_evaluator_pb2.EvaluatorConfig, _Mapping]]] = ..., root_uri: _Optional[str] = ..., analyze_uri: _Optional[str] = ..., chip_uri: _Optional[str] = ..., train_uri: _Optional[str] = ..., predict_uri: _Optional[str] = ..., eval_uri: _Optional[str] = ..., bundle_uri: _Optional[str] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
