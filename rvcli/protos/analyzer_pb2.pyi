from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AnalyzerConfig(_message.Message):
    __slots__ = ("analyzer_type", "stats_analyzer_config", "stats_uri", "custom_config")
    class StatsAnalyzerConfig(_message.Message):
        __slots__ = ("stats_uri", "sample_prob", "per_scene", "scene_stats_uris")
        STATS_URI_FIELD_NUMBER: _ClassVar[int]
        SAMPLE_PROB_FIELD_NUMBER: _ClassVar[int]
        PER_SCENE_FIELD_NUMBER: _ClassVar[int]
        SCENE_STATS_URIS_FIELD_NUMBER: _ClassVar[int]
        stats_uri: str
        sample_prob: float
        per_scene: bool
        scene_stats_uris: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, stats_uri: _Optional[str] = ..., sample_prob: _Optional[float] = ..., per_scene: bool = ..., scene_stats_uris: _Optional[_Iterable[str]] = ...) -> None: ...
    ANALYZER_TYPE_FIELD_NUMBER: _ClassVar[int]
    STATS_ANALYZER_CONFIG_FIELD_NUMBER: _ClassVar[int]
    STATS_URI_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    analyzer_type: str
    stats_analyzer_config: AnalyzerConfig.StatsAnalyzerConfig
    stats_uri: str
    custom_config: _struct_pb2.Struct
    def __init__(self, analyzer_type: _Optional[str] = ..., stats_analyzer_config: _Optional[_Union[AnalyzerConfig.StatsAnalyzerConfig, _Mapping]] = ..., stats_uri: _Optional[str] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
