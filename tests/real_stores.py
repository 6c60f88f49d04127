"""Real object stores that the environment names; ``tools/with_stores.py`` starts them.

HEALTHSIM_TEST_S3 is an endpoint, HEALTHSIM_TEST_S3_KEY and _SECRET who is asking,
HEALTHSIM_TEST_AZURE a connection string, and HEALTHSIM_TEST_LYING_S3 the endpoint of a store that
answers 200 to a conditional create, and writes over what is there.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import fsspec
import pytest

from healthsim_lake import Lake


@dataclass(frozen=True)
class RealStore:
    """A bucket of its own in a real store."""

    root: str
    options: dict[str, Any]

    def url(self) -> str:
        """Return the URL of a place where nothing is yet."""
        return f"{self.root}/{uuid.uuid4().hex[:12]}"

    def lake(self, url: str, **options: Any) -> Lake:
        return Lake(url, storage_options=self.options, **options)


def on_s3() -> RealStore:
    options = {
        "endpoint_url": _named("HEALTHSIM_TEST_S3"),
        "key": os.environ.get("HEALTHSIM_TEST_S3_KEY", "testkey"),
        "secret": os.environ.get("HEALTHSIM_TEST_S3_SECRET", "testsecret"),
        "client_kwargs": {"region_name": "us-east-1"},
        "config_kwargs": {"read_timeout": 20},
    }
    return _with_bucket("s3", options)


def on_azure() -> RealStore:
    pytest.importorskip("adlfs", reason="SKIPPED WITHOUT THE CLIENT OF AZURE: adlfs")
    return _with_bucket("az", {"connection_string": _named("HEALTHSIM_TEST_AZURE")})


def on_a_liar() -> RealStore:
    endpoint = _named("HEALTHSIM_TEST_LYING_S3")
    return _with_bucket("s3", {"endpoint_url": endpoint, "key": "S3RVER", "secret": "S3RVER"})


STORES: dict[str, Callable[[], RealStore]] = {"s3": on_s3, "azure": on_azure}
"""Real stores that keep their word."""


def _named(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"SKIPPED WITHOUT A REAL STORE: {variable} names none")
    return value


def _with_bucket(protocol: str, options: dict[str, Any]) -> RealStore:
    bucket = f"healthsim-{uuid.uuid4().hex[:12]}"
    client = fsspec.filesystem(protocol, **options)
    if protocol == "s3":
        client.call_s3("create_bucket", Bucket=bucket)  # `mkdir` names a region that not all know
    else:
        client.mkdir(bucket)
    return RealStore(f"{protocol}://{bucket}", options)
