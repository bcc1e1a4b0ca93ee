"""Caches by `@actions/cache`: version 4 and the latest speak v2, version 3 speaks v1."""

import asyncio
from pathlib import Path

import pytest

from liftlock.plan.event import from_payload
from liftlock.plan.trust import Scopes
from liftlock.store.caches import RunCaches
from toolkit.stage import Clients, Stage, facts_of

GENERATIONS = pytest.mark.parametrize('generation', ['v3', '', 'latest'])
MAIN = Scopes(('refs/heads/main',), 'refs/heads/main')


def fill(clients: Clients, text: str = 'stuff') -> Path:
    folder = clients.workspace / 'cached'
    folder.mkdir(exist_ok=True)
    (folder / 'file').write_text(text)
    return folder


@GENERATIONS
def test_a_cache_is_found_by_its_key_and_by_the_beginning_of_it(
    stage: Stage, clients: Clients, generation: str
) -> None:
    file = fill(clients) / 'file'
    saved, again, looked = clients.run(
        stage.job(),
        ('save', [['cached'], 'key-1']),
        ('save', [['cached'], 'key-1']),
        ('restore', [['cached'], 'key-1', [], {'lookupOnly': True}]),
        generation=generation,
    )
    assert saved > 0
    assert again == -1
    assert 'another job may be creating this cache' in clients.log
    assert looked == 'key-1'
    file.unlink()
    assert clients.run(
        stage.job(),
        ('restore', [['cached'], 'other', ['nothing', 'key-']]),
        ('restore', [['cached'], 'other', ['nothing']]),
        ('restore', [['elsewhere'], 'key-1']),
        generation=generation,
    ) == ['key-1', None, None]
    assert file.read_text() == 'stuff'


def test_all_generations_have_the_same_caches(stage: Stage, clients: Clients) -> None:
    """And so has the stand-in for actions/cache, which uses the store directly."""
    fill(clients)
    named = ('v3', 'v4', 'latest')
    clients.run(stage.job(), *[(f'save@{one}', [['cached'], f'by-{one}']) for one in named])
    found = clients.run(
        stage.job(),
        *[(f'restore@{one}', [['cached'], f'by-{other}']) for one in named for other in named],
    )
    assert found == [f'by-{other}' for _ in named for other in named]
    with stage.store.reading() as sql:
        ((version,),) = sql.execute('SELECT DISTINCT version FROM caches').fetchall()
    own = asyncio.run(RunCaches(stage.store, 'octo/demo', MAIN).find('by-v3', [], version))
    assert own is not None


@GENERATIONS
def test_whoever_may_only_read_is_told_so(stage: Stage, clients: Clients, generation: str) -> None:
    fill(clients)
    clients.run(stage.job(), ('save', [['cached'], 'key']))
    comment = from_payload(facts_of(), 'issue_comment', {})
    reader = stage.job(event=comment)
    assert reader.variables['ACTIONS_CACHE_MODE'] == 'read'
    assert clients.run(
        reader,
        ('save', [['cached'], 'poison']),
        ('restore', [['cached'], 'key']),
        generation=generation,
        ACTIONS_CACHE_MODE='',  # older clients don't know it; they hear it from the service
    ) == [-1, 'key']
    assert 'cache write denied' in clients.log
    with stage.store.reading() as sql:
        assert sql.execute('SELECT key FROM caches').fetchall() == [('key',)]


def test_a_branch_finds_what_the_default_branch_kept_and_not_the_other_way(
    stage: Stage, clients: Clients
) -> None:
    from liftlock.plan.event import push

    fill(clients)
    clients.run(stage.job(), ('save', [['cached'], 'of-main']))
    topic = stage.job(event=push(facts_of('topic')))
    assert clients.run(
        topic, ('save', [['cached'], 'of-topic']), ('restore', [['cached'], 'of-main'])
    ) == [2, 'of-main']
    assert clients.run(stage.job(), ('restore', [['cached'], 'of-topic'])) == [None]
