from rvcli.protos import label_source_pb2 as _label_source_pb2
from rvcli.protos import label_store_pb2 as _label_store_pb2
from rvcli.protos import raster_source_pb2 as _raster_source_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SceneConfig(_message.Message):
    __slots__ = ("id", "raster_source", "ground_truth_label_source", "prediction_label_store", "aoi_uri", "aoi_uris")
    ID_FIELD_NUMBER: _ClassVar[int]
    RASTER_SOURCE_FIELD_NUMBER: _ClassVar[int]
    GROUND_TRUTH_LABEL_SOURCE_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_LABEL_STORE_FIELD_NUMBER: _ClassVar[int]
    AOI_URI_FIELD_NUMBER: _ClassVar[int]
    AOI_URIS_FIELD_NUMBER: _ClassVar[int]
    id: str
    raster_source: _raster_source_pb2.RasterSourceConfig
    ground_truth_label_source: _label_source_pb2.LabelSourceConfig
    prediction_label_store: _label_store_pb2.LabelStoreConfig
    aoi_uri: str
    aoi_uris: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., raster_source: _Optional[_Union[_raster_source_pb2.RasterSourceConfig, _Mapping]] = ..., ground_truth_label_source: _Optional[_Union[_label_source_pb2.LabelSourceConfig, _Mapping]] = ..., prediction_label_store: _Optional[_Union[_label_store_pb2.LabelStoreConfig, _Mapping]] = ..., aoi_uri: _Optional[str] = ..., aoi_uris: _Optional[_Iterable[str]] = ...) -> None: ...
