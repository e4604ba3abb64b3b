"""The S3 client, made once for each process and environment."""

from __future__ import annotations

import os
import threading
from typing import Any

_lock = threading.Lock()
_made: dict[tuple[object, ...], tuple[Any, Any]] = {}
_CONNECTIONS = 32
ATTEMPTS = 5


def session() -> Any:
    """Return the boto3 session."""
    return _session_and_client()[0]


def client() -> Any:
    """Return the S3 client; threads may share it."""
    return _session_and_client()[1]


def _session_and_client() -> tuple[Any, Any]:
    # A client survives no fork, and holds what the environment said when it was made.
    environment = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    key = (os.getpid(), *environment)
    with _lock:
        if key not in _made:
            import boto3
            from botocore.config import Config

            made = boto3.Session()
            config = Config(
                retries={"mode": "standard", "max_attempts": ATTEMPTS},
                max_pool_connections=_CONNECTIONS,
                connect_timeout=20,
                read_timeout=60,
            )
            _made.clear()
            _made[key] = (made, made.client("s3", config=config))
        return _made[key]
