"""docker/metadata-action, v2 and later: version, tags and labels of an image, from the event.

What the original asks GitHub of the repository is taken from the event; the licence and the
description are only known if that tells them.
"""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from liftlock.runner.actions.inputs import split_list
from liftlock.runner.actions.majors import major
from liftlock.runner.actions.metadata.facts import Facts
from liftlock.runner.actions.metadata.making import (
    Version,
    join_tags,
    make_labels,
    make_version,
    name_images,
    name_tags,
)
from liftlock.runner.actions.metadata.rules import parse_flavor, parse_images, parse_tags
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'context': 'workflow',
    'images': '',
    'tags': '',
    'flavor': '',
    'labels': '',
    'annotations': '',
    'sep-tags': '',
    'sep-labels': '',
    'sep-annotations': '',
    'bake-target': '',
    'github-token': '',
}


async def main(bench: Workbench) -> None:
    if major(bench.ref) == 1:
        raise StepFailed('docker/metadata-action@v1 had other inputs: use v5 or --real-actions')
    facts = await _read_facts(bench)
    images = name_images(parse_images(_lines(bench, 'images')))
    flavor = parse_flavor(_lines(bench, 'flavor'))
    version = make_version(parse_tags(_lines(bench, 'tags')), flavor, facts)
    for warning in version.warnings:
        bench.warning(warning)
    names = name_tags(version, flavor)
    repository = _describe(bench, facts.payload)
    labels = make_labels(version, facts, repository, _lines(bench, 'labels'))
    levels = (bench.env.get('DOCKER_METADATA_ANNOTATIONS_LEVELS') or 'manifest').split(',')
    own = make_labels(version, facts, repository, _lines(bench, 'annotations'))
    annotations = [f'{level}:{key}={text}' for level in levels for key, text in own.items()]
    _tell(bench, version, images, names, labels, annotations)


def _lines(bench: Workbench, name: str) -> list[str]:
    """Up to v5 a `#` begins a comment anywhere, from v6 on at the beginning of a line."""
    return split_list(bench.inputs[name], commas=False, comment='#', infix=major(bench.ref) < 6)


def _tell(
    bench: Workbench,
    version: Version,
    images: Sequence[str],
    names: Sequence[str],
    labels: Mapping[str, str],
    annotations: Sequence[str],
) -> None:
    if not version.main:
        bench.warning('No Docker image version has been generated. Check tags input.')
    tags = join_tags(images, names)
    if not tags:
        bench.warning('No Docker tag has been generated. Check tags input.')
    lines = [f'{key}={text}' for key, text in labels.items()]
    for title, shown in (('Docker tags', tags), ('Docker labels', lines)):
        bench.log(f'{title}:')
        for line in shown:
            bench.log(f'  {line}')
    everything = {'tags': tags, 'tag-names': names, 'labels': labels, 'annotations': annotations}
    arguments = {'DOCKER_META_IMAGES': ','.join(images)}
    if version.main:
        arguments['DOCKER_META_VERSION'] = version.main
    bakes: dict[str, Mapping[str, Any]] = {
        'bake-file-tags': {'tags': tags, 'args': arguments},
        'bake-file-labels': {'labels': labels},
        'bake-file-annotations': {'annotations': annotations},
        'bake-file': {'tags': tags, 'labels': labels, 'args': arguments},
    }
    outputs = {
        'version': version.main,
        'tags': (bench.inputs['sep-tags'] or '\n').join(tags),
        'tag-names': (bench.inputs['sep-tags'] or '\n').join(names),
        'labels': (bench.inputs['sep-labels'] or '\n').join(lines),
        'annotations': (bench.inputs['sep-annotations'] or '\n').join(annotations),
        'json': json.dumps(everything, separators=(',', ':'), ensure_ascii=False),
        **_write_bakes(bench, bakes),
    }
    exported = _is_true(bench.env.get('DOCKER_METADATA_SET_OUTPUT_ENV', 'true'))
    for name, text in outputs.items():
        bench.set_output(name, text)
        if exported:
            bench.export(
                f'DOCKER_METADATA_OUTPUT_{re.sub(r"[^0-9A-Za-z_]", "_", name).upper()}', text
            )


def _is_true(text: str) -> bool:
    return text in ('', '1', 't', 'T', 'true', 'TRUE', 'True')


def _write_bakes(bench: Workbench, bakes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    place = Path(tempfile.mkdtemp(prefix='docker-actions-toolkit-', dir=bench.temp))
    target = bench.inputs['bake-target'].strip() or 'docker-metadata-action'
    written = {}
    for name, content in bakes.items():
        file = place / f'docker-metadata-action-{name.replace("bake-file", "bake")}.json'
        text = json.dumps({'target': {target: content}}, indent=2, ensure_ascii=False)
        file.write_text(text, encoding='utf-8')
        written[name] = str(file)
    return written


# --- facts


async def _read_facts(bench: Workbench) -> Facts:
    payload = _event(bench)
    event, ref, sha = (str(bench.github.get(key) or '') for key in ('event_name', 'ref', 'sha'))
    source = bench.inputs['context'].strip() or 'workflow'
    if source == 'git':
        ref, sha = await _ask_git(bench)
    elif source != 'workflow':
        raise StepFailed(f'Invalid context source: {source}')
    elif 'pull_request_target' in event:
        ref = f'refs/pull/{int(payload.get("number") or 0)}/merge'
    if source == 'workflow' and 'true' in bench.env.get('DOCKER_METADATA_PR_HEAD_SHA', '').lower():
        head = (payload.get('pull_request') or {}).get('head') or {}
        sha = str(head.get('sha') or sha)
    now = datetime.now(UTC)
    return Facts(
        event=event,
        ref=ref,
        sha=sha,
        payload=payload,
        default_branch=str((payload.get('repository') or {}).get('default_branch') or ''),
        now=now,
        committed=await _read_commit_date(bench, payload, sha) or now,
        short=_read_length(bench),
    )


def _event(bench: Workbench) -> Mapping[str, Any]:
    event = bench.github.get('event')
    return event if isinstance(event, dict) else {}


def _read_length(bench: Workbench) -> int:
    text = bench.env.get('DOCKER_METADATA_SHORT_SHA_LENGTH', '')
    if text and not text.strip().isdecimal():
        raise StepFailed(f'DOCKER_METADATA_SHORT_SHA_LENGTH is not a valid number: {text}')
    return int(text or 7)


def _describe(bench: Workbench, payload: Mapping[str, Any]) -> dict[str, str]:
    known = payload.get('repository') or {}
    full = str(bench.github.get('repository') or '')
    server = str(bench.github.get('server_url') or 'https://github.com')
    return {
        'name': str(known.get('name') or full.rpartition('/')[2]),
        'description': str(known.get('description') or ''),
        'url': str(known.get('html_url') or f'{server}/{full}'),
        'license': str((known.get('license') or {}).get('spdx_id') or ''),
    }


async def _read_commit_date(
    bench: Workbench, payload: Mapping[str, Any], sha: str
) -> datetime | None:
    """Of the event; git is only asked where somebody wants to know."""
    for commit in (*(payload.get('commits') or ()), payload.get('head_commit') or {}):
        if commit.get('id') == sha and commit.get('timestamp'):
            return datetime.fromisoformat(str(commit['timestamp']))
    if not any('commit_date' in bench.inputs[name] for name in ('tags', 'labels', 'annotations')):
        return None
    try:
        text = await bench.capture('git', 'show', '-s', '--format=%cI', sha)
        return datetime.fromisoformat(text.strip())
    except (StepFailed, ValueError):
        return None


async def _ask_git(bench: Workbench) -> tuple[str, str]:
    """Ref and commit of what is checked out in the workspace."""
    sha = (await bench.capture('git', 'rev-parse', 'HEAD')).strip()
    branch = (await bench.capture('git', 'branch', '--show-current')).strip()
    if branch:
        return f'refs/heads/{branch}', sha
    shown = (await bench.capture('git', 'show', '-s', '--pretty=%D')).strip()
    names = [name.strip() for name in shown.removeprefix('grafted, ').split(', ')]
    if names[:1] != ['HEAD'] or len(names) < 2:
        raise StepFailed(f'Cannot find detached HEAD ref in "{shown}"')
    if names[1].startswith('tag: '):
        return f'refs/tags/{names[1].removeprefix("tag: ")}', sha
    if re.fullmatch(r'pull/\d+/(head|merge)', names[1]):
        return f'refs/{names[1]}', sha
    return f'refs/heads/{names[-1].partition("/")[2] if len(names) == 2 else names[2]}', sha
