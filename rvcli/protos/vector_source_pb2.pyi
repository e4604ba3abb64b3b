from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VectorSourceConfig(_message.Message):
    __slots__ = ("mbtiles", "geojson", "custom_config", "source_type", "class_id_to_filter", "default_class_id", "line_bufs", "point_bufs", "class_property", "crs", "class_mapping", "buffer_unit")
    class VectorTile(_message.Message):
        __slots__ = ("uri", "zoom", "id_field")
        URI_FIELD_NUMBER: _ClassVar[int]
        ZOOM_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_FIELD_NUMBER: _ClassVar[int]
        uri: str
        zoom: int
        id_field: str
        def __init__(self, uri: _Optional[str] = ..., zoom: _Optional[int] = ..., id_field: _Optional[str] = ...) -> None: ...
    class GeoJSON(_message.Message):
        __slots__ = ("uri",)
        URI_FIELD_NUMBER: _ClassVar[int]
        uri: str
        def __init__(self, uri: _Optional[str] = ...) -> None: ...
    MBTILES_FIELD_NUMBER: _ClassVar[int]
    GEOJSON_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    CLASS_ID_TO_FILTER_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_CLASS_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_BUFS_FIELD_NUMBER: _ClassVar[int]
    POINT_BUFS_FIELD_NUMBER: _ClassVar[int]
    CLASS_PROPERTY_FIELD_NUMBER: _ClassVar[int]
    CRS_FIELD_NUMBER: _ClassVar[int]
    CLASS_MAPPING_FIELD_NUMBER: _ClassVar[int]
    BUFFER_UNIT_FIELD_NUMBER: _ClassVar[int]
    mbtiles: VectorSourceConfig.VectorTile
    geojson: VectorSourceConfig.GeoJSON
    custom_config: _struct_pb2.Struct
    source_type: str
    class_id_to_filter: _struct_pb2.Struct
    default_class_id: int
    line_bufs: _struct_pb2.Struct
    point_bufs: _struct_pb2.Struct
    class_property: str
    crs: str
    class_mapping: _struct_pb2.Struct
    buffer_unit: str
    def __init__(self, mbtiles: _Optional[_Union[VectorSourceConfig.VectorTile, _Mapping]] = ..., geojson: _Optional[_Union[VectorSourceConfig.GeoJSON, _Mapping]] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., source_type: _Optional[str] = ..., class_id_to_filter: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., default_class_id: _Optional[int] = ..., line_bufs: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., point_bufs: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., class_property: _Optional[str] = ..., crs: _Optional[str] = ..., class_mapping: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., buffer_unit: _Optional[str] = ...) -> None: ...
