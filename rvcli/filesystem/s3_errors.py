"""What S3 says when it refuses, in words that help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rvcli.errors import FileSystemError, NotReadableError, NotWritableError

_CREDENTIALS_HINT = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
# The code that S3 gives -> what it means, what to do.
_CODES = {
    "NoSuchBucket": ("there is no such bucket", "check the bucket's name and AWS_ENDPOINT_URL"),
    "InvalidBucketName": ("this is no name of a bucket", "write s3://BUCKET/KEY"),
    "AccessDenied": (
        "access denied",
        "check the permissions of your credentials; for a bucket whose reader pays,"
        " set AWS_S3.requester_pays",
    ),
    "InvalidAccessKeyId": ("the access key is not known", _CREDENTIALS_HINT),
    "SignatureDoesNotMatch": ("the secret key is wrong", _CREDENTIALS_HINT),
    "ExpiredToken": ("the credentials have expired", "log in again"),
    "InvalidToken": ("the session token is not valid", "log in again"),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock"),
    "SlowDown": ("S3 is busy", "try again later"),
    "ServiceUnavailable": ("S3 is busy", "try again later"),
    "PermanentRedirect": ("the bucket is in another region", "set AWS_DEFAULT_REGION"),
    "EntityTooLarge": ("the object is too large", None),
}
_SAME = {"403": "AccessDenied", "Forbidden": "AccessDenied", "301": "PermanentRedirect"}


def error_code(error: BaseException) -> str:
    """Return the code that S3 gave; "" for other errors."""
    response: Any = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def is_missing(error: BaseException) -> bool:
    """Tell whether S3 says that there is no such object."""
    return error_code(error) in _MISSING


@contextmanager
def reading(uri: str) -> Iterator[None]:
    """Turn errors of boto3 into NotReadableError."""
    with _mapped(uri, NotReadableError, "read"):
        yield


@contextmanager
def writing(uri: str) -> Iterator[None]:
    """Turn errors of boto3 into NotWritableError."""
    with _mapped(uri, NotWritableError, "written"):
        yield


@contextmanager
def _mapped(uri: str, kind: type[FileSystemError], done: str) -> Iterator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as e:
        # A transfer wraps what went wrong in an error of its own.
        cause = e if error_code(e) or not isinstance(e, Boto3Error) else (e.__context__ or e)
        reason, hint = explain(cause)
        raise kind(f"{uri!r} cannot be {done}: {reason}", hint=hint) from e


def explain(error: BaseException, service: str = "S3") -> tuple[str, str | None]:
    """Say what an error of boto3 means, and what to do about it.

    Args:
        service: of Amazon, that was asked.
    """
    from botocore import exceptions as botocore

    code = error_code(error)
    code = _SAME.get(code, code)
    if code in _MISSING:
        return "there is no such object", "check the key; it may be misspelt"
    if code in _CODES:
        return _CODES[code]
    if code:
        message = getattr(error, "response", {}).get("Error", {}).get("Message", "")
        return f"{code} {message}".strip(), None
    if isinstance(error, (botocore.NoCredentialsError, botocore.PartialCredentialsError)):
        return "there are no AWS credentials", _CREDENTIALS_HINT
    if isinstance(error, botocore.ProfileNotFound):
        return str(error), "check AWS_PROFILE and ~/.aws/config"
    if isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        return (
            f"{service} cannot be reached ({error})",
            "check your connection, AWS_ENDPOINT_URL and AWS_DEFAULT_REGION",
        )
    return str(error), None
