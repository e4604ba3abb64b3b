from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PluginPin(_message.Message):
    __slots__ = ("uri", "module", "sha256", "distribution", "version", "entry_point", "name", "shipped_uri")
    URI_FIELD_NUMBER: _ClassVar[int]
    MODULE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SHIPPED_URI_FIELD_NUMBER: _ClassVar[int]
    uri: str
    module: str
    sha256: str
    distribution: str
    version: str
    entry_point: str
    name: str
    shipped_uri: str
    def __init__(self, uri: _Optional[str] = ..., module: _Optional[str] = ..., sha256: _Optional[str] = ..., distribution: _Optional[str] = ..., version: _Optional[str] = ..., entry_point: _Optional[str] = ..., name: _Optional[str] = ..., shipped_uri: _Optional[str] = ...) -> None: ...

class PluginConfig(_message.Message):
    __slots__ = ("plugin_uris", "plugin_modules", "pins")
    PLUGIN_URIS_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_MODULES_FIELD_NUMBER: _ClassVar[int]
    PINS_FIELD_NUMBER: _ClassVar[int]
    plugin_uris: _containers.RepeatedScalarFieldContainer[str]
    plugin_modules: _containers.RepeatedScalarFieldContainer[str]
    pins: _containers.RepeatedCompositeFieldContainer[PluginPin]
    def __init__(self, plugin_uris: _Optional[_Iterable[str]] = ..., plugin_modules: _Optional[_Iterable[str]] = ..., pins: _Optional[_Iterable[_Union[PluginPin, _Mapping]]] = ...) -> None: ...
