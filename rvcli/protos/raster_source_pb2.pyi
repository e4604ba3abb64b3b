from google.protobuf import struct_pb2 as _struct_pb2
from rvcli.protos import raster_transformer_pb2 as _raster_transformer_pb2
from rvcli.protos import vector_source_pb2 as _vector_source_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RasterSourceConfig(_message.Message):
    __slots__ = ("source_type", "transformers", "channel_order", "geotiff_files", "image_file", "geojson_file", "custom_config", "rasterized_source", "rasterio_source", "nodata")
    class GeoTiffFiles(_message.Message):
        __slots__ = ("uris", "x_shift_meters", "y_shift_meters")
        URIS_FIELD_NUMBER: _ClassVar[int]
        X_SHIFT_METERS_FIELD_NUMBER: _ClassVar[int]
        Y_SHIFT_METERS_FIELD_NUMBER: _ClassVar[int]
        uris: _containers.RepeatedScalarFieldContainer[str]
        x_shift_meters: float
        y_shift_meters: float
        def __init__(self, uris: _Optional[_Iterable[str]] = ..., x_shift_meters: _Optional[float] = ..., y_shift_meters: _Optional[float] = ...) -> None: ...
    class ImageFile(_message.Message):
        __slots__ = ("uri",)
        URI_FIELD_NUMBER: _ClassVar[int]
        uri: str
        def __init__(self, uri: _Optional[str] = ...) -> None: ...
    class RasterioSource(_message.Message):
        __slots__ = ("uris", "x_shift_meters", "y_shift_meters", "nodata", "subdataset", "crs", "resampling")
        URIS_FIELD_NUMBER: _ClassVar[int]
        X_SHIFT_METERS_FIELD_NUMBER: _ClassVar[int]
        Y_SHIFT_METERS_FIELD_NUMBER: _ClassVar[int]
        NODATA_FIELD_NUMBER: _ClassVar[int]
        SUBDATASET_FIELD_NUMBER: _ClassVar[int]
        CRS_FIELD_NUMBER: _ClassVar[int]
        RESAMPLING_FIELD_NUMBER: _ClassVar[int]
        uris: _containers.RepeatedScalarFieldContainer[str]
        x_shift_meters: float
        y_shift_meters: float
        nodata: float
        subdataset: str
        crs: str
        resampling: str
        def __init__(self, uris: _Optional[_Iterable[str]] = ..., x_shift_meters: _Optional[float] = ..., y_shift_meters: _Optional[float] = ..., nodata: _Optional[float] = ..., subdataset: _Optional[str] = ..., crs: _Optional[str] = ..., resampling: _Optional[str] = ...) -> None: ...
    class RasterizedSource(_message.Message):
        __slots__ = ("vector_source", "rasterizer_options")
        class RasterizerOptions(_message.Message):
            __slots__ = ("background_class_id", "line_buffer", "all_touched")
            BACKGROUND_CLASS_ID_FIELD_NUMBER: _ClassVar[int]
            LINE_BUFFER_FIELD_NUMBER: _ClassVar[int]
            ALL_TOUCHED_FIELD_NUMBER: _ClassVar[int]
            background_class_id: int
            line_buffer: int
            all_touched: bool
            def __init__(self, background_class_id: _Optional[int] = ..., line_buffer: _Optional[int] = ..., all_touched: bool = ...) -> None: ...
        VECTOR_SOURCE_FIELD_NUMBER: _ClassVar[int]
        RASTERIZER_OPTIONS_FIELD_NUMBER: _ClassVar[int]
        vector_source: _vector_source_pb2.VectorSourceConfig
        rasterizer_options: RasterSourceConfig.RasterizedSource.RasterizerOptions
        def __init__(self, vector_source: _Optional[_Union[_vector_source_pb2.VectorSourceConfig, _Mapping]] = ..., rasterizer_options: _Optional[_Union[RasterSourceConfig.RasterizedSource.RasterizerOptions, _Mapping]] = ...) -> None: ...
    class GeoJSONFile(_message.Message):
        __slots__ = ("uri", "rasterizer_options")
        class RasterizerOptions(_message.Message):
            __slots__ = ("background_class_id", "line_buffer")
            BACKGROUND_CLASS_ID_FIELD_NUMBER: _ClassVar[int]
            LINE_BUFFER_FIELD_NUMBER: _ClassVar[int]
            background_class_id: int
            line_buffer: int
            def __init__(self, background_class_id: _Optional[int] = ..., line_buffer: _Optional[int] = ...) -> None: ...
        URI_FIELD_NUMBER: _ClassVar[int]
        RASTERIZER_OPTIONS_FIELD_NUMBER: _ClassVar[int]
        uri: str
        rasterizer_options: RasterSourceConfig.GeoJSONFile.RasterizerOptions
        def __init__(self, uri: _Optional[str] = ..., rasterizer_options: _Optional[_Union[RasterSourceConfig.GeoJSONFile.RasterizerOptions, _Mapping]] = ...) -> None: ...
    SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMERS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ORDER_FIELD_NUMBER: _ClassVar[int]
    GEOTIFF_FILES_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FILE_FIELD_NUMBER: _ClassVar[int]
    GEOJSON_FILE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    RASTERIZED_SOURCE_FIELD_NUMBER: _ClassVar[int]
    RASTERIO_SOURCE_FIELD_NUMBER: _ClassVar[int]
    NODATA_FIELD_NUMBER: _ClassVar[int]
    source_type: str
    transformers: _containers.RepeatedCompositeFieldContainer[_raster_transformer_pb2.RasterTransformerConfig]
    channel_order: _containers.RepeatedScalarFieldContainer[int]
    geotiff_files: RasterSourceConfig.GeoTiffFiles
    image_file: RasterSourceConfig.ImageFile
    geojson_file: RasterSourceConfig.GeoJSONFile
    custom_config: _struct_pb2.Struct
    rasterized_source: RasterSourceConfig.RasterizedSource
    rasterio_source: RasterSourceConfig.RasterioSource
    nodata: float
    def __init__(self, source_type: _Optional[str] = ..., transformers: _Optional[_Iterable[_Union[_raster_transformer_pb2.RasterTransformerConfig, _Mapping]]] = ..., channel_order: _Optional[_Iterable[int]] = ..., geotiff_files: _Optional[_Union[RasterSourceConfig.GeoTiffFiles, _Mapping]] = ..., image_file: _Optional[_Union[RasterSourceConfig.ImageFile, _Mapping]] = ..., geojson_file: _Optional[_Union[RasterSourceConfig.GeoJSONFile, _Mapping]] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., rasterized_source: _Optional[_Union[RasterSourceConfig.RasterizedSource, _Mapping]] = ..., rasterio_source: _Optional[_Union[RasterSourceConfig.RasterioSource, _Mapping]] = ..., nodata: _Optional[float] = ...) -> None: ...
