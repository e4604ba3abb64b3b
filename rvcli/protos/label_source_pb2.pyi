from google.protobuf import struct_pb2 as _struct_pb2
from rvcli.protos import class_item_pb2 as _class_item_pb2
from rvcli.protos import raster_source_pb2 as _raster_source_pb2
from rvcli.protos import vector_source_pb2 as _vector_source_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LabelSourceConfig(_message.Message):
    __slots__ = ("source_type", "object_detection_geojson_source", "chip_classification_geojson_source", "semantic_segmentation_raster_source", "custom_config", "object_detection_label_source", "chip_classification_label_source", "semantic_segmentation_label_source")
    class ObjectDetectionLabelSource(_message.Message):
        __slots__ = ("vector_source",)
        VECTOR_SOURCE_FIELD_NUMBER: _ClassVar[int]
        vector_source: _vector_source_pb2.VectorSourceConfig
        def __init__(self, vector_source: _Optional[_Union[_vector_source_pb2.VectorSourceConfig, _Mapping]] = ...) -> None: ...
    class ChipClassificationLabelSource(_message.Message):
        __slots__ = ("vector_source", "ioa_thresh", "use_intersection_over_cell", "pick_min_class_id", "background_class_id", "cell_size", "infer_cells")
        VECTOR_SOURCE_FIELD_NUMBER: _ClassVar[int]
        IOA_THRESH_FIELD_NUMBER: _ClassVar[int]
        USE_INTERSECTION_OVER_CELL_FIELD_NUMBER: _ClassVar[int]
        PICK_MIN_CLASS_ID_FIELD_NUMBER: _ClassVar[int]
        BACKGROUND_CLASS_ID_FIELD_NUMBER: _ClassVar[int]
        CELL_SIZE_FIELD_NUMBER: _ClassVar[int]
        INFER_CELLS_FIELD_NUMBER: _ClassVar[int]
        vector_source: _vector_source_pb2.VectorSourceConfig
        ioa_thresh: float
        use_intersection_over_cell: bool
        pick_min_class_id: bool
        background_class_id: int
        cell_size: int
        infer_cells: bool
        def __init__(self, vector_source: _Optional[_Union[_vector_source_pb2.VectorSourceConfig, _Mapping]] = ..., ioa_thresh: _Optional[float] = ..., use_intersection_over_cell: bool = ..., pick_min_class_id: bool = ..., background_class_id: _Optional[int] = ..., cell_size: _Optional[int] = ..., infer_cells: bool = ...) -> None: ...
    class SemanticSegmentationLabelSource(_message.Message):
        __slots__ = ("source", "rgb_class_items")
        SOURCE_FIELD_NUMBER: _ClassVar[int]
        RGB_CLASS_ITEMS_FIELD_NUMBER: _ClassVar[int]
        source: _raster_source_pb2.RasterSourceConfig
        rgb_class_items: _containers.RepeatedCompositeFieldContainer[_class_item_pb2.ClassItem]
        def __init__(self, source: _Optional[_Union[_raster_source_pb2.RasterSourceConfig, _Mapping]] = ..., rgb_class_items: _Optional[_Iterable[_Union[_class_item_pb2.ClassItem, _Mapping]]] = ...) -> None: ...
    class ObjectDetectionGeoJSONSource(_message.Message):
        __slots__ = ("uri",)
        URI_FIELD_NUMBER: _ClassVar[int]
        uri: str
        def __init__(self, uri: _Optional[str] = ...) -> None: ...
    class ChipClassificationGeoJSONSource(_message.Message):
        __slots__ = ("uri", "ioa_thresh", "use_intersection_over_cell", "pick_min_class_id", "background_class_id", "cell_size", "infer_cells")
        URI_FIELD_NUMBER: _ClassVar[int]
        IOA_THRESH_FIELD_NUMBER: _ClassVar[int]
        USE_INTERSECTION_OVER_CELL_FIELD_NUMBER: _ClassVar[int]
        PICK_MIN_CLASS_ID_FIELD_NUMBER: _ClassVar[int]
        BACKGROUND_CLASS_ID_FIELD_NUMBER: _ClassVar[int]
        CELL_SIZE_FIELD_NUMBER: _ClassVar[int]
        INFER_CELLS_FIELD_NUMBER: _ClassVar[int]
        uri: str
        ioa_thresh: float
        use_intersection_over_cell: bool
        pick_min_class_id: bool
        background_class_id: int
        cell_size: int
        infer_cells: bool
        def __init__(self, uri: _Optional[str] = ..., ioa_thresh: _Optional[float] = ..., use_intersection_over_cell: bool = ..., pick_min_class_id: bool = ..., background_class_id: _Optional[int] = ..., cell_size: _Optional[int] = ..., infer_cells: bool = ...) -> None: ...
    class SemanticSegmentationRasterSource(_message.Message):
        __slots__ = ("source", "rgb_class_items")
        SOURCE_FIELD_NUMBER: _ClassVar[int]
        RGB_CLASS_ITEMS_FIELD_NUMBER: _ClassVar[int]
        source: _raster_source_pb2.RasterSourceConfig
        rgb_class_items: _containers.RepeatedCompositeFieldContainer[_class_item_pb2.ClassItem]
        def __init__(self, source: _Optional[_Union[_raster_source_pb2.RasterSourceConfig, _Mapping]] = ..., rgb_class_items: _Optional[_Iterable[_Union[_class_item_pb2.ClassItem, _Mapping]]] = ...) -> None: ...
    SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_DETECTION_GEOJSON_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CHIP_CLASSIFICATION_GEOJSON_SOURCE_FIELD_NUMBER: _ClassVar[int]
    SEMANTIC_SEGMENTATION_RASTER_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    OBJECT_DETECTION_LABEL_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CHIP_CLASSIFICATION_LABEL_SOURCE_FIELD_NUMBER: _ClassVar[int]
    SEMANTIC_SEGMENTATION_LABEL_SOURCE_FIELD_NUMBER: _ClassVar[int]
    source_type: str
    object_detection_geojson_source: LabelSourceConfig.ObjectDetectionGeoJSONSource
    chip_classification_geojson_source: LabelSourceConfig.ChipClassificationGeoJSONSource
    semantic_segmentation_raster_source: LabelSourceConfig.SemanticSegmentationRasterSource
    custom_config: _struct_pb2.Struct
    object_detection_label_source: LabelSourceConfig.ObjectDetectionLabelSource
    chip_classification_label_source: LabelSourceConfig.ChipClassificationLabelSource
    semantic_segmentation_label_source: LabelSourceConfig.SemanticSegmentationLabelSource
    def __init__(self, source_type: _Optional[str] = ..., object_detection_geojson_source: _Optional[_Union[LabelSourceConfig.ObjectDetectionGeoJSONSource, _Mapping]] = ..., chip_classification_geojson_source: _Optional[_Union[LabelSourceConfig.ChipClassificationGeoJSONSource, _Mapping]] = ..., semantic_segmentation_raster_source: _Optional[_Union[LabelSourceConfig.SemanticSegmentationRasterSource, _Mapping]] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., object_detection_label_source: _Optional[_Union[LabelSourceConfig.ObjectDetectionLabelSource, _Mapping]] = ..., chip_classification_label_source: _Optional[_Union[LabelSourceConfig.ChipClassificationLabelSource, _Mapping]] = ..., semantic_segmentation_label_source: _Optional[_Union[LabelSourceConfig.SemanticSegmentationLabelSource, _Mapping]] = ...) -> None: ...
