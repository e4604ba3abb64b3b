from rvcli.protos import augmentor_pb2 as _augmentor_pb2
from rvcli.protos import scene_pb2 as _scene_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DatasetConfig(_message.Message):
    __slots__ = ("train_scenes", "validation_scenes", "test_scenes", "augmentors")
    TRAIN_SCENES_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_SCENES_FIELD_NUMBER: _ClassVar[int]
    TEST_SCENES_FIELD_NUMBER: _ClassVar[int]
    AUGMENTORS_FIELD_NUMBER: _ClassVar[int]
    train_scenes: _containers.RepeatedCompositeFieldContainer[_scene_pb2.SceneConfig]
    validation_scenes: _containers.RepeatedCompositeFieldContainer[_scene_pb2.SceneConfig]
    test_scenes: _containers.RepeatedCompositeFieldContainer[_scene_pb2.SceneConfig]
    augmentors: _containers.RepeatedCompositeFieldContainer[_augmentor_pb2.AugmentorConfig]
    def __init__(self, train_scenes: _Optional[_Iterable[_Union[_scene_pb2.SceneConfig, _Mapping]]] = ..., validation_scenes: _Optional[_Iterable[_Union[_scene_pb2.SceneConfig, _Mapping]]] = ..., test_scenes: _Optional[_Iterable[_Union[_scene_pb2.SceneConfig, _Mapping]]] = ..., augmentors: _Optional[_Iterable[_Union[_augmentor_pb2.AugmentorConfig, _Mapping]]] = ...) -> None: ...
