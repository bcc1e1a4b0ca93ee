"""CacheService: caches of actions/cache v4 and later, and of setup actions (`@actions/cache` 4).

Create reserves a key and gives an address for the bytes, Finalize keeps what has arrived there.
Version 1 of the protocol does the same by other words; see `artifactcache`.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.toolkit.grants import Download, Grant, Grants
from liftlock.toolkit.ports import Shelves
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.twirp import Answer, Call, Method
from liftlock.toolkit.uploads import Blocks, Incoming

LARGEST: Final = 10 * 1024**3  # bytes, as on GitHub
LONGEST: Final = 512  # characters of a key or a version
MOST_KEYS: Final = 10
BYTES: Final = 'application/octet-stream'

# Clients look for the beginning of this to tell it from a key that somebody else is writing.
DENIED: Final = 'cache write denied: whoever starts such a run could poison the caches of others'
TAKEN: Final = 'cache entry with the same key, version, and scope already exists'


class CacheService:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self.methods: Mapping[str, Method] = {
            'CreateCacheEntry': self._create,
            'FinalizeCacheEntryUpload': self._finalize,
            'GetCacheEntryDownloadURL': self._get_url,
        }

    async def _create(self, call: Call) -> Answer:
        grant, key, version = call.grant, call.text('key'), call.text('version')
        check([key], version)
        if not grant.caches.writable:
            return {'ok': False, 'signed_upload_url': '', 'message': DENIED}
        if not reserve(call.grants, grant, key, version):
            raise Refused('already_exists', TAKEN)
        upload = Blocks(self._shelves.scratch(), LARGEST)
        grant.uploads['cache', key, version] = upload
        url = call.grants.url(grant, upload, 'cache')
        return {'ok': True, 'signed_upload_url': url}

    async def _finalize(self, call: Call) -> Answer:
        grant, key, version = call.grant, call.text('key'), call.text('version')
        upload = grant.uploads.get(('cache', key, version))
        if upload is None:
            raise Refused('not_found', 'no such cache is being uploaded')
        size = call.number('size_bytes')
        if not upload.digest or (size is not None and size != upload.size):
            raise Refused('invalid_argument', f'{upload.size:,} bytes have arrived, not {size}')
        del grant.uploads['cache', key, version]
        identity = keep(call.grants, grant, (key, version), upload)
        if identity is None:
            return {'ok': False, 'entry_id': '0', 'message': TAKEN}
        return {'ok': True, 'entry_id': str(identity)}

    async def _get_url(self, call: Call) -> Answer:
        grant, key, version = call.grant, call.text('key'), call.text('version')
        others = call.texts('restore_keys')
        check([key, *others], version)
        found = await grant.caches.find(key, others, version)
        if found is None:
            return {'ok': False, 'signed_download_url': '', 'matched_key': ''}
        matched, path = found
        url = call.grants.url(grant, Download(path, BYTES), 'cache')
        return {'ok': True, 'signed_download_url': url, 'matched_key': matched}


def check(keys: list[str], version: str) -> None:
    """Raises Refused for what can be no key, as clients do before they ask."""
    if len(keys) > MOST_KEYS:
        raise Refused('invalid_argument', f'at most {MOST_KEYS} keys can be looked for')
    for text in (*keys, version):
        if not 0 < len(text) <= LONGEST or ',' in text:
            raise Refused('invalid_argument', f'"{text[:LONGEST]}" can be no key of a cache')


def reserve(grants: Grants, grant: Grant, key: str, version: str) -> bool:
    """False where the key is there, or somebody is writing it. It stays reserved until it is
    kept, or its job has ended. Who asks again begins again."""
    grant.refuse_revoked()
    place = _place(grant, key, version)
    if grants.reserved.get(place, grant) is not grant or grant.caches.taken(key, version):
        return False
    before = grant.uploads.pop(('cache', key, version), None)
    if before is not None:
        before.discard()
    grants.reserved[place] = grant
    return True


def keep(grants: Grants, grant: Grant, names: tuple[str, str], upload: Incoming) -> int | None:
    """The id of what is kept, or None where somebody else was first. Raises Refused."""
    grant.refuse_revoked()
    identity = grant.caches.adopt(*names, upload.path, upload.digest)
    upload.discard()
    grants.reserved.pop(_place(grant, *names), None)
    return identity


def _place(grant: Grant, key: str, version: str) -> tuple[str, ...]:
    return grant.job.repository, grant.job.scopes.writes, key, version
