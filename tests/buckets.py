"""An S3 of our own for tests: moto, as a server."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any, Final
from unittest import mock

ACCOUNT: Final = {
    'AWS_ACCESS_KEY_ID': 'testing',
    'AWS_SECRET_ACCESS_KEY': 'testing',
    'AWS_DEFAULT_REGION': 'us-east-1',
}


@contextlib.contextmanager
def bucket(name: str = 'blobs') -> Iterator[Any]:
    """A bucket that is there for a while, as boto3's client; the environment leads to it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with mock.patch.dict(os.environ, {**ACCOUNT, 'AWS_ENDPOINT_URL': f'http://{host}:{port}'}):
            client = boto3.session.Session().client('s3')
            client.create_bucket(Bucket=name)
            yield client
    finally:
        server.stop()
