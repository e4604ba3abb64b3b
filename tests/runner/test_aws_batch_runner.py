"""The contract of runners, kept by AWS Batch."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from rvcli.testing import RunnerContract


class TestAwsBatch(RunnerContract):
    """Jobs that an AWS Batch of the tests runs as processes, with everything in S3."""

    runner = "aws_batch"
    plan_size = 24

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _place(cls, batch_endpoint: SimpleNamespace) -> Iterator[None]:
        """Give the class a bucket, and point the environment at the endpoints."""
        from rvcli.filesystem import s3_client

        with pytest.MonkeyPatch.context() as patch:
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
                patch.delenv(name, raising=False)
            for name, value in batch_endpoint.environment.items():
                patch.setenv(name, value)
            bucket = f"contract-{uuid.uuid4().hex[:12]}"
            s3_client.client().create_bucket(Bucket=bucket)
            patch.setattr(cls, "root_uri", f"s3://{bucket}")
            patch.setattr(cls, "settings", batch_endpoint.settings)
            yield
        assert [] == batch_endpoint.server.broken_limits
