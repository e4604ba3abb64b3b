"""What S3 says when it refuses, in words that help."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rvcli.errors import FileSystemError, NotReadableError, NotWritableError

_CREDENTIALS_HINT = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_NO_CREDENTIALS_HINT = (
    f"{_CREDENTIALS_HINT}; for a public bucket, AWS_NO_SIGN_REQUEST=YES"
    " sends requests without credentials"
)
_LOGIN_HINT = "log in again, as with `aws sso login`"
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
    "ExpiredToken": ("the credentials have expired", _LOGIN_HINT),
    "InvalidToken": ("the session token is not valid", _LOGIN_HINT),
    "SlowDown": ("S3 is busy", "try again later"),
    "ServiceUnavailable": ("S3 is busy", "try again later"),
    "InternalError": ("S3 fails", "try again later; check AWS_ENDPOINT_URL if it goes on"),
    "PermanentRedirect": ("the bucket is in another region", "set AWS_DEFAULT_REGION"),
    "EntityTooLarge": ("the object is too large", None),
}
# What is wrong with more than one request.
_OF_ALL = frozenset(
    {
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
        "RequestTimeTooSkewed",
    }
)
_SAME = {
    "403": "AccessDenied",
    "Forbidden": "AccessDenied",
    "301": "PermanentRedirect",
    "500": "InternalError",
    "502": "ServiceUnavailable",
    "503": "ServiceUnavailable",
}


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
    from botocore.parsers import ResponseParserError
    from s3transfer.exceptions import S3DownloadFailedError

    try:
        yield
    except (
        *(BotoCoreError, ClientError, Boto3Error),
        *(ResponseParserError, S3DownloadFailedError),
    ) as e:
        # A transfer wraps what went wrong in an error of its own.
        cause = e if error_code(e) or not isinstance(e, Boto3Error) else _wrapped(e)
        reason, hint = explain(cause)
        error = kind(f"{uri!r} cannot be {done}: {reason}", hint=hint)
        error.concerns_all = _concerns_all(cause)
        raise error from e


def _concerns_all(error: BaseException) -> bool:
    """Tell whether whatever is asked of S3 next fails in the same way."""
    from botocore import exceptions as botocore

    kinds = (
        *(botocore.NoCredentialsError, botocore.ProfileNotFound),
        *(botocore.HTTPClientError, botocore.ConnectionError),
    )
    return (
        isinstance(error, kinds)
        or type(error).__name__ in _OF_CREDENTIALS
        or error_code(error) in _OF_ALL
    )


def _wrapped(error: Any) -> BaseException:
    cause: BaseException = getattr(error, "last_exception", None) or error.__context__ or error
    return cause


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
    if code == "RequestTimeTooSkewed":
        return _skewed(error), "set the clock of this machine, as with NTP"
    if code in _CODES:
        return _CODES[code]
    if code:
        message = getattr(error, "response", {}).get("Error", {}).get("Message", "")
        return f"{code} {message}".strip(), None
    if isinstance(error, botocore.NoCredentialsError):
        return f"there are no AWS credentials; tried: {credentials_tried()}", _NO_CREDENTIALS_HINT
    if isinstance(error, botocore.ProfileNotFound):
        return str(error), "check AWS_PROFILE and ~/.aws/config"
    if type(error).__name__ in _OF_CREDENTIALS:
        return str(error), f"{_LOGIN_HINT}, or {_CREDENTIALS_HINT}"
    if isinstance(error, (botocore.IncompleteReadError, botocore.ResponseStreamingError)):
        return f"the connection broke off ({error})", "try again later"
    if isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        return (
            f"{service} cannot be reached ({error})",
            "check your connection, AWS_ENDPOINT_URL and AWS_DEFAULT_REGION",
        )
    return str(error), None


_OF_CREDENTIALS = frozenset(
    {
        *("PartialCredentialsError", "CredentialRetrievalError", "MetadataRetrievalError"),
        *("SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError", "SSOError"),
    }
)


def credentials_tried() -> str:
    """Say where credentials were looked for, and what was found there."""
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
    files = [
        _file("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        _file("AWS_CONFIG_FILE", "~/.aws/config"),
    ]
    container = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    has_container = any(name in os.environ for name in container)
    is_disabled = os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
    return ", ".join(
        (
            "the environment (AWS_ACCESS_KEY_ID is not set)",
            *(f"profile {profile!r} in {file}" for file in files),
            "the container's role" + ("" if has_container else " (not in a container of AWS)"),
            "the instance's metadata" + (" (disabled)" if is_disabled else " (no answer)"),
        )
    )


def _file(variable: str, default: str) -> str:
    path = os.environ.get(variable) or default
    return path if Path(path).expanduser().exists() else f"{path} (no such file)"


def _skewed(error: Any) -> str:
    details = error.response.get("Error", {})
    here, there = details.get("RequestTime"), details.get("ServerTime")
    times = f": it says {here}, S3 says {there}" if here and there else ""
    return f"the clock of this machine is wrong{times}"
