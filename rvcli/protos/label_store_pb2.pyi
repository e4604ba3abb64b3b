from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LabelStoreConfig(_message.Message):
    __slots__ = ("store_type", "uri", "semantic_segmentation_raster_store", "custom_config")
    class SemanticSegmentationRasterStore(_message.Message):
        __slots__ = ("uri", "rgb", "vector_output", "probabilities", "probabilities_dtype")
        class BuildingOptions(_message.Message):
            __slots__ = ("min_aspect_ratio", "min_area", "element_width_factor", "element_thickness")
            MIN_ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
            MIN_AREA_FIELD_NUMBER: _ClassVar[int]
            ELEMENT_WIDTH_FACTOR_FIELD_NUMBER: _ClassVar[int]
            ELEMENT_THICKNESS_FIELD_NUMBER: _ClassVar[int]
            min_aspect_ratio: float
            min_area: float
            element_width_factor: float
            element_thickness: float
            def __init__(self, min_aspect_ratio: _Optional[float] = ..., min_area: _Optional[float] = ..., element_width_factor: _Optional[float] = ..., element_thickness: _Optional[float] = ...) -> None: ...
        class VectorOutput(_message.Message):
            __slots__ = ("denoise", "uri", "mode", "class_id", "building_options", "simplify", "min_area")
            DENOISE_FIELD_NUMBER: _ClassVar[int]
            URI_FIELD_NUMBER: _ClassVar[int]
            MODE_FIELD_NUMBER: _ClassVar[int]
            CLASS_ID_FIELD_NUMBER: _ClassVar[int]
            BUILDING_OPTIONS_FIELD_NUMBER: _ClassVar[int]
            SIMPLIFY_FIELD_NUMBER: _ClassVar[int]
            MIN_AREA_FIELD_NUMBER: _ClassVar[int]
            denoise: int
            uri: str
            mode: str
            class_id: int
            building_options: LabelStoreConfig.SemanticSegmentationRasterStore.BuildingOptions
            simplify: float
            min_area: float
            def __init__(self, denoise: _Optional[int] = ..., uri: _Optional[str] = ..., mode: _Optional[str] = ..., class_id: _Optional[int] = ..., building_options: _Optional[_Union[LabelStoreConfig.SemanticSegmentationRasterStore.BuildingOptions, _Mapping]] = ..., simplify: _Optional[float] = ..., min_area: _Optional[float] = ...) -> None: ...
        URI_FIELD_NUMBER: _ClassVar[int]
        RGB_FIELD_NUMBER: _ClassVar[int]
        VECTOR_OUTPUT_FIELD_NUMBER: _ClassVar[int]
        PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
        PROBABILITIES_DTYPE_FIELD_NUMBER: _ClassVar[int]
        uri: str
        rgb: bool
        vector_output: _containers.RepeatedCompositeFieldContainer[LabelStoreConfig.SemanticSegmentationRasterStore.VectorOutput]
        probabilities: bool
        probabilities_dtype: str
        def __init__(self, uri: _Optional[str] = ..., rgb: bool = ..., vector_output: _Optional[_Iterable[_Union[LabelStoreConfig.SemanticSegmentationRasterStore.VectorOutput, _Mapping]]] = ..., probabilities: bool = ..., probabilities_dtype: _Optional[str] = ...) -> None: ...
    STORE_TYPE_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    SEMANTIC_SEGMENTATION_RASTER_STORE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    store_type: str
    uri: str
    semantic_segmentation_raster_store: LabelStoreConfig.SemanticSegmentationRasterStore
    custom_config: _struct_pb2.Struct
    def __init__(self, store_type: _Optional[str] = ..., uri: _Optional[str] = ..., semantic_segmentation_raster_store: _Optional[_Union[LabelStoreConfig.SemanticSegmentationRasterStore, _Mapping]] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
