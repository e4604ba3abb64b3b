"""Clients of AWS Batch and CloudWatch Logs, and their errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rvcli.errors import RvError
from rvcli.filesystem.s3_errors import error_code, explain

ATTEMPTS = 6
MISSING = frozenset({"ResourceNotFoundException"})

_LOG_IN = "log in again, such as by `aws sso login`, or set new AWS_ACCESS_KEY_ID and its like"
# The code that AWS gives -> what it means, what to do.
_CODES = {
    "AccessDeniedException": ("access denied", "the page on AWS Batch lists what must be allowed"),
    "ExpiredTokenException": ("the credentials have expired", _LOG_IN),
    "UnrecognizedClientException": ("the credentials are not valid", _LOG_IN),
    "InvalidSignatureException": ("the secret key is wrong, or this machine's clock", _LOG_IN),
    "InvalidClientTokenId": ("the access key is not known", _LOG_IN),
    "MissingAuthenticationTokenException": ("there are no AWS credentials", _LOG_IN),
}
_BUSY = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "ServerException",
        "ServiceUnavailableException",
        "ServiceUnavailable",
        "InternalFailure",
        "RequestTimeout",
        "RequestTimeoutException",
    }
)


class BatchError(RvError):
    """AWS refused something.

    Attributes:
        code: that AWS gave; "" for other errors.
        may_pass: True if the same may work in a while.
    """

    code = ""
    may_pass = False


def client(service: str) -> Any:
    """Make a client; region, endpoint and credentials are those that AWS itself would take."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=16,
    )
    with calling("be used"):
        return boto3.client(service, config=config)


@contextmanager
def calling(done: str, service: str = "AWS Batch") -> Iterator[None]:
    """Turn errors of boto3 into BatchError.

    Args:
        done: completes "AWS Batch cannot ...".
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as e:
        code = error_code(e)
        reason, hint = _explain(e, code, service)
        error = BatchError(f"{service} cannot {done}: {reason}", hint=hint)
        error.code = code
        error.may_pass = _may_pass(e, code)
        raise error from e


def _explain(error: Exception, code: str, service: str) -> tuple[str, str | None]:
    from botocore.exceptions import NoRegionError

    if isinstance(error, NoRegionError):
        return "no region is set", "set AWS_DEFAULT_REGION, or region in ~/.aws/config"
    if code in _BUSY:
        return f"it is busy ({code})", "try again in a while"
    reason, hint = _CODES.get(code) or explain(error, service)
    message = getattr(error, "response", {}).get("Error", {}).get("Message", "")
    return (f"{reason}: {message}" if code in _CODES and message else reason), hint


def _may_pass(error: Exception, code: str) -> bool:
    """Tell a network that is away, or a busy service, from what stays wrong."""
    from botocore.exceptions import ConnectionError as Unconnected
    from botocore.exceptions import HTTPClientError
    from botocore.parsers import ResponseParserError

    status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    away = isinstance(error, (HTTPClientError, Unconnected, ResponseParserError))
    return away or code in _BUSY or int(status) >= 500
