from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AugmentorConfig(_message.Message):
    __slots__ = ("augmentor_type", "aug_prob", "custom_config")
    AUGMENTOR_TYPE_FIELD_NUMBER: _ClassVar[int]
    AUG_PROB_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    augmentor_type: str
    aug_prob: float
    custom_config: _struct_pb2.Struct
    def __init__(self, augmentor_type: _Optional[str] = ..., aug_prob: _Optional[float] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
