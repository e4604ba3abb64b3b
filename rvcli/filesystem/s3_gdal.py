"""What GDAL has to be told to read from S3 as boto3 does.

GDAL's options: https://gdal.org/en/stable/user/virtual_file_systems.html#vsis3-aws-s3-files
"""

from __future__ import annotations

import os
import re
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from rvcli.filesystem import s3_client

# GDAL knows Amazon's own endpoints by the region.
_AMAZON = re.compile(r"s3([.-][a-z0-9-]+)?\.amazonaws\.com(\.cn)?")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
# For how long credentials that were looked for in vain are not looked for again: the
# metadata of an instance is waited for.
_NONE_FOR_S = 60.0

_lock = threading.Lock()
# Session that has none -> until when that is believed; at most one entry.
_none_until: dict[Any, float] = {}


def options() -> dict[str, str]:
    """Return endpoint, region and credentials as GDAL's options.

    What GDAL finds in the environment by itself is left out. Credentials that expire are
    fresh for some minutes: boto3 renews them when they are asked for here.
    """
    client = s3_client.client()
    found = _endpoint(client)
    region = client.meta.region_name
    if region not in (None, "aws-global", *map(os.environ.get, _REGIONS)):
        found["AWS_REGION"] = region
    if s3_client.is_unsigned():
        return found | {"AWS_NO_SIGN_REQUEST": "YES"}
    return found | _credentials()


def _endpoint(client: Any) -> dict[str, str]:
    parts = urlsplit(client.meta.endpoint_url)
    if _AMAZON.fullmatch(parts.netloc):
        return {}
    is_virtual = (client.meta.config.s3 or {}).get("addressing_style") == "virtual"
    return {
        "AWS_S3_ENDPOINT": parts.netloc + parts.path.rstrip("/"),
        "AWS_HTTPS": "YES" if parts.scheme == "https" else "NO",
        "AWS_VIRTUAL_HOSTING": "TRUE" if is_virtual else "FALSE",
    }


def _credentials() -> dict[str, str]:
    session = s3_client.session()
    with _lock:
        if _none_until.get(session, 0.0) > time.monotonic():
            return {}
        credentials = session.get_credentials()
        if credentials is None:
            _none_until.clear()
            _none_until[session] = time.monotonic() + _NONE_FOR_S
            return {}
    if credentials.method == "env":
        return {}
    frozen = credentials.get_frozen_credentials()
    return {
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        # Of the environment, it belongs to other keys.
        "AWS_SESSION_TOKEN": frozen.token or "",
    }
