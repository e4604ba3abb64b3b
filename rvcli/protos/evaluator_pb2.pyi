from google.protobuf import struct_pb2 as _struct_pb2
from rvcli.protos import class_item_pb2 as _class_item_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EvaluatorConfig(_message.Message):
    __slots__ = ("evaluator_type", "classification_config", "custom_config")
    class ClassificationEvaluatorConfig(_message.Message):
        __slots__ = ("output_uri", "vector_output_uri", "class_items", "warnings")
        OUTPUT_URI_FIELD_NUMBER: _ClassVar[int]
        VECTOR_OUTPUT_URI_FIELD_NUMBER: _ClassVar[int]
        CLASS_ITEMS_FIELD_NUMBER: _ClassVar[int]
        WARNINGS_FIELD_NUMBER: _ClassVar[int]
        output_uri: str
        vector_output_uri: str
        class_items: _containers.RepeatedCompositeFieldContainer[_class_item_pb2.ClassItem]
        warnings: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, output_uri: _Optional[str] = ..., vector_output_uri: _Optional[str] = ..., class_items: _Optional[_Iterable[_Union[_class_item_pb2.ClassItem, _Mapping]]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...
    EVALUATOR_TYPE_FIELD_NUMBER: _ClassVar[int]
    CLASSIFICATION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    evaluator_type: str
    classification_config: EvaluatorConfig.ClassificationEvaluatorConfig
    custom_config: _struct_pb2.Struct
    def __init__(self, evaluator_type: _Optional[str] = ..., classification_config: _Optional[_Union[EvaluatorConfig.ClassificationEvaluatorConfig, _Mapping]] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
