"""A bucket of S3, or of whatever speaks its protocol: files by their keys, below one prefix.

Credentials, region and endpoint are where every program of Amazon's looks for them (AWS_PROFILE,
AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …).
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from liftlock.errors import UserError

INSTALL: Final = "pip install 'liftlock[s3]'"
FRESH: Final = 10.0  # seconds


class Bucket:
    """May be used by several threads at once."""

    def __init__(self, url: str) -> None:
        """UserError for what is no such URL. Nobody is asked yet."""
        parts = urlsplit(url)
        if parts.scheme != 's3' or not parts.netloc or parts.query:
            raise UserError(f'"{url}" is no place for blobs', 'for example: s3://octo-ci/liftlock')
        self.url = url
        self._name = parts.netloc
        self._prefix = f'{parts.path.strip("/")}/'.lstrip('/')
        self._making = threading.Lock()
        self._made: Any = None
        self._looking = threading.Lock()
        self._seen = -FRESH, ''  # when somebody looked last, and what was wrong

    def look(self) -> str:
        """Why it cannot be used; '' if it can. As of the last seconds."""
        with self._looking:
            at, wrong = self._seen
            if time.monotonic() >= at + FRESH:
                wrong = self._ask()
                self._seen = time.monotonic(), wrong
            return wrong

    def _ask(self) -> str:
        try:
            with self._plainly():
                self._client().head_bucket(Bucket=self._name)
        except UserError as error:
            return str(error)
        return ''

    def put(self, file: Path, key: str) -> None:
        with self._plainly():
            self._client().upload_file(str(file), self._name, self._prefix + key)

    def get(self, key: str, file: Path) -> bool:
        """False if there is no such object."""
        with self._plainly():
            try:
                self._client().download_file(self._name, self._prefix + key, str(file))
            except self._client().exceptions.ClientError as error:
                if _is_missing(error):
                    return False
                raise
        return True

    def written(self, key: str) -> float:
        """When it was written, in seconds since 1970; 0.0 if there is no such object."""
        with self._plainly():
            try:
                found = self._client().head_object(Bucket=self._name, Key=self._prefix + key)
            except self._client().exceptions.ClientError as error:
                if _is_missing(error):
                    return 0.0
                raise
        return float(found['LastModified'].timestamp())

    def remove(self, key: str) -> None:
        with self._plainly():
            self._client().delete_object(Bucket=self._name, Key=self._prefix + key)

    def listed(self, below: str) -> Iterator[tuple[str, float]]:
        """(key, when it was written) of what is below `below`."""
        with self._plainly():
            pages = self._client().get_paginator('list_objects_v2')
            for page in pages.paginate(Bucket=self._name, Prefix=f'{self._prefix}{below}/'):
                for one in page.get('Contents', ()):
                    key = one['Key'].removeprefix(self._prefix)
                    yield key, float(one['LastModified'].timestamp())

    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made = _connect()
        return self._made

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            if type(error).__module__.partition('.')[0] not in ('boto3', 'botocore', 's3transfer'):
                raise
            raise UserError(
                f'cannot use the storage {self.url}: {error}',
                'check the bucket, the credentials and AWS_ENDPOINT_URL',
            ) from None


def _connect() -> Any:
    try:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
    except ImportError:
        raise UserError('boto3 is not installed, which blobs on S3 need', INSTALL) from None
    other = os.environ.get('AWS_ENDPOINT_URL_S3') or os.environ.get('AWS_ENDPOINT_URL')
    settings = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={'mode': 'standard', 'max_attempts': 4},
        s3={'addressing_style': 'path' if other else 'auto'},
        # Newer checksums are more than some servers know; what we read is proved by its name.
        request_checksum_calculation='when_required',
        response_checksum_validation='when_required',
    )
    return boto3.session.Session().client('s3', config=settings)


def _is_missing(error: Any) -> bool:
    return error.response.get('Error', {}).get('Code') in ('404', 'NoSuchKey', 'NotFound')
