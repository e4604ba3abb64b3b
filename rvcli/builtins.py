"""All that ships with `rv`, registered the way a plugin registers what it brings."""

from __future__ import annotations

from typing import Any


def register_plugin(plugin_registry: Any) -> None:
    """Register the built-ins; each is imported on first use."""
    r = plugin_registry

    # File systems; the last is asked first.
    r.register_filesystem("rvcli.filesystem.http_filesystem:HttpFileSystem")
    r.register_filesystem("rvcli.filesystem.s3_filesystem:S3FileSystem")
    r.register_filesystem("rvcli.filesystem.local_filesystem:LocalFileSystem")
