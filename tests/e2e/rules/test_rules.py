"""GitHub's rules, one file each: `<room>/<rule>.yml`. `playing` tells what stands in one."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import containers
from e2e.rules.playing import SCRIPT, Played, play, read
from liftlock.plan import facts as f

HERE = Path(__file__).parent
CASES = sorted(HERE.glob('*/*.yml'))
KEYS = {
    'rule', 'event', 'payload', 'ref', 'inputs', 'vars', 'secrets', 'env', 'debug', 'files',
    'actions', 'cancel', 'run', 'jobs', 'steps', 'prints', 'never', 'hidden', 'annotations',
    'summaries', 'outputs', 'title', 'messages', 'refused',
}  # fmt: skip


def _label(path: Path) -> str:
    return f'{path.parent.name}/{path.stem}'


@pytest.mark.parametrize('path', CASES, ids=_label)
def test_a_rule_of_github_holds(path: Path, tmp_path: Path) -> None:
    case = read(path)
    if 'using: node' in json.dumps(case.said) and shutil.which('node') is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('install Node.js')
        pytest.skip('install Node.js to run this')
    if containers.IMAGE in path.read_text():
        containers.docker()
    assert set(case.said) <= KEYS
    played = play(case, tmp_path)
    differences = list(_differences(case.said, played))
    assert not differences, '\n'.join([*differences, '', *played.seen.text()])


def _differences(said: dict[str, Any], played: Played) -> Iterator[str]:
    """What came out otherwise than it was said."""
    if 'refused' in said:
        yield from _compare('refused', list(said['refused']), list(played.refused))
        return
    yield from _compare('refused', (), played.refused)
    yield from _compare('run', said.get('run', 'success'), played.conclusion)
    if 'jobs' in said:
        yield from _compare('jobs', said['jobs'], played.jobs)
    for job, steps in _by_job(said.get('steps', {}), 'build').items():
        yield from _compare(f'steps of {job}', steps, played.steps(job or 'build'))
    yield from _missing_lines(said, played)
    yield from _unwanted(said, played)
    yield from _other_facts(said, played)


def _compare(what: str, wanted: object, found: object) -> Iterator[str]:
    if wanted != found:
        yield f'{what}:\n  wanted {wanted}\n  found  {found}'


def _by_job(said: Any, job: str | None) -> dict[Any, Any]:
    return said if isinstance(said, dict) else {job: said}


def _missing_lines(said: dict[str, Any], played: Played) -> Iterator[str]:
    for job, wanted in _by_job(said.get('prints', {}), None).items():
        lines = iter(played.seen.text(job))
        for line in wanted:
            if not any(_fits(str(line), printed) for printed in lines):
                yield f'prints: {line!r} is missing, or not in its order'
                break


def _fits(wanted: str, printed: str) -> bool:
    """`…` stands for anything."""
    if '…' not in wanted:
        return wanted == printed
    return bool(re.fullmatch('.*'.join(map(re.escape, wanted.split('…'))), printed))


def _unwanted(said: dict[str, Any], played: Played) -> Iterator[str]:
    printed = [line for line in played.seen.text() if not line.startswith((SCRIPT, '##[group]'))]
    yield from (f'never: {bad!r}' for bad in said.get('never', ()) if _in_any(bad, printed))
    everything = [played.seen.everything]
    yield from (f'hidden: {bad!r}' for bad in said.get('hidden', ()) if _in_any(bad, everything))


def _in_any(text: str, lines: list[str]) -> bool:
    return any(text in line for line in lines)


def _other_facts(said: dict[str, Any], played: Played) -> Iterator[str]:
    if 'annotations' in said:
        found = played.all(f.Annotated)
        wanted = said['annotations']
        shown = [_annotation(fact, wanted[at : at + 1]) for at, fact in enumerate(found)]
        yield from _compare('annotations', wanted, shown)
    if 'summaries' in said:
        found = [fact.markdown for fact in played.all(f.Summarized)]
        yield from _compare('summaries', said['summaries'], found)
    ends = {fact.job: fact for fact in played.all(f.JobFinished)}
    for job, wanted in said.get('outputs', {}).items():
        yield from _compare(f'outputs of {job}', wanted, dict(ends[job].outputs))
    for job, wanted in said.get('messages', {}).items():
        yield from _compare(f'message of {job}', wanted, ends[job].message)
    if 'title' in said:
        yield from _compare('title', said['title'], played.title)


def _annotation(fact: f.Annotated, like: list[Any]) -> Any:
    """In the form of what is wanted in its place."""
    if like and 'level' in like[0]:
        return {key: getattr(fact, key, None) for key in like[0]}
    return {fact.level: fact.message}
