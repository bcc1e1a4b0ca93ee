"""Tags and labels of an image, from the event."""

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.actions.bench import Bench
from e2e.actions.ground import Repository
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

SHA = '860c1904a1ce19322e91ac35af1ab07466440c37'
PUSH: dict[str, Any] = {
    'repository': 'acme/Shop',
    'server_url': 'https://github.com',
    'event_name': 'push',
    'ref': 'refs/heads/main',
    'sha': SHA,
    'event': {
        'repository': {
            'name': 'Shop',
            'html_url': 'https://github.com/acme/Shop',
            'description': None,
            'default_branch': 'main',
        },
        'head_commit': {'id': SHA, 'timestamp': '2024-05-06T07:08:09+02:00'},
    },
}


def step(
    root: Path,
    github: dict[str, Any] | None = None,
    uses: str = 'docker/metadata-action@v5',
    env: dict[str, str] | None = None,
    **inputs: str,
) -> Bench:
    world = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
    given = {key.replace('_', '-'): text for key, text in inputs.items()}
    return Bench(uses, root / 'job', world, given, env=env, github=github or PUSH)


def test_outputs_are_those_of_the_original_and_variables_too(tmp_path: Path) -> None:
    bench = step(tmp_path, images='ghcr.io/Acme/Shop', tags='type=ref,event=branch\ntype=sha')
    bench.main()
    assert bench.outputs['version'] == 'main'
    assert bench.outputs['tags'] == 'ghcr.io/acme/shop:main\nghcr.io/acme/shop:sha-860c190'
    assert bench.outputs['tag-names'] == 'main\nsha-860c190'
    labels = dict(line.split('=', 1) for line in bench.outputs['labels'].splitlines())
    assert labels['org.opencontainers.image.title'] == 'Shop'
    assert labels['org.opencontainers.image.revision'] == SHA
    assert labels['org.opencontainers.image.source'] == 'https://github.com/acme/Shop'
    shown = bench.outputs['annotations'].splitlines()
    assert shown[0].startswith('manifest:org.opencontainers.image.created=')
    everything = json.loads(bench.outputs['json'])
    assert everything['tags'] == bench.outputs['tags'].splitlines()
    assert everything['labels'] == labels
    assert everything['annotations'] == shown
    assert bench.exported['DOCKER_METADATA_OUTPUT_TAGS'] == bench.outputs['tags']
    assert bench.exported['DOCKER_METADATA_OUTPUT_BAKE_FILE'] == bench.outputs['bake-file']


def test_bake_files_hold_tags_labels_and_annotations(tmp_path: Path) -> None:
    bench = step(tmp_path, images='a/b', bake_target='app')
    bench.main()

    def read(name: str) -> Any:
        return json.loads(Path(bench.outputs[name]).read_text())['target']['app']

    tags = {
        'tags': ['a/b:main'],
        'args': {'DOCKER_META_IMAGES': 'a/b', 'DOCKER_META_VERSION': 'main'},
    }
    labels = {'labels': json.loads(bench.outputs['json'])['labels']}
    assert read('bake-file-tags') == tags
    assert read('bake-file-labels') == labels
    assert read('bake-file-annotations') == {
        'annotations': bench.outputs['annotations'].splitlines()
    }
    assert read('bake-file') == {**tags, **labels}


def test_separators_levels_and_variables_are_the_workflows(tmp_path: Path) -> None:
    env = {
        'DOCKER_METADATA_ANNOTATIONS_LEVELS': 'manifest,index',
        'DOCKER_METADATA_SET_OUTPUT_ENV': 'false',
        'DOCKER_METADATA_SHORT_SHA_LENGTH': '9',
    }
    bench = step(tmp_path, env=env, images='a,b', tags='type=sha', sep_tags=' ', sep_labels='|')
    bench.main()
    assert bench.outputs['tags'] == 'a:sha-860c1904a b:sha-860c1904a'
    assert bench.outputs['labels'].count('|') == 7
    assert len(bench.outputs['annotations'].splitlines()) == 16
    assert not bench.exported


def test_no_tag_is_a_warning(tmp_path: Path) -> None:
    bench = step(tmp_path, images='a', tags='type=semver,pattern={{version}}')
    bench.main()
    assert bench.outputs['tags'] == bench.outputs['version'] == ''
    assert bench.warnings == [
        'No Docker image version has been generated. Check tags input.',
        'No Docker tag has been generated. Check tags input.',
    ]


def test_a_comment_begins_in_a_line_up_to_v5(tmp_path: Path) -> None:
    tags = 'type=raw,value=a#b # why'
    old = step(tmp_path, images='x', tags=tags)
    old.main()
    new = step(tmp_path, uses='docker/metadata-action@v6', images='x', tags=tags)
    new.main()
    assert (old.outputs['version'], new.outputs['version']) == ('a', 'a-b-why')


def test_the_head_of_a_pull_request_if_it_is_asked_for(tmp_path: Path) -> None:
    head = 'a' * 40
    event = {**PUSH['event'], 'number': 7.0, 'pull_request': {'head': {'sha': head}}}
    github = PUSH | {'event_name': 'pull_request_target', 'event': event}
    env = {'DOCKER_METADATA_PR_HEAD_SHA': 'true'}
    bench = step(tmp_path, github, env=env, images='x', tags='type=ref,event=pr\ntype=sha')
    bench.main()
    assert bench.outputs['tag-names'] == 'pr-7\nsha-aaaaaaa'


def test_the_date_of_the_commit(tmp_path: Path) -> None:
    bench = step(tmp_path, tags="type=raw,value={{commit_date 'YYYYMMDD-HHmm'}}")
    bench.main()
    assert bench.outputs['tags'] == '20240506-0508'


@pytest.mark.parametrize(
    ('target', 'expected'),
    [('main', 'main'), ('v1.0', 'v1.0'), ('origin/dev', 'dev')],
)
def test_facts_of_what_is_checked_out(tmp_path: Path, target: str, expected: str) -> None:
    repository = Repository(tmp_path / 'job' / 'work')
    repository.commit('one')
    sha = repository.commit('two')
    repository.git('tag', 'v1.0', 'HEAD~')
    repository.git('update-ref', 'refs/remotes/origin/dev', 'HEAD')
    repository.git('checkout', '--quiet', '-b', 'other', 'HEAD~')
    repository.git('branch', '--force', 'main' if target == 'main' else 'gone', sha)
    if target != 'main':
        repository.git('branch', '--delete', '--force', 'main', 'gone')
    repository.git('checkout', '--quiet', target)
    if target == 'v1.0':
        repository.git('branch', '--delete', '--force', 'other')
    bench = step(tmp_path, context='git', tags='type=ref,event=branch\ntype=ref,event=tag')
    bench.main()
    assert bench.outputs['version'] == expected
    revision = f'revision={repository.git("rev-parse", "HEAD")}'
    assert revision in bench.outputs['labels']


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({'context': 'svn'}, 'Invalid context source: svn'),
        ({'tags': 'type=nope'}, 'Unknown tag type attribute: nope'),
    ],
)
def test_inputs_that_are_wrong(tmp_path: Path, inputs: dict[str, str], message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        step(tmp_path, **inputs).main()


def test_the_first_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match='use v5'):
        step(tmp_path, uses='docker/metadata-action@v1').main()
