from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RasterTransformerConfig(_message.Message):
    __slots__ = ("transformer_type", "stats_uri", "custom_config", "per_scene", "channels")
    TRANSFORMER_TYPE_FIELD_NUMBER: _ClassVar[int]
    STATS_URI_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    PER_SCENE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    transformer_type: str
    stats_uri: str
    custom_config: _struct_pb2.Struct
    per_scene: bool
    channels: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, transformer_type: _Optional[str] = ..., stats_uri: _Optional[str] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., per_scene: bool = ..., channels: _Optional[_Iterable[int]] = ...) -> None: ...
