"""ArtifactService: artifacts of upload-artifact v4 and later (`@actions/artifact` 2 and later).

Create gives an address for the bytes, Finalize keeps what has arrived there. A name is unique in an
attempt of a run. All jobs of a run see the artifacts of all; those of other runs can't be named.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.plan.facts import ArtifactStored
from liftlock.toolkit.grants import Download, Grant
from liftlock.toolkit.ports import Artifact, Sent, Shelves
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.twirp import Answer, Call, Method
from liftlock.toolkit.uploads import Blocks

LARGEST: Final = 64 * 1024**3  # bytes of an artifact
LONGEST_KEPT: Final = 10_000 * 86400.0  # seconds
ZIP: Final = 'application/zip'
_ZIPS: Final = ('', 'zip', ZIP)  # clients before 6 say `zip`, or nothing
_MIME: Final = re.compile(r'[A-Za-z0-9][A-Za-z0-9.+_-]*/[A-Za-z0-9][A-Za-z0-9.+_-]*')
_CLIENT: Final = re.compile(r'@actions/artifact-([0-9]{1,4})\.')
_TAKEN: Final = 'an artifact with this name already exists on the workflow run'


class ArtifactService:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self.methods: Mapping[str, Method] = {
            'CreateArtifact': self._create,
            'FinalizeArtifact': self._finalize,
            'ListArtifacts': self._list,
            'GetSignedArtifactURL': self._get_url,
            'DeleteArtifact': self._delete,
        }

    async def _create(self, call: Call) -> Answer:
        grant, name = _of(call), call.text('name')
        refuse_taken(grant, name)
        mime = call.text('mime_type', '')
        if mime not in _ZIPS and not _MIME.fullmatch(mime):
            raise Refused('invalid_argument', f'"{mime}" is no type of a file')
        now = time.time()
        expires = call.moment('expires_at') or now + grant.artifacts.lasting()
        if not now < expires < now + LONGEST_KEPT:
            raise Refused('invalid_argument', 'expires_at lies in the past, or too far away')
        upload = Upload(self._shelves.scratch(), mime, expires)
        before = grant.uploads.get(('artifact', name))
        if before is not None:
            before.discard()
        grant.uploads['artifact', name] = upload
        url = call.grants.url(grant, upload, 'artifact.zip')
        return {'ok': True, 'signed_upload_url': url}

    async def _finalize(self, call: Call) -> Answer:
        grant, name = _of(call), call.text('name')
        upload = grant.uploads.get(('artifact', name))
        if not isinstance(upload, Upload):
            raise Refused('not_found', f'no artifact "{name}" is being uploaded')
        if upload.identity:  # the answer got lost, and it asks again
            return {'ok': True, 'artifact_id': str(upload.identity)}
        if not upload.digest:
            raise Refused('invalid_argument', f'the artifact "{name}" has not arrived yet')
        _check(upload, call.number('size'), call.text('hash', ''))
        files = 1 if upload.mime not in _ZIPS else await self._count(upload.path)
        upload.identity = keep(grant, name, upload, files)
        return {'ok': True, 'artifact_id': str(upload.identity)}

    async def _count(self, path: Path) -> int:
        try:
            return await asyncio.to_thread(self._shelves.count, path)
        except UserError as error:
            raise Refused('invalid_argument', str(error)) from None

    async def _list(self, call: Call) -> Answer:
        grant, name, number = _of(call), call.text('name_filter', ''), call.number('id_filter')
        found = [
            _describe(call, one)
            for one in newest(grant.artifacts.current())
            if name in ('', one.name) and number in (None, one.id)
        ]
        return {'artifacts': found}

    async def _get_url(self, call: Call) -> Answer:
        grant, name = _of(call), call.text('name')
        parts = [one for one in grant.artifacts.current() if one.name == name]
        if not parts:
            raise Refused('not_found', f'there is no artifact "{name}"')
        files = [grant.artifacts.file(part.digest) for part in parts]
        if len(parts) > 1:
            download = await self._make(grant, parts, partial(self._shelves.join, files))
        elif parts[0].mime != ZIP and _wants_archives(call.client):
            sent = Sent(name, files[0], parts[0].size, False)
            download = await self._make(grant, parts, partial(self._shelves.pack, [sent]))
        else:
            download = Download(files[0], parts[0].mime, _called(parts[0]))
        leaf = 'artifact.zip' if download.mime == ZIP else 'artifact'
        return {'signed_url': call.grants.url(grant, download, leaf)}

    async def _make(
        self, grant: Grant, parts: Sequence[Artifact], make: Callable[[Path], object]
    ) -> Download:
        """An archive of what v3 merged, or around a single file for clients that know nothing
        else. Made once; it stays until the job ends."""
        which = tuple(part.id for part in parts)
        if which not in grant.made:
            new = self._shelves.scratch()
            try:
                await asyncio.to_thread(make, new)
                grant.refuse_revoked()
            except (UserError, Refused) as error:
                new.unlink(missing_ok=True)
                raise Refused('invalid_argument', str(error)) from None
            grant.made[which] = Download(new, ZIP, f'{parts[0].name}.zip')
        return grant.made[which]

    async def _delete(self, call: Call) -> Answer:
        grant, name = _of(call), call.text('name')
        identity = grant.artifacts.remove(name)
        if not identity:
            raise Refused('not_found', f'there is no artifact "{name}"')
        return {'ok': True, 'artifact_id': str(identity)}


class Upload(Blocks):
    """An artifact on its way. `identity` is its id once it is kept."""

    def __init__(self, path: Path, mime: str, expires: float) -> None:
        super().__init__(path, LARGEST)
        self.mime = mime
        self.expires = expires
        self.identity = 0


def _describe(call: Call, one: Artifact) -> Answer:
    """Without a digest where something else is going to be sent, as `_wrap` does."""
    told = {
        'workflow_run_backend_id': str(call.grant.job.run),
        'workflow_job_run_backend_id': call.grant.id,
        'database_id': str(one.id),
        'name': one.name,
        'size': str(one.size),
        'created_at': _text(one.created),
    }
    if one.mime == ZIP or not _wants_archives(call.client):
        told['digest'] = f'sha256:{one.digest}'
    return told


def _wants_archives(client: str) -> bool:
    """Before version 6 `@actions/artifact` unpacks whatever comes; what is no archive, for ever."""
    found = _CLIENT.match(client)
    return found is not None and int(found[1]) < 6


def _of(call: Call) -> Grant:
    """Who asks. He says himself for which run, which must not be another one."""
    run = call.text('workflow_run_backend_id')
    if run != str(call.grant.job.run):
        raise Refused('permission_denied', 'the token is for another run')
    return call.grant


def refuse_taken(grant: Grant, name: str) -> None:
    try:
        grant.artifacts.refuse_taken(name)
    except UserError:
        raise Refused('already_exists', _TAKEN) from None


def keep(grant: Grant, name: str, upload: Upload, files: int) -> int:
    """Its id. The job hears of it before whoever asked: it may end right after the answer."""
    grant.refuse_revoked()
    refuse_taken(grant, name)
    mime = ZIP if upload.mime in _ZIPS else upload.mime
    try:
        identity = grant.artifacts.adopt(
            name, upload.path, upload.digest, files, upload.expires, mime=mime
        )
    except UserError as error:
        raise Refused('invalid_argument', str(error)) from None
    grant.report(ArtifactStored(grant.job.key, name, upload.digest, upload.size, files))
    return identity


def _check(upload: Upload, size: int | None, digest: str) -> None:
    if size is not None and size != upload.size:
        raise Refused('invalid_argument', f'{upload.size:,} bytes have arrived, not {size:,}')
    if digest and digest != f'sha256:{upload.digest}':
        raise Refused('invalid_argument', f'what arrived is sha256:{upload.digest}, not {digest}')


def newest(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """One of each name."""
    return list({one.name: one for one in artifacts}.values())


def _called(one: Artifact) -> str:
    return f'{one.name}.zip' if one.mime == ZIP else one.name


def _text(moment: float) -> str:
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(moment))
