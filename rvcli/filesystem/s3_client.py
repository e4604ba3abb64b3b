"""The S3 client, made once for each process and environment."""

from __future__ import annotations

import os
import threading
from typing import Any

_lock = threading.Lock()
_made: dict[tuple[object, ...], tuple[Any, Any]] = {}
_CONNECTIONS = 32
ATTEMPTS = 5
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0


def session() -> Any:
    """Return the boto3 session."""
    return _session_and_client()[0]


def client() -> Any:
    """Return the S3 client; threads may share it.

    Credentials, region and endpoint are those of the standard AWS configuration; with
    AWS_NO_SIGN_REQUEST requests are not signed, for public buckets.
    """
    return _session_and_client()[1]


def is_unsigned() -> bool:
    """Tell whether AWS_NO_SIGN_REQUEST is set, as GDAL reads it."""
    value = os.environ.get("AWS_NO_SIGN_REQUEST", "").strip().upper()
    return value not in ("", "NO", "FALSE", "OFF", "0")


def _session_and_client() -> tuple[Any, Any]:
    # A client survives no fork, and holds what the environment said when it was made.
    environment = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    limits = (ATTEMPTS, CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
    key = (os.getpid(), limits, *environment)
    with _lock:
        if key not in _made:
            import boto3

            made = boto3.Session()
            _made.clear()
            _made[key] = (made, made.client("s3", config=_config()))
        return _made[key]


def _config() -> Any:
    from botocore import UNSIGNED
    from botocore.config import Config

    signing = {"signature_version": UNSIGNED} if is_unsigned() else {}
    return Config(
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        **signing,
    )
