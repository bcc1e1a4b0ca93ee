"""What of ACTIONS_… reaches whom, with the services that really stand behind it."""

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fakes import Played, play
from liftlock.language.workflow import Permissions
from liftlock.plan.event import push
from liftlock.plan.facts import ArtifactStored, StepFinished
from liftlock.store import runs
from liftlock.store.database import open_store
from liftlock.store.shelves import StoreShelves
from liftlock.toolkit.services import RunServices, Services
from story import REPOSITORY

MINE = {'permissions': Permissions(scopes=(('id-token', 'write'),))}
ALL = (
    'ACTIONS_CACHE_MODE ACTIONS_CACHE_SERVICE_V2 ACTIONS_CACHE_URL ACTIONS_ORCHESTRATION_ID '
    'ACTIONS_RESULTS_URL ACTIONS_RUNTIME_TOKEN ACTIONS_RUNTIME_URL'
)
IDENTITY = 'ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL'
TELL = (
    "console.log(Object.keys(process.env).filter(n => n.startsWith('ACTIONS_')).sort().join(' '))"
)
STAGES = 'name: a\nruns: {using: node24, pre: pre.js, main: main.js, post: post.js}\n'
MAIN = 'name: a\nruns: {using: node24, main: main.js}\n'
UPLOAD = """
const { ACTIONS_RESULTS_URL: url, ACTIONS_RUNTIME_TOKEN: token } = process.env
const call = async (method, fields) => (await fetch(
  `${url}twirp/github.actions.results.api.v1.ArtifactService/${method}`,
  { method: 'POST', headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ workflow_run_backend_id: '1', name: 'page.txt', ...fields }) })).json()
;(async () => {
  const { signed_upload_url } = await call('CreateArtifact', { mime_type: 'text/plain' })
  await fetch(signed_upload_url, { method: 'PUT', body: 'some text' })
  console.log(JSON.stringify(await call('FinalizeArtifact', { size: '9' })))
})()
"""


@pytest.fixture(autouse=True)
def node() -> None:
    if shutil.which('node') is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('install Node.js')
        pytest.skip('install Node.js to run this')


@pytest.fixture
def world(tmp_path: Path) -> Iterator[dict[str, Any]]:
    store = open_store(tmp_path / 'state')
    draft = runs.Draft('octo/demo', 'ci.yml', 'CI', 'x', 'push', 'refs/heads/main', '1', 'mona')
    run, _ = runs.submit(store, draft, 'nobody', lambda run, number: f'{run}')
    services = Services(partial(StoreShelves, tmp_path / 'state'), tmp_path / 'state' / 'oidc')
    yield {'services': lambda: RunServices(services, run, push(REPOSITORY))}
    services.close()
    store.close()


def action(root: Path, name: str, text: str, **scripts: str) -> None:
    folder = root / 'actions' / name
    folder.mkdir(parents=True)
    (folder / 'action.yml').write_text(text)
    for stage, script in scripts.items():
        (folder / f'{stage}.js').write_text(script)


def told(played: Played) -> list[str]:
    return [line for _, line in played.lines if line.startswith('ACTIONS_')]


def test_javascript_actions_are_told_everything_in_every_stage(
    tmp_path: Path, world: dict[str, Any]
) -> None:
    action(tmp_path, 'octo/tell', STAGES, pre=TELL, main=TELL, post=TELL)
    played = play('- uses: octo/tell@v1', tmp_path, world=world)
    assert told(played) == [ALL] * 3


def test_so_are_those_inside_of_composite_actions(tmp_path: Path, world: dict[str, Any]) -> None:
    action(tmp_path, 'octo/tell', STAGES, pre=TELL, main=TELL, post=TELL)
    inner = 'name: a\nruns:\n  using: composite\n  steps:\n    - uses: octo/tell@v1\n'
    inner += '    - {shell: bash, run: "env | grep ^ACTIONS_ | sed s/=.*//"}\n'
    action(tmp_path, 'octo/outer', inner)
    played = play('- uses: octo/outer@v1', tmp_path, world=world)
    assert told(played) == [ALL, ALL, 'ACTIONS_ORCHESTRATION_ID', ALL]


def test_scripts_are_told_only_how_to_get_an_identity(
    tmp_path: Path, world: dict[str, Any]
) -> None:
    step = "- run: echo $(env | grep ^ACTIONS_ | sed 's/=.*//' | sort)"
    assert told(play(step, tmp_path, world=world)) == ['ACTIONS_ORCHESTRATION_ID']
    played = play(step, tmp_path / 'mine', world=world, plan=MINE)
    assert told(played) == [
        'ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ORCHESTRATION_ID'
    ]


def test_an_action_of_a_job_that_may_have_an_identity_is_told_that_too(
    tmp_path: Path, world: dict[str, Any]
) -> None:
    action(tmp_path, 'octo/tell', MAIN, main=TELL)
    (line,) = told(play('- uses: octo/tell@v1', tmp_path, world=world, plan=MINE))
    assert line.split() == sorted([*ALL.split(), *IDENTITY.split()])


def test_a_job_without_actions_starts_nothing(tmp_path: Path) -> None:
    def services() -> None:
        raise AssertionError('nobody needs them')

    played = play('- run: echo hello', tmp_path, world={'services': services})
    assert played.finished.conclusion == 'success'


def test_nothing_in_the_job_can_put_others_in_their_place(
    tmp_path: Path, world: dict[str, Any]
) -> None:
    action(tmp_path, 'octo/url', MAIN, main='console.log(process.env.ACTIONS_RESULTS_URL)')
    steps = """
- run: echo ACTIONS_RESULTS_URL=http://evil.example.org/ >> $GITHUB_ENV
- uses: octo/url@v1
  env: {ACTIONS_RESULTS_URL: http://evil.example.org/}
"""
    played = play(steps, tmp_path, world=world)
    (url,) = [line for _, line in played.lines if line.startswith('http:')]
    assert url.startswith('http://127.0.0.1:')


def test_tokens_are_never_shown(tmp_path: Path, world: dict[str, Any]) -> None:
    leak = "for (const n in process.env) if (n.endsWith('TOKEN')) console.log(n, process.env[n])"
    action(tmp_path, 'octo/leak', MAIN, main=leak)
    played = play('- uses: octo/leak@v1', tmp_path, world=world, plan=MINE)
    assert sorted(line for line in played.printed() if 'TOKEN' in line) == [
        'ACTIONS_ID_TOKEN_REQUEST_TOKEN ***',
        'ACTIONS_RUNTIME_TOKEN ***',
    ]


def test_an_artifact_is_a_fact_before_its_step_has_ended(
    tmp_path: Path, world: dict[str, Any]
) -> None:
    action(tmp_path, 'octo/upload', MAIN, main=UPLOAD)
    played = play('- uses: octo/upload@v1', tmp_path, world=world)
    assert played.printed() == ['{"ok":true,"artifact_id":"1"}']
    kinds = [type(fact) for fact in played.facts]
    assert kinds.index(ArtifactStored) < kinds.index(StepFinished)
    (fact,) = [fact for fact in played.facts if isinstance(fact, ArtifactStored)]
    assert (fact.job, fact.name, fact.size, fact.files) == ('build', 'page.txt', 9, 1)


def test_a_token_that_was_carried_away_is_worth_nothing_after_the_job(
    tmp_path: Path, world: dict[str, Any]
) -> None:
    taken = tmp_path / 'taken'
    take = (
        f"require('fs').writeFileSync('{taken}', process.env.ACTIONS_RESULTS_URL + '\\n' "
        '+ process.env.ACTIONS_RUNTIME_TOKEN)'
    )
    action(tmp_path, 'octo/take', MAIN, main=take)
    play('- uses: octo/take@v1', tmp_path, world=world)
    url, token = taken.read_text().split('\n')
    request = urllib.request.Request(
        f'{url}_apis/artifactcache/cache?keys=k&version=v',
        headers={'Authorization': f'Bearer {token}'},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    with refused.value as answer:
        assert answer.code == 401


@pytest.mark.parametrize('spared', ['', 'example.org'])
def test_no_proxy_is_asked_for_what_runs_here(
    tmp_path: Path, world: dict[str, Any], spared: str
) -> None:
    action(tmp_path, 'octo/proxy', MAIN, main='console.log(`[${process.env.NO_PROXY ?? ""}]`)')
    env = {'PATH': os.environ['PATH'], 'HTTP_PROXY': 'http://proxy.example.org:3128'}
    if spared:
        env['no_proxy'] = spared
    played = play('- uses: octo/proxy@v1', tmp_path, world={**world, 'host_env': env})
    assert f'[{spared},127.0.0.1]'.replace('[,', '[') in played.printed()


def test_what_users_say_of_proxies_stays_as_it_is_without_one(
    tmp_path: Path, world: dict[str, Any]
) -> None:
    action(tmp_path, 'octo/proxy', MAIN, main='console.log(`[${process.env.NO_PROXY ?? ""}]`)')
    assert '[]' in play('- uses: octo/proxy@v1', tmp_path, world=world).printed()
