"""Which URIs of fsspec GDAL reads in place, and with which options.

GDAL's own file systems: https://gdal.org/en/stable/user/virtual_file_systems.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from rvcli.filesystem import fsspec_client
from rvcli.filesystem.uri import scheme

_AZURE_HOST = ".core.windows.net"
_AZURE_OPTIONS = {
    "account_name": "AZURE_STORAGE_ACCOUNT",
    "account_key": "AZURE_STORAGE_ACCESS_KEY",
    "sas_token": "AZURE_STORAGE_SAS_TOKEN",
    "connection_string": "AZURE_STORAGE_CONNECTION_STRING",
}


def path_of(uri: str) -> str | None:
    """Return GDAL's path for a URI; None if the file must be downloaded."""
    if "::" in uri:
        return None
    name = scheme(uri)
    rest = uri.partition("://")[2]
    if name in ("gs", "gcs"):
        return f"/vsigs/{rest}"
    if name in ("az", "abfs", "abfss"):
        prefix = "/vsiaz" if name == "az" else "/vsiadls"
        container, at, _ = rest.partition("/")[0].partition("@")
        return f"{prefix}/{container}/{rest.partition('/')[2]}" if at else f"{prefix}/{rest}"
    if name == "ftp":
        parts = urlsplit(uri)
        return f"/vsicurl/ftp://{parts.netloc}{quote(parts.path, safe='/%')}"
    if name == "webhdfs":
        host, _, path = rest.partition("/")
        return f"/vsiwebhdfs/http://{host}/webhdfs/v1/{path}"
    return None


def options_of(uri: str) -> dict[str, str]:
    """Return GDAL's options for a URI from those of its implementation."""
    name = scheme(uri)
    options = fsspec_client.options_of(name)
    if name in ("gs", "gcs"):
        return _google(options)
    if name in ("az", "abfs", "abfss"):
        account = uri.partition("@")[2].partition("/")[0]
        if account.endswith(_AZURE_HOST):
            options = {"account_name": account.partition(".")[0], **options}
        return _azure(options)
    return {}


def _google(options: dict[str, Any]) -> dict[str, str]:
    found = {}
    token = options.get("token")
    if token == "anon":
        found["GS_NO_SIGN_REQUEST"] = "YES"
    elif isinstance(token, str) and token.endswith(".json"):
        found["GOOGLE_APPLICATION_CREDENTIALS"] = token
    endpoint = options.get("endpoint_url")
    if endpoint:
        found["CPL_GS_ENDPOINT"] = f"{str(endpoint).rstrip('/')}/"
    payer = options.get("requester_pays")
    if payer:
        found["GS_USER_PROJECT"] = str(options.get("project") if payer is True else payer)
    return found


def _azure(options: dict[str, Any]) -> dict[str, str]:
    found = {gdal: str(options[key]) for key, gdal in _AZURE_OPTIONS.items() if options.get(key)}
    if options.get("anon") is True:
        found["AZURE_NO_SIGN_REQUEST"] = "YES"
    return found
