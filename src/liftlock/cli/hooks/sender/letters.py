"""What is told of a push, and what the hook has been told when it was installed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ZERO = '0'


class Settings(NamedTuple):
    """`name` is what the server calls the repository. `gate` are patterns of branches whose pushes
    wait for a green merge group, so many `minutes`."""

    server: str
    repository: int
    name: str
    secret: str
    gate: tuple[str, ...] = ()
    minutes: float = 30.0


class Change(NamedTuple):
    old: str
    new: str
    ref: str

    @property
    def removed(self) -> bool:
        return not self.new.strip(ZERO)

    @property
    def branch(self) -> str:
        return self.ref[11:] if self.ref.startswith('refs/heads/') else ''

    @property
    def short(self) -> str:
        return self.ref.split('/', 2)[-1]


class Letter(NamedTuple):
    """`body` is what is signed and sent, to the byte."""

    delivery: str
    event: str
    body: str


def read_settings(home: Path) -> Settings:
    told = json.loads((home / 'settings.json').read_text())
    return Settings(
        told['server'].rstrip('/'),
        int(told['repository']),
        told['name'],
        told['secret'],
        tuple(told.get('gate', ())),
        float(told.get('minutes', 30.0)),
    )


def changes(lines: Sequence[str]) -> list[Change]:
    """Branches and tags; of other refs nothing is told."""
    found = [Change(*line.split(' ', 2)) for line in lines if line.count(' ') >= 2]
    return [one for one in found if one.ref.startswith(('refs/heads/', 'refs/tags/'))]


def push(change: Change, user: str, name: str) -> Letter:
    """As GitHub would tell it, but for what the server finds out by itself: the commits."""
    body = {
        'ref': change.ref,
        'before': change.old,
        'after': change.new,
        'created': not change.old.strip(ZERO),
        'deleted': change.removed,
        'pusher': {'name': user},
        'sender': {'login': user},
        'repository': {'full_name': name},
    }
    return Letter(str(uuid.uuid4()), 'push', json.dumps(body))


def merge_group(change: Change, user: str, name: str) -> Letter:
    queue = f'refs/heads/gh-readonly-queue/{change.branch}/{change.new[:12]}'
    group = {
        'head_sha': change.new,
        'head_ref': queue,
        'base_sha': change.old,
        'base_ref': change.ref,
    }
    body = {
        'action': 'checks_requested',
        'merge_group': group,
        'sender': {'login': user},
        'repository': {'full_name': name},
    }
    return Letter(str(uuid.uuid4()), 'merge_group', json.dumps(body))
