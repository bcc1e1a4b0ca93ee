"""What each running job may do here, until it ends. Lives in the thread of the services.

A job has one grant. Its tokens, the URLs it was given and what it is uploading hang on that: when
the grant is revoked, all of it is over.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.plan.facts import ArtifactStored
from liftlock.plan.trust import Scopes
from liftlock.toolkit import tokens
from liftlock.toolkit.containers import Container
from liftlock.toolkit.ports import Artifacts, Caches
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.uploads import Incoming

URL_LASTS: Final = 6 * 3600  # seconds; the longest that a job runs unless it says otherwise


MOST_BLOBS: Final = 100_000  # that a job may have addresses of


class Job(NamedTuple):
    """A job as the services know it. `claims` are what ID tokens say of it; None: it gets none."""

    run: int
    key: str
    repository: str
    origin: str  # under which it reaches the services
    scopes: Scopes
    claims: Mapping[str, str] | None
    expires: float


class Download(NamedTuple):
    """A file that may be fetched. `name` is what it is to be called, '' for no matter."""

    path: Path
    mime: str
    name: str = ''


class Grant:
    """`uploads` are those that are going on, by kind and name, `containers` the same of the old
    protocol, by name; `blobs` is what URLs lead to."""

    def __init__(
        self,
        job: Job,
        artifacts: Artifacts,
        caches: Caches,
        report: Callable[[ArtifactStored], None],
    ) -> None:
        self.id = os.urandom(16).hex()
        self.job = job
        self.artifacts = artifacts
        self.caches = caches
        self.report = report
        self.uploads: dict[tuple[str, ...], Incoming] = {}
        self.containers: dict[str, Container] = {}
        self.numbers: list[tuple[str, str]] = []  # keys and versions; v1 calls them 1, 2 …
        self.blobs: dict[str, Incoming | Download] = {}
        self.made: dict[tuple[int, ...], Download] = {}  # archives of these artifacts
        self.revoked = False

    def refuse_revoked(self) -> None:
        """To be asked after waiting for something: the job may have ended. Raises Refused."""
        if self.revoked:
            raise Refused('unauthenticated', 'the job has ended')


class Grants:
    """All that are in force. The secret is this process' alone and is never written down."""

    def __init__(self) -> None:
        self._secret = os.urandom(32)
        self._grants: dict[str, Grant] = {}
        # Keys of caches that somebody is writing, by repository and scope: one at a time may.
        self.reserved: dict[tuple[str, ...], Grant] = {}

    def add(self, grant: Grant) -> None:
        self._grants[grant.id] = grant

    def revoke(self, grant: Grant) -> None:
        """End everything that hangs on it."""
        grant.revoked = True
        del self._grants[grant.id]
        self.reserved = {key: owner for key, owner in self.reserved.items() if owner is not grant}
        for upload in grant.uploads.values():
            upload.discard()
        for container in grant.containers.values():
            container.discard()
        for blob in grant.blobs.values():
            if isinstance(blob, Incoming):
                blob.discard()
        for archive in grant.made.values():
            archive.path.unlink(missing_ok=True)

    def runtime_token(self, grant: Grant) -> str:
        job = grant.job
        more = tokens.results(job.run, grant.id, job.scopes)
        return self._token(tokens.RUNTIME, grant, more)

    def identity_token(self, grant: Grant) -> str:
        return self._token(tokens.IDENTITY, grant, {})

    def _token(self, audience: str, grant: Grant, more: Mapping[str, object]) -> str:
        return tokens.make(self._secret, audience, grant.id, time.time(), grant.job.expires, more)

    def find(self, authorization: str, audience: str) -> Grant:
        """The grant of a request, by its `Authorization`. Raises Refused."""
        scheme, _, token = authorization.partition(' ')
        name = tokens.read(self._secret, token.strip(), audience) if scheme == 'Bearer' else None
        grant = self._grants.get(name) if name is not None else None
        if grant is None:
            raise Refused('unauthenticated', 'the token is not valid, or its job has ended')
        return grant

    # --- URLs that need no token

    def url(self, grant: Grant, blob: Incoming | Download, leaf: str) -> str:
        """Where it can be fetched from, or sent to; good for a while, and while the job runs.
        Raises Refused."""
        if len(grant.blobs) >= MOST_BLOBS:
            raise Refused('too_large', f'a job may have {MOST_BLOBS:,} addresses')
        number = str(len(grant.blobs))
        grant.blobs[number] = blob
        path = f'/blobs/{grant.id}/{number}/{leaf}'
        verb = tokens.WRITE if isinstance(blob, Incoming) else tokens.READ
        expires = int(time.time()) + URL_LASTS
        signature = tokens.sign(self._secret, verb, path, expires)
        return f'{grant.job.origin}{path}?se={expires}&sp={verb}&sig={signature}'

    def blob(self, path: str, query: Mapping[str, str], verb: str) -> Incoming | Download:
        """What a signed URL leads to. Raises Refused."""
        signed = tokens.is_signed(
            self._secret, verb, path, query.get('se', ''), query.get('sig', ''), time.time()
        )
        _, _, name, number, _ = path.split('/', 4)
        grant = self._grants.get(name) if signed else None
        blob = grant.blobs.get(number) if grant is not None else None
        if blob is None:
            raise Refused('permission_denied', 'the address is not valid, or no longer')
        return blob
