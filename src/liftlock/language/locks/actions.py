"""`.github/workflows/actions.lock`: which commit every action of every workflow stands for.

GitHub's format (schema v0.0.2 of github/actions-lockfile): a pin is `owner/repo@ref`, owner and
repo in lower case. `workflows` gives a workflow's pins, those of nested actions included;
`dependencies` gives each pin its commit and its own direct pins. A workflow that isn't named has
not been taken on, and runs as if there were no lock; one that is named may use nothing else.

`owner_id` and `repo_id` are GitHub's numbers, which only GitHub can tell. Here they are kept
where they are known and left out where they aren't; GitHub itself asks for them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from liftlock.language.locks import writing
from liftlock.language.locks.writing import BadLock, quote
from liftlock.language.records import NamedTuple

VERSION: Final = 'v0.0.2'
_KEYS: Final = frozenset({'workflows', 'dependencies'})
# Texts, because most runs read no lock: `re` compiles them when they are needed, and once.
_COMMIT: Final = r'sha1-[0-9a-f]{40}|sha256-[0-9a-f]{64}'
_PIN: Final = r'[^/@:\s]+/[^/@:\s]+@[^:\s]+'


class Pinned(NamedTuple):
    """What one pin stands for. `ids` are GitHub's numbers of owner and repository, or (0, 0)."""

    ref: str
    commit: str  # without the algorithm
    ids: tuple[int, int] = (0, 0)
    uses: tuple[str, ...] = ()


class Lock(NamedTuple):
    workflows: Mapping[str, tuple[str, ...]] = {}
    dependencies: Mapping[str, Pinned] = {}


def parse(text: str) -> Lock:
    """Raises BadLock, which says what is wrong."""
    content = writing.read(text, VERSION, _KEYS)
    dependencies = {
        _parse_pin(key): _parse_pinned(key, value)
        for key, value in writing.mapping(content, 'dependencies').items()
    }
    workflows = {
        str(path): tuple(_parse_pin(pin) for pin in writing.sequence(pins, str(path), 'pins'))
        for path, pins in writing.mapping(content, 'workflows').items()
    }
    return Lock(workflows, dependencies)


def render(lock: Lock) -> str:
    """The same lock gives the same bytes; texts are quoted, so that `1.0` stays a text."""
    lines = [writing.HEADER, f"version: '{VERSION}'\n", writing.workflows(lock.workflows)]
    if lock.dependencies:
        lines.append('dependencies:\n')
    for pin, pinned in sorted(lock.dependencies.items()):
        lines.append(f'    {quote(pin)}:\n{_render_pinned(pinned)}')
    return ''.join(lines)


def pins_of(lock: Lock, workflow: str) -> Mapping[str, str] | None:
    """`owner/repo@ref` → commit for one workflow; None if it has not been taken on."""
    if workflow not in lock.workflows:
        return None
    return {
        pin: lock.dependencies[pin].commit
        for pin in lock.workflows[workflow]
        if pin in lock.dependencies
    }


def compare(old: Lock, new: Lock) -> Sequence[str]:
    """What a new lock changes, a sentence each. Ids are no news."""
    return (
        *(f'{pin}: new, {new.dependencies[pin].commit}' for pin in _only(new, old)),
        *(f'{pin}: no longer used' for pin in _only(old, new)),
        *(
            f'{pin}: {old.dependencies[pin].commit} becomes {pinned.commit}'
            for pin, pinned in sorted(new.dependencies.items())
            if pin in old.dependencies and old.dependencies[pin].commit != pinned.commit
        ),
        *(
            f'{path}: its actions changed'
            for path in sorted({*old.workflows, *new.workflows})
            if _pins(old, path) != _pins(new, path)
        ),
    )


def _only(one: Lock, other: Lock) -> Iterable[str]:
    return sorted(set(one.dependencies) - set(other.dependencies))


def _pins(lock: Lock, path: str) -> list[str] | None:
    return sorted(lock.workflows[path]) if path in lock.workflows else None


def _render_pinned(pinned: Pinned) -> str:
    algorithm = 'sha1' if len(pinned.commit) == 40 else 'sha256'
    lines = [
        f'        ref: {quote(pinned.ref)}\n',
        f"        commit: '{algorithm}-{pinned.commit}'\n",
    ]
    if all(pinned.ids):
        lines.append(f'        owner_id: {pinned.ids[0]}\n        repo_id: {pinned.ids[1]}\n')
    if pinned.uses:
        lines.append('        uses:\n')
        lines.extend(f'            - {quote(pin)}\n' for pin in sorted(pinned.uses))
    return ''.join(lines)


def _parse_pin(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(_PIN, value):
        raise BadLock(f'"{value}" is no pin; owner/repo@ref was expected')
    name, _, ref = value.partition('@')
    return f'{name.lower()}@{ref}'


def _parse_pinned(pin: str, value: object) -> Pinned:
    if not isinstance(value, dict):
        raise BadLock(f'{pin}: a mapping was expected')
    commit = str(value.get('commit', ''))
    if not re.fullmatch(_COMMIT, commit):
        raise BadLock(f'{pin}: commit "{commit}" is not sha1-… or sha256-…')
    ids = (value.get('owner_id', 0), value.get('repo_id', 0))
    if not all(isinstance(number, int) for number in ids):
        raise BadLock(f'{pin}: owner_id and repo_id must be whole numbers')
    uses = writing.sequence(value.get('uses', []), f'{pin}: uses', 'pins')
    ref, digits = str(value.get('ref', '')), commit.partition('-')[2]
    return Pinned(ref, digits, ids, tuple(map(_parse_pin, uses)))
