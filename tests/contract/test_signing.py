"""What a store promises about its key, and about what was signed with it."""

import asyncio
import json
import os
import stat
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from liftlock.errors import UserError
from liftlock.gates import envelopes
from liftlock.plan.provenance import Subject
from liftlock.store import attestations, runs, signing, tidy
from liftlock.store.attestations import RunAttestations, Source
from liftlock.store.database import Store
from liftlock.store.runs import Draft
from story import HEAD, request

DRAFT = Draft('o/r', 'ci.yml', 'CI', 'a change', 'push', 'refs/heads/main', 'abc', 'me')
REQUEST = request(HEAD + '  a: {runs-on: x, steps: [{run: x}]}\n')


def sign(store: Store, *subjects: Subject) -> attestations.Attestation:
    run, _ = runs.submit(store, DRAFT, '0-0-0', lambda run, number: f'{run}')
    signer = RunAttestations(store, run, Source(REQUEST, 'https://x/o/r', False, None, '1'))
    asyncio.run(signer.sign('a', subjects, 'https://x/kind', {'x': 1}))
    (one,) = attestations.listed(store, run)
    return one


def public(directory: Path) -> bytes:
    signing.open_key(directory)
    return signing.public_key(directory) or b''


# --- the key


def test_the_key_is_its_owner_s_alone(tmp_path: Path) -> None:
    assert signing.public_key(tmp_path) is None
    mask = os.umask(0)
    try:
        signing.open_key(tmp_path)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / signing.FILE).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [signing.FILE]


def test_the_key_is_made_once_however_many_want_the_first_one(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        found = set(pool.map(public, [tmp_path] * 16))
    assert len(found) == 1
    assert [file.name for file in tmp_path.iterdir()] == [signing.FILE]


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    signing.open_key(tmp_path)
    (tmp_path / signing.FILE).chmod(0o640)
    for use in (signing.open_key, signing.public_key):
        with pytest.raises(UserError, match='others on this machine may read the key'):
            use(tmp_path)


@pytest.mark.parametrize('content', [b'', b'hello', b'-----BEGIN PRIVATE KEY-----\n'])
def test_a_damaged_key_is_named_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / signing.FILE
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(UserError, match='holds no key'):
        signing.sign({}, tmp_path)
    assert file.read_bytes() == content


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    from envelopes import Signer

    (tmp_path / signing.FILE).write_bytes(Signer('p256').private)
    (tmp_path / signing.FILE).chmod(0o600)
    with pytest.raises(UserError, match='another kind'):
        signing.open_key(tmp_path)


# --- what was signed


def test_a_bundle_is_one_line_and_verified_by_the_public_half(tmp_path: Path) -> None:
    bundle = signing.sign({'größe': '€\n'}, tmp_path)
    assert '\n' not in bundle
    (found,) = envelopes.parse(bundle)
    assert json.loads(found.payload) == {'größe': '€\n'}
    assert envelopes.is_signed_by(found, envelopes.read_keys(public(tmp_path)))
    (tmp_path / 'other').mkdir()
    other = envelopes.read_keys(public(tmp_path / 'other'))
    assert not envelopes.is_signed_by(found, other)


def test_what_was_signed_is_found_by_each_of_its_subjects(store: Store) -> None:
    one = Subject('one.whl', f'sha256:{"1" * 64}')
    two = Subject('two.whl', f'sha512:{"2" * 128}')
    first, second = sign(store, one, two, one), sign(store, two)
    assert attestations.subjects(store, first) == [one, two]
    assert attestations.about(store, [one.digest]) == [first]
    assert attestations.about(store, [one.digest, two.digest]) == [second, first]
    assert attestations.about(store, [f'sha256:{"9" * 64}']) == []
    assert attestations.named(store, 'two.whl') == [two.digest]


def test_tidying_up_leaves_what_was_signed(store: Store) -> None:
    one = sign(store, Subject('one.whl', f'sha256:{"1" * 64}'))
    tidy.tidy(store, time.time() + 1000 * 24 * 3600)
    assert envelopes.parse(attestations.read(store, one))
