"""S3 as the standard AWS configuration says: endpoint, region, credentials, none at all."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.errors import NotReadableError
from rvcli.filesystem import s3_client, s3_gdal
from rvcli.filesystem.s3_filesystem import S3FileSystem as S3  # noqa: N814


@pytest.fixture
def aws(s3_faults: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Give a function that writes the two files of AWS in place of all variables."""
    bucket = {"Bucket": s3_faults.root[5:], "ACL": "public-read"}
    s3_client.client().put_object(Key="a", Body=b"x", **bucket)
    for name in ("ENDPOINT_URL", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "DEFAULT_REGION"):
        monkeypatch.delenv(f"AWS_{name}")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    def write(config: str = "", credentials: str = "") -> None:
        (tmp_path / "config").write_text(config.replace("URL", s3_faults.url))
        (tmp_path / "credentials").write_text(credentials)

    return write


KEYS = "aws_access_key_id = key\naws_secret_access_key = secret\n"


@pytest.mark.parametrize(
    "config",
    [
        "[default]\nregion = eu-central-1\nendpoint_url = URL\n",
        "[default]\nregion = eu-central-1\nservices = local\n"
        "[services local]\ns3 =\n  endpoint_url = URL\n",
    ],
)
def test_endpoint_and_region_of_the_config_file(
    aws: Callable[..., None], s3_faults: Any, config: str
) -> None:
    """Endpoint and region in ~/.aws/config hold for requests and for GDAL."""
    aws(config, f"[default]\n{KEYS}")
    assert S3.read_bytes(f"{s3_faults.root}/a") == b"x"
    options = S3.gdal_options(s3_faults.root)
    assert options == {
        "AWS_S3_ENDPOINT": s3_faults.url.partition("://")[2],
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "",
    }


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_endpoint_of_the_environment(
    aws: Callable[..., None], s3_faults: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The environment names the endpoint for S3, or for all services."""
    aws(
        "[default]\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:9\n",
        f"[default]\n{KEYS}",
    )
    monkeypatch.setenv(name, s3_faults.url)
    assert S3.read_bytes(f"{s3_faults.root}/a") == b"x"
    assert S3.gdal_options("s3://b/a")["AWS_S3_ENDPOINT"] in s3_faults.url


def test_profile_of_the_environment(
    aws: Callable[..., None], s3_faults: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_PROFILE chooses among the profiles of the files."""
    aws("[profile mine]\nregion = eu-west-1\nendpoint_url = URL\n", f"[mine]\n{KEYS}")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert S3.read_bytes(f"{s3_faults.root}/a") == b"x"


def test_amazon_itself(aws: Callable[..., None]) -> None:
    """For Amazon's own endpoints GDAL needs no more than the region."""
    aws("[default]\nregion = eu-west-1\n")
    assert S3.gdal_options("s3://b/a") == {"AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize(("value", "expected"), [("YES", True), ("1", True), ("no", False)])
def test_unsigned_requests(
    aws: Callable[..., None], s3_faults: Any, monkeypatch: pytest.MonkeyPatch,
    value: str, expected: bool,
) -> None:  # fmt: skip
    """AWS_NO_SIGN_REQUEST reads public buckets without credentials, in GDAL too."""
    aws("[default]\nendpoint_url = URL\n", "" if expected else f"[default]\n{KEYS}")
    monkeypatch.setenv("AWS_NO_SIGN_REQUEST", value)
    seen: list[Any] = []
    s3_client.client().meta.events.register(
        "before-send.s3", lambda request, **kwargs: seen.append("Authorization" in request.headers)
    )
    assert S3.read_bytes(f"{s3_faults.root}/a") == b"x"
    assert [not expected] == seen
    assert expected == ("AWS_NO_SIGN_REQUEST" in S3.gdal_options(s3_faults.root))


def test_requester_pays_everywhere(s3_faults: Any, tmp_path: Path) -> None:
    """Every request says who pays if the profile does."""
    settings = profile.load_settings(overrides=["AWS_S3.requester_pays=true"], environ={})
    seen: dict[str, set[Any]] = {}
    s3_client.client().meta.events.register(
        "before-send.s3",
        lambda request, event_name, **kwargs: seen.setdefault(
            event_name.rpartition(".")[2], set()
        ).add(request.headers.get("x-amz-request-payer")),
    )
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "large").write_bytes(bytes(9 << 20))
    root = s3_faults.root
    with profile.use(settings):
        S3.write_bytes(f"{root}/a", b"")
        S3.write_exclusive(f"{root}/b", b"")
        S3.read_bytes(f"{root}/a")
        S3.file_exists(f"{root}/dir")
        S3.sync_to_dir(str(tmp_path / "up"), f"{root}/up", delete=True)
        S3.sync_from_dir(f"{root}/up", str(tmp_path / "down"))
        S3.copy_from(f"{root}/a", str(tmp_path / "a"))
        S3.sync_to_dir(str(tmp_path / "up"), root, delete=True)
        S3.delete(f"{root}/a")
        S3.list_paths(root)
    expected = {
        *("PutObject", "GetObject", "HeadObject", "ListObjectsV2", "DeleteObject"),
        *("DeleteObjects", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"),
    }
    assert {name: {b"requester"} for name in expected} == {
        name: {v if isinstance(v, bytes) else str(v).encode() for v in values}
        for name, values in seen.items()
    }


def test_missing_credentials_name_what_was_tried(aws: Callable[..., None], tmp_path: Path) -> None:
    """The error names each place, and how to read a public bucket."""
    aws("[default]\nregion = eu-west-1\n")
    (tmp_path / "credentials").unlink()
    with pytest.raises(NotReadableError) as caught:
        S3.read_bytes("s3://bucket/a")
    assert str(caught.value).endswith(
        "there are no AWS credentials; tried: the environment (AWS_ACCESS_KEY_ID is not set),"
        f" profile 'default' in {tmp_path}/credentials (no such file), profile 'default' in"
        f" {tmp_path}/config, the container's role (not in a container of AWS), the instance's"
        " metadata (disabled)"
    )
    assert "AWS_NO_SIGN_REQUEST" in (caught.value.hint or "")


def test_metadata_that_does_not_answer_is_not_waited_for(
    aws: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the instance's metadata is silent the error comes within seconds, at each call."""
    aws("[default]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        monkeypatch.setenv(
            "AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        start_s = time.monotonic()
        assert S3.gdal_options("s3://bucket/a") == {"AWS_REGION": "eu-west-1"}
        assert S3.gdal_options("s3://bucket/a") == {"AWS_REGION": "eu-west-1"}
        with pytest.raises(NotReadableError, match="no AWS credentials"):
            S3.read_bytes("s3://bucket/a")
        assert time.monotonic() - start_s < 10


@pytest.mark.parametrize(
    ("config", "credentials", "message", "hint"),
    [
        ("", "[default]\naws_access_key_id = key\n", "missing: aws_secret_access_key", "SECRET"),
        ("[default]\ncredential_process = false\n", "", "custom-process", "log in again"),
        ("[default]\nsso_start_url = https://x\nsso_region = us-east-1\nsso_account_id = 1\n"
         "sso_role_name = r\n", "", "SSO", "aws sso login"),
    ],
)  # fmt: skip
def test_credentials_that_cannot_be_had(
    aws: Callable[..., None], config: str, credentials: str, message: str, hint: str
) -> None:
    """Half credentials, a process that fails, and a login that is over are named."""
    aws(config, credentials)
    for read in (S3.read_bytes, S3.gdal_options):
        with pytest.raises(NotReadableError, match=message) as caught:
            read("s3://bucket/a")
        assert hint in (caught.value.hint or "")


def test_credentials_that_gdal_cannot_find(aws: Callable[..., None], tmp_path: Path) -> None:
    """Those that a process gives, for some time, reach GDAL, and are renewed."""
    (tmp_path / "count").write_text("")
    script = tmp_path / "give.py"
    script.write_text(
        "import datetime, json, pathlib, sys\n"
        f"count = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "count.write_text(count.read_text() + 'x')\n"
        "now = datetime.datetime.now(datetime.timezone.utc)\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': count.read_text(), 'SecretAccessKey': 's',"
        " 'SessionToken': 't',"
        " 'Expiration': (now + datetime.timedelta(seconds=5)).isoformat()}))\n"
    )
    aws(f"[default]\ncredential_process = {sys.executable} {script}\n")
    first, second = (S3.gdal_options("s3://b/a") for _ in range(2))
    assert (first["AWS_SECRET_ACCESS_KEY"], first["AWS_SESSION_TOKEN"]) == ("s", "t")
    # Too short of life to be used a second time.
    assert first["AWS_ACCESS_KEY_ID"] != second["AWS_ACCESS_KEY_ID"]


def test_local_work_needs_no_credentials(tmp_path: Path) -> None:
    """With a broken AWS configuration local files are read and written; boto3 stays out."""
    code = (
        "import sys\nfrom rvcli.utils import files\n"
        f"files.str_to_file('x', {str(tmp_path / 'a')!r})\n"
        f"assert files.file_to_str({str(tmp_path / 'a')!r}) == 'x'\n"
        "from rvcli.data.gdal import gdal_options\n"
        f"assert gdal_options([{str(tmp_path / 'a')!r}]) == {{}}\n"
        "import json\nprint(json.dumps([m for m in ('fsspec', 's3fs') if m in sys.modules]))\n"
    )
    env = {"AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": "/dev/null", "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**env, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [] == json.loads(done.stdout)


def test_a_way_of_addressing_buckets(aws: Callable[..., None]) -> None:
    """Where the config asks for buckets as hosts, so does GDAL."""
    aws("[default]\nregion = x\nendpoint_url = https://s3.example/base/\ns3 =\n"
        "  addressing_style = virtual\n")  # fmt: skip
    options = s3_gdal.options()
    assert ("s3.example/base", "YES", "TRUE") == (
        options["AWS_S3_ENDPOINT"],
        options["AWS_HTTPS"],
        options["AWS_VIRTUAL_HOSTING"],
    )
