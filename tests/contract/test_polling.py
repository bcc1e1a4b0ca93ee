"""Repositories that nobody tells of are looked at; with real git, on both databases."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from liftlock.engine.triggers.polling import Move, Poller, Refs, compare, parse
from liftlock.store import polls, repositories
from liftlock.store.database import Store
from liftlock.store.repositories import Draft
from triggers import Stage, Taking

QUIET = {'GIT_CONFIG_GLOBAL': os.devnull, 'GIT_CONFIG_NOSYSTEM': '1'}
WHO = ('-c', 'user.name=Mona', '-c', 'user.email=mona@localhost')


class Desk:
    def __init__(self, store: Store, directory: Path) -> None:
        self.store = store
        self.work = directory / 'work'
        self.work.mkdir()
        self.git('init', '--quiet', '--initial-branch=main')
        self.commit('one')
        draft = Draft('octo/polled', str(self.work), branch='main', interval=60.0)
        self.one = repositories.add(store, draft, 'mona', directory / 'key')
        self.now = 1000.0
        self.taking = Taking()
        self.begin()

    def begin(self) -> None:
        self.poller = Poller(self.store, self.taking, lambda one: '', lambda: self.now, lambda: 0.5)

    def git(self, *words: str) -> str:
        return subprocess.run(
            ('git', *WHO, *words), cwd=self.work, env={**os.environ, **QUIET}, check=True,
            stdout=subprocess.PIPE, text=True,
        ).stdout.strip()  # fmt: skip

    def commit(self, message: str) -> str:
        self.git('commit', '--quiet', '--allow-empty', '--message', message)
        return self.git('rev-parse', 'HEAD')

    async def once(self) -> None:
        self.poller.look()
        await self.poller.errands.rest()

    def look(self) -> list[tuple[str, str]]:
        """What was taken in by this look: (ref, new commit)."""
        self.now += 61
        before = len(self.taking.taken)
        asyncio.run(self.once())
        new = list(self.taking.taken.values())[before:]
        return [(str(one.payload['ref']), str(one.payload['after'])) for one in new]


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def test_the_first_look_only_remembers(desk: Desk) -> None:
    assert desk.look() == []
    assert polls.refs(desk.store, desk.one.id) == {'refs/heads/main': desk.git('rev-parse', 'main')}


def test_what_was_pushed_since_is_taken_in_once(desk: Desk) -> None:
    desk.look()
    new = desk.commit('two')
    desk.git('branch', 'side')
    desk.git('tag', 'v1')
    assert desk.look() == [
        ('refs/heads/main', new),
        ('refs/heads/side', new),
        ('refs/tags/v1', new),
    ]
    assert desk.look() == []


def test_nobody_looks_before_it_is_time(desk: Desk) -> None:
    desk.look()
    desk.commit('two')
    desk.now -= 30
    asyncio.run(desk.once())
    assert desk.taking.taken == {}


def test_a_branch_that_moves_there_and_back_and_there_again_is_three_pushes(desk: Desk) -> None:
    desk.look()
    old, new = desk.git('rev-parse', 'main'), desk.commit('two')
    assert desk.look() == [('refs/heads/main', new)]
    desk.git('reset', '--quiet', '--hard', old)
    assert desk.look() == [('refs/heads/main', old)]
    desk.git('reset', '--quiet', '--hard', new)
    assert desk.look() == [('refs/heads/main', new)]


def test_who_is_killed_in_the_middle_of_a_look_repeats_it_under_the_same_names(
    desk: Desk,
) -> None:
    desk.look()
    was = polls.of(desk.store, desk.one.id), polls.refs(desk.store, desk.one.id)
    desk.commit('two')
    desk.look()
    polls.saw(desk.store, *was)  # as if it had not been written
    desk.begin()
    assert desk.look() == []
    assert len(desk.taking.asked) == 2
    assert len(desk.taking.taken) == 1


def test_what_a_webhook_has_brought_is_not_taken_in_again(desk: Desk, tmp_path: Path) -> None:
    desk.look()
    new = desk.commit('two')
    stage = Stage(desk.store, tmp_path)
    stage.repository = desk.one
    stage.pushed(sha=new)
    assert desk.look() == []


def test_a_deleted_branch_is_told_as_such(desk: Desk) -> None:
    desk.git('branch', 'side')
    desk.look()
    desk.git('branch', '--delete', '--quiet', 'side')
    assert desk.look() == [('refs/heads/side', '0' * 40)]
    assert list(desk.taking.taken.values())[-1].payload['deleted'] is True
    assert desk.look() == []


def test_what_could_not_be_taken_in_is_brought_again(desk: Desk) -> None:
    desk.look()
    new = desk.commit('two')
    desk.taking.status = 'failed'
    desk.look()
    desk.taking.status = 'done'
    assert desk.look() == [('refs/heads/main', new)]
    assert desk.look() == []


def test_a_repository_that_is_away_is_asked_later_and_later_and_its_trouble_is_told(
    desk: Desk,
) -> None:
    desk.look()
    desk.work.rename(desk.work.with_name('away'))
    desk.look()
    poll = polls.of(desk.store, desk.one.id)
    assert 'git cannot reach octo/polled' in poll.trouble
    assert (poll.failures, poll.due - desk.now) == (1, 60.0)
    desk.look()
    assert polls.of(desk.store, desk.one.id).due - desk.now == 120.0
    desk.work.with_name('away').rename(desk.work)
    desk.now += 120
    desk.look()
    assert polls.of(desk.store, desk.one.id).trouble == ''


def test_branches_come_before_tags() -> None:
    was = {'refs/heads/a': '1', 'refs/heads/gone': '2'}
    now = {'refs/tags/v1': '3', 'refs/heads/a': '1', 'refs/heads/z': '4'}
    nothing = '0' * 40
    assert compare(was, now) == [
        Move('refs/heads/gone', '2', nothing),
        Move('refs/heads/z', nothing, '4'),
        Move('refs/tags/v1', nothing, '3'),
    ]


def test_the_commit_of_an_annotated_tag_is_known() -> None:
    one, two = 'a' * 40, 'b' * 40
    text = f'{one}\trefs/tags/v1\n{two}\trefs/tags/v1^{{}}\nwarning: something\n'
    assert parse(text) == Refs({'refs/tags/v1': one}, {'refs/tags/v1': two})
