"""Whether credentials are found, and whether servers that are named answer."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rvcli.doctor.finding import OK, PROBLEM, Finding
from rvcli.profile.secrets import mask_uris

if TYPE_CHECKING:
    from rvcli.profile import Settings

_TIMEOUT_S = 2.0
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_BATCH")
_PORTS = {"http": 80, "https": 443, "tcp": 8786, "tls": 8786}
_WEB = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
# How botocore calls the ways to credentials, in words.
_METHODS = {
    "env": "the environment",
    "shared-credentials-file": "~/.aws/credentials",
    "config-file": "~/.aws/config",
    "assume-role": "a role of ~/.aws/config",
    "assume-role-with-web-identity": "a web identity",
    "sso": "single sign-on",
    "custom-process": "a process of ~/.aws/config",
    "container-role": "the container's role",
    "iam-role": "the machine's role",
}


def look_at_credentials(*, network: bool = False) -> Iterator[Finding]:
    """Yield where AWS credentials come from; nothing of them is shown.

    Args:
        network: also look at the role of the machine, and ask AWS whose they are.
    """
    import botocore.exceptions
    import botocore.session

    try:
        with _metadata_service(network):
            session = botocore.session.Session()
            found = session.get_credentials()
    except botocore.exceptions.BotoCoreError as e:
        yield Finding("credentials", PROBLEM, f"AWS: {e}", "check ~/.aws/config and AWS_PROFILE")
        return
    if found is None:
        where = "" if network else "; a role of this machine is looked for with --network"
        yield Finding("credentials", OK, f"AWS: none found, needed for s3:// and AWS Batch{where}")
        return
    source = _METHODS.get(found.method, found.method)
    profile = session.profile or "default"
    region = session.get_config_variable("region") or "no region"
    yield Finding("credentials", OK, f"AWS: from {source}, profile {profile}, {region}")
    if network:
        yield _identity(session)


def look(settings: Settings) -> Iterator[Finding]:
    """Yield whether the endpoints that variables and the profile name can be reached."""
    wrong = False
    addresses = {name: os.environ[name] for name in _ENDPOINTS if os.environ.get(name)}
    scheduler = settings.get("DASK", "scheduler")
    if scheduler:
        addresses["DASK.scheduler"] = str(scheduler)
    file = settings.get("DASK", "scheduler_file")
    if file and not scheduler:
        try:
            content = json.loads(Path(str(file)).read_text(encoding="utf-8"))
            addresses[f"DASK.scheduler_file {file}"] = str(content["address"])
        except (OSError, ValueError, KeyError, TypeError) as e:
            wrong = True
            yield Finding(
                "endpoints",
                PROBLEM,
                f"DASK.scheduler_file {file} cannot be used: {type(e).__name__}: {e}",
                "start the scheduler with --scheduler-file, and wait until it has written it",
            )
    if not (addresses or wrong):
        yield Finding("endpoints", OK, "none named: those of AWS and the web are used")
    for name, address in addresses.items():
        yield _reachable(name, address)


def _reachable(name: str, address: str) -> Finding:
    """Open a connection, and ask a web server for an answer."""
    shown = mask_uris(address)
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host = port = None
    if not host or port is None:
        advice = "write it as http://host:port, a scheduler as tcp://host:8786"
        return Finding("endpoints", PROBLEM, f"{name}: {shown} is no address", advice)
    advice = "is it running, and is the address right?"
    try:
        socket.create_connection((host, port), timeout=_TIMEOUT_S).close()
    except OSError as e:
        text = f"{name}: {shown} cannot be reached: {_reason(e)}"
        return Finding("endpoints", PROBLEM, text, advice)
    if parts.scheme not in _WEB:
        return Finding("endpoints", OK, f"{name}: {shown} takes connections")
    connection = _WEB[parts.scheme](host, port, timeout=_TIMEOUT_S)
    try:
        # Whatever it says to this, it is there.
        connection.request("HEAD", parts.path or "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException) as e:
        text = f"{name}: {shown} takes connections, but does not answer: {_reason(e)}"
        return Finding("endpoints", PROBLEM, text, advice)
    finally:
        connection.close()
    return Finding("endpoints", OK, f"{name}: {shown} answers")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _identity(session: Any) -> Finding:
    import botocore.config
    import botocore.exceptions

    quick = botocore.config.Config(
        connect_timeout=_TIMEOUT_S, read_timeout=5, retries={"total_max_attempts": 1}
    )
    try:
        region = session.get_config_variable("region") or "us-east-1"
        client = session.create_client("sts", region_name=region, config=quick)
        answer = client.get_caller_identity()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as e:
        advice = "renew them, or check AWS_PROFILE, AWS_ENDPOINT_URL and the connection"
        return Finding("credentials", PROBLEM, f"AWS does not take them: {e}", advice)
    return Finding("credentials", OK, f"AWS: they are those of {answer.get('Arn', 'somebody')}")


@contextmanager
def _metadata_service(asked: bool) -> Iterator[None]:
    """Keep botocore from asking the machine's metadata service, which is on the network."""
    name = "AWS_EC2_METADATA_DISABLED"
    before: Mapping[str, str] = {name: os.environ[name]} if name in os.environ else {}
    if not asked:
        os.environ[name] = "true"
    try:
        yield
    finally:
        os.environ.pop(name, None)
        os.environ.update(before)
