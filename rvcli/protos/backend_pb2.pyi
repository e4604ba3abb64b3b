from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BackendConfig(_message.Message):
    __slots__ = ("backend_type", "pretrained_model_uri", "tf_object_detection_config", "keras_classification_config", "tf_deeplab_config", "custom_config")
    class TFObjectDetectionConfig(_message.Message):
        __slots__ = ("sync_interval", "do_monitoring", "replace_model", "model_main_py", "export_py", "training_data_uri", "training_output_uri", "model_uri", "fine_tune_checkpoint_name", "debug", "tfod_config", "train_chip_uris", "validation_chip_uris", "seed")
        SYNC_INTERVAL_FIELD_NUMBER: _ClassVar[int]
        DO_MONITORING_FIELD_NUMBER: _ClassVar[int]
        REPLACE_MODEL_FIELD_NUMBER: _ClassVar[int]
        MODEL_MAIN_PY_FIELD_NUMBER: _ClassVar[int]
        EXPORT_PY_FIELD_NUMBER: _ClassVar[int]
        TRAINING_DATA_URI_FIELD_NUMBER: _ClassVar[int]
        TRAINING_OUTPUT_URI_FIELD_NUMBER: _ClassVar[int]
        MODEL_URI_FIELD_NUMBER: _ClassVar[int]
        FINE_TUNE_CHECKPOINT_NAME_FIELD_NUMBER: _ClassVar[int]
        DEBUG_FIELD_NUMBER: _ClassVar[int]
        TFOD_CONFIG_FIELD_NUMBER: _ClassVar[int]
        TRAIN_CHIP_URIS_FIELD_NUMBER: _ClassVar[int]
        VALIDATION_CHIP_URIS_FIELD_NUMBER: _ClassVar[int]
        SEED_FIELD_NUMBER: _ClassVar[int]
        sync_interval: int
        do_monitoring: bool
        replace_model: bool
        model_main_py: str
        export_py: str
        training_data_uri: str
        training_output_uri: str
        model_uri: str
        fine_tune_checkpoint_name: str
        debug: bool
        tfod_config: _struct_pb2.Struct
        train_chip_uris: _containers.RepeatedScalarFieldContainer[str]
        validation_chip_uris: _containers.RepeatedScalarFieldContainer[str]
        seed: int
        def __init__(self, sync_interval: _Optional[int] = ..., do_monitoring: bool = ..., replace_model: bool = ..., model_main_py: _Optional[str] = ..., export_py: _Optional[str] = ..., training_data_uri: _Optional[str] = ..., training_output_uri: _Optional[str] = ..., model_uri: _Optional[str] = ..., fine_tune_checkpoint_name: _Optional[str] = ..., debug: bool = ..., tfod_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., train_chip_uris: _Optional[_Iterable[str]] = ..., validation_chip_uris: _Optional[_Iterable[str]] = ..., seed: _Optional[int] = ...) -> None: ...
    class KerasClassificationConfig(_message.Message):
        __slots__ = ("sync_interval", "do_monitoring", "replace_model", "training_data_uri", "training_output_uri", "model_uri", "debug", "kc_config", "train_chip_uris", "validation_chip_uris", "seed")
        SYNC_INTERVAL_FIELD_NUMBER: _ClassVar[int]
        DO_MONITORING_FIELD_NUMBER: _ClassVar[int]
        REPLACE_MODEL_FIELD_NUMBER: _ClassVar[int]
        TRAINING_DATA_URI_FIELD_NUMBER: _ClassVar[int]
        TRAINING_OUTPUT_URI_FIELD_NUMBER: _ClassVar[int]
        MODEL_URI_FIELD_NUMBER: _ClassVar[int]
        DEBUG_FIELD_NUMBER: _ClassVar[int]
        KC_CONFIG_FIELD_NUMBER: _ClassVar[int]
        TRAIN_CHIP_URIS_FIELD_NUMBER: _ClassVar[int]
        VALIDATION_CHIP_URIS_FIELD_NUMBER: _ClassVar[int]
        SEED_FIELD_NUMBER: _ClassVar[int]
        sync_interval: int
        do_monitoring: bool
        replace_model: bool
        training_data_uri: str
        training_output_uri: str
        model_uri: str
        debug: bool
        kc_config: _struct_pb2.Struct
        train_chip_uris: _containers.RepeatedScalarFieldContainer[str]
        validation_chip_uris: _containers.RepeatedScalarFieldContainer[str]
        seed: int
        def __init__(self, sync_interval: _Optional[int] = ..., do_monitoring: bool = ..., replace_model: bool = ..., training_data_uri: _Optional[str] = ..., training_output_uri: _Optional[str] = ..., model_uri: _Optional[str] = ..., debug: bool = ..., kc_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., train_chip_uris: _Optional[_Iterable[str]] = ..., validation_chip_uris: _Optional[_Iterable[str]] = ..., seed: _Optional[int] = ...) -> None: ...
    class TFDeeplabConfig(_message.Message):
        __slots__ = ("train_py", "eval_py", "export_py", "train_restart_dir", "sync_interval", "do_monitoring", "do_eval", "replace_model", "training_data_uri", "training_output_uri", "model_uri", "fine_tune_checkpoint_name", "tfdl_config", "debug", "train_chip_uris", "validation_chip_uris", "seed")
        TRAIN_PY_FIELD_NUMBER: _ClassVar[int]
        EVAL_PY_FIELD_NUMBER: _ClassVar[int]
        EXPORT_PY_FIELD_NUMBER: _ClassVar[int]
        TRAIN_RESTART_DIR_FIELD_NUMBER: _ClassVar[int]
        SYNC_INTERVAL_FIELD_NUMBER: _ClassVar[int]
        DO_MONITORING_FIELD_NUMBER: _ClassVar[int]
        DO_EVAL_FIELD_NUMBER: _ClassVar[int]
        REPLACE_MODEL_FIELD_NUMBER: _ClassVar[int]
        TRAINING_DATA_URI_FIELD_NUMBER: _ClassVar[int]
        TRAINING_OUTPUT_URI_FIELD_NUMBER: _ClassVar[int]
        MODEL_URI_FIELD_NUMBER: _ClassVar[int]
        FINE_TUNE_CHECKPOINT_NAME_FIELD_NUMBER: _ClassVar[int]
        TFDL_CONFIG_FIELD_NUMBER: _ClassVar[int]
        DEBUG_FIELD_NUMBER: _ClassVar[int]
        TRAIN_CHIP_URIS_FIELD_NUMBER: _ClassVar[int]
        VALIDATION_CHIP_URIS_FIELD_NUMBER: _ClassVar[int]
        SEED_FIELD_NUMBER: _ClassVar[int]
        train_py: str
        eval_py: str
        export_py: str
        train_restart_dir: str
        sync_interval: int
        do_monitoring: bool
        do_eval: bool
        replace_model: bool
        training_data_uri: str
        training_output_uri: str
        model_uri: str
        fine_tune_checkpoint_name: str
        tfdl_config: _struct_pb2.Struct
        debug: bool
        train_chip_uris: _containers.RepeatedScalarFieldContainer[str]
        validation_chip_uris: _containers.RepeatedScalarFieldContainer[str]
        seed: int
        def __init__(self, train_py: _Optional[str] = ..., eval_py: _Optional[str] = ..., export_py: _Optional[str] = ..., train_restart_dir: _Optional[str] = ..., sync_interval: _Optional[int] = ..., do_monitoring: bool = ..., do_eval: bool = ..., replace_model: bool = ..., training_data_uri: _Optional[str] = ..., training_output_uri: _Optional[str] = ..., model_uri: _Optional[str] = ..., fine_tune_checkpoint_name: _Optional[str] = ..., tfdl_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., debug: bool = ..., train_chip_uris: _Optional[_Iterable[str]] = ..., validation_chip_uris: _Optional[_Iterable[str]] = ..., seed: _Optional[int] = ...) -> None: ...
    BACKEND_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRETRAINED_MODEL_URI_FIELD_NUMBER: _ClassVar[int]
    TF_OBJECT_DETECTION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    KERAS_CLASSIFICATION_CONFIG_FIELD_NUMBER: _ClassVar[int]
    TF_DEEPLAB_CONFIG_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_CONFIG_FIELD_NUMBER: _ClassVar[int]
    backend_type: str
    pretrained_model_uri: str
    tf_object_detection_config: BackendConfig.TFObjectDetectionConfig
    keras_classification_config: BackendConfig.KerasClassificationConfig
    tf_deeplab_config: BackendConfig.TFDeeplabConfig
    custom_config: _struct_pb2.Struct
    def __init__(self, backend_type: _Optional[str] = ..., pretrained_model_uri: _Optional[str] = ..., tf_object_detection_config: _Optional[_Union[BackendConfig.TFObjectDetectionConfig, _Mapping]] = ..., keras_classification_config: _Optional[_Union[BackendConfig.KerasClassificationConfig, _Mapping]] = ..., tf_deeplab_config: _Optional[_Union[BackendConfig.TFDeeplabConfig, _Mapping]] = ..., custom_config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
