from google.protobuf import struct_pb2 as _struct_pb2
from rvcli.protos import class_item_pb2 as _class_item_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskConfig(_message.Message):
    __slots__ = ("task_type", "predict_batch_size", "predict_package_uri", "debug", "predict_debug_uri", "object_detection_config", "chip_classification_config", "semantic_segmentation_config", "custom_config")
    class ObjectDetectionConfig(_message.Message):
        __slots__ = ("class_items", "chip_size", "chip_options", "predict_options", "seed")
        class ChipOptions(_message.Message):
            __slots__ = ("neg_ratio", "ioa_thresh", "window_method", "label_buffer")
            NEG_RATIO_FIELD_NUMBER: _ClassVar[int]
            IOA_THRESH_FIELD_NUMBER: _ClassVar[int]
            WINDOW_METHOD_FIELD_NUMBER: _ClassVar[int]
            LABEL_BUFFER_FIELD_NUMBER: _ClassVar[int]
            neg_ratio: float
            ioa_thresh: float
            window_method: str
            label_buffer: float
            def __init__(self, neg_ratio: _Optional[float] = ..., ioa_thresh: _Optional[float] = ..., window_method: _Optional[str] = ..., label_buffer: _Optional[float] = ...) -> None: ...
        class PredictOptions(_message.Message):
            __slots__ = ("merge_thresh", "score_thresh", "stride")
            MERGE_THRESH_FIELD_NUMBER: _ClassVar[int]
            SCORE_THRESH_FIELD_NUMBER: _ClassVar[int]
            STRIDE_FIELD_NUMBER: _ClassVar[int]
            merge_thresh: float
            score_thresh: float
            stride: int
            def __init__(self, merge_thresh: _Optional[float] = ..., score_thresh: _Optional[float] = ..., stride: _Optional[int] = ...) -> None: ...
        CLASS_ITEMS_FIELD_NUMBER: _ClassVar[int]
        CHIP_SIZE_FIELD_NUMBER: _ClassVar[int]
        CHIP_OPTIONS_FIELD_NUMBER: _ClassVar[int]
        PREDICT_OPTIONS_FIELD_NUMBER: _ClassVar[int]
        SEED_FIELD_NUMBER: _ClassVar[int]
        class_items: _containers.RepeatedCompositeFieldContainer[_class_item_pb2.ClassItem]
        chip_size: int
        chip_options: TaskConfig.ObjectDetectionConfig.ChipOptions
        predict_options: TaskConfig.ObjectDetectionConfig.PredictOptions
        seed: int
        def __init__(self, class_items: _Optional[_Iterable[_Union[_class_item_pb2.ClassItem, _Mapping]]] = ..., chip_size: _Optional[int] = ..., chip_options: _Optional[_Union[TaskConfig.ObjectDetectionConfig.ChipOptions, _Mapping]] = ..., predict_options: _Optional[_Union[TaskConfig.ObjectDetectionConfig.PredictOptions, _Mapping]] = ..., seed: _Optional[int] = ...) -> None: ...
    class ChipClassificationConfig(_message.Message):
        __slots__ = ("class_items", "chip_size")
        CLASS_ITEMS_FIELD_NUMBER: _ClassVar[int]
        CHIP_SIZE_FIELD_NUMBER: _ClassVar[int]
        class_items: _containers.RepeatedCompositeFieldContainer[_class_item_pb2.ClassItem]
        chip_size: int
        def __init__(self, class_items: _Optional[_Iterable[_Union[_class_item_pb2.ClassItem, _Mapping]]] = ..., chip_size: _Optional[int] = ...) -> None: ...
    class SemanticSegmentationConfig(_message.Message):
        __slots__ = ("class_items", "chip_size", "chip_options", "predict_chip_size", "seed", "predict_stride")
        class ChipOptions(_message.Message):
            __slots__ = ("window_method", "target_classes", "debug_chip_probability", "negative_survival_probability", "chips_per_scene", "target_count_threshold", "stride")
            WINDOW_METHOD_FIELD_NUMBER: _ClassVar[int]
            TARGET_CLASSES_FIELD_NUMBER: _ClassVar[int]
            DEBUG_CHIP_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
            NEGATIVE_SURVIVAL_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
            CHIPS_PER_SCENE_FIELD_NUMBER: _ClassVar[int]
            TARGET_COUNT_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
            STRIDE_FIELD_NUMBER: _ClassVar[int]
            window_method: str
            target_classes: _containers.RepeatedScalarFieldContainer[int]
            debug_chip_probability: float
            negative_survival_probability: float
            chips_per_scene: int
            target_count_threshold: int
            stride: int
            def __init__(self, window_method: _Optional[str] = ..., target_classes: _Optional[_Iterable[int]] = ..., debug_chip_probability: _Optional[float] = ..., negative_survival_probability: _Optional[float] = ..., chips_per_scene: _Optional[int] = ..., target_count_threshold: _Optional[int] = ..., stride: _Optional[int] = ...) -> None: ...
        CLASS_ITEMS_FIELD_NUMBER: _ClassVar[int]
        CHIP_SIZE_FIELD_NUMBER: _ClassVar[int]
        CHIP_OPTIONS_FIELD_NUMBER: _ClassVar[int]
        PREDICT_CHIP_SIZE_FIELD_NUMBER: _ClassVar[int]
        SEED_FIELD_NUMBER: _ClassVar[int]
        PREDICT_STRIDE_FIELD_NUMBER: _ClassVar[int]
        class_items: _containers.RepeatedCompositeFieldContainer[_class_item_pb2.ClassItem]
        chip_size: int
        chip_options: TaskConfig.SemanticSegmentationConfig.ChipOptions
        predict_chip_size: int
        seed: int
        predict_stride: int
        def __init__(self, class_items: _Optional[_Iterable[_Union[_class_item_pb2.ClassItem, _Mapping]]] = ..., chip_size: _Optional[int] = ..., chip_options: _Optional[_Union[TaskConfig.SemanticSegmentationConfig.ChipOptions, _Mapping]] = ..., predict_chip_size: _Optional[int] = ..., seed: _Optional[int] = ..., predict_stride: _Optional[int] = ...) -> None: ...
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    PREDICT_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    PREDICT_PACKAGE_URI_FIELD_NUMBER: _ClassVar[int]
    DEBUG_FIELD_NUMBER: _ClassVar[int]
    PREDICT_DEBUG_URI_FIELD_NUMBER: _ClassVar[int]
    OBJECT_DETECTION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHIP_CLASSIFICATION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    SEMANTIC_SEGMENTATION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    task_type: str
    predict_batch_size: int
    predict_package_uri: str
    debug: bool
    predict_debug_uri: str
    object_detection_config: TaskConfig.ObjectDetectionConfig
    chip_classification_config: TaskConfig.ChipClassificationConfig
    semantic_segmentation_config: TaskConfig.SemanticSegmentationConfig
    custom_config: _struct_pb2.Struct
    def __init__(self, task_type: _Optional[str] = ..., predict_batch_size: _Optional[int] = ..., predict_package_uri: _Optional[str] = ..., debug: bool = ..., predict_debug_uri: _Optional[str] = ..., object_detection_config: _Optional[_Union[TaskConfig.ObjectDetectionConfig, _Mapping]] = ..., chip_classification_config: _Optional[_Union[TaskConfig.ChipClassificationConfig, _Mapping]] = ..., semantic_segmentation_config: _Optional[_Union[TaskConfig.SemanticSegmentationConfig, _Mapping]] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
