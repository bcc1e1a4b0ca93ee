"""Commands with `--server` print what they print beside the store, from a machine that has none."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import postgres
from serving import LIFTLOCK, Project, Server, Site


class Ended(NamedTuple):
    status: int
    out: str
    err: str


class Elsewhere:
    """Another machine, in a clone of the project: it knows the server and a token."""

    def __init__(self, site: Site, directory: Path, token: str = '') -> None:
        self.project = site.server.project
        homes = ('XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME')
        self.env = {
            **os.environ,
            **{name: str(directory / name.lower()) for name in homes},
            'NO_COLOR': '1',
            'LIFTLOCK_SERVER': site.server.address,
            'LIFTLOCK_TOKEN': token or site.token,
        }

    def say(self, *words: str, given: str = '', **env: str) -> Ended:
        done = subprocess.run(
            (*LIFTLOCK, *words),
            cwd=self.project.directory,
            env={**self.env, **env},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def elsewhere(site: Site, tmp_path: Path) -> Elsewhere:
    return Elsewhere(site, tmp_path)


@pytest.mark.parametrize(
    'words',
    [
        ('runs',),
        ('runs', '--json', '-n', '1'),
        ('show', '1'),
        ('logs', '1', '--failed', '--timestamps'),
        ('logs', '1', '--follow', '--job', 'build', '--raw'),
        ('artifacts', 'last'),
        ('artifacts', 'last', '--json'),
        ('status',),
        ('deployments',),
        ('secret', 'list'),
        ('variable', 'list', '--json'),
        ('metrics',),
        ('repository', 'list'),
        ('user', 'list', '--json'),
        ('audit', 'export', '--json'),
        ('audit', 'verify'),
    ],
    ids=' '.join,
)
def test_the_same_is_printed(site: Site, elsewhere: Elsewhere, words: tuple[str, ...]) -> None:
    told = elsewhere.say(*words)
    assert told == (0, site.server.project.liftlock(*words), '')
    assert not Path(elsewhere.env['XDG_STATE_HOME']).exists()


def test_secrets_and_variables_are_kept_by_the_server(site: Site, elsewhere: Elsewhere) -> None:
    assert elsewhere.say('secret', 'set', 'api_key', given='hunter2\n').status == 0
    assert elsewhere.say('variable', 'set', 'COLOUR', 'blue', '--env', 'production').status == 0
    assert elsewhere.say('variable', 'get', 'colour', '--env', 'production').out == 'blue\n'
    for words in (('secret', 'list'), ('secret', 'list', '--history'), ('variable', 'list')):
        assert elsewhere.say(*words).out == site.server.project.liftlock(*words)
    assert 'hunter2' not in site.api('GET', '/repositories/octo/shop/secrets').text
    assert elsewhere.say('secret', 'remove', 'api_key').status == 0
    assert elsewhere.say('variable', 'remove', 'COLOUR', '--env', 'production').status == 0
    assert elsewhere.say('secret', 'remove', 'api_key').status == 2


def test_what_every_repository_gets_is_set_by_the_server(site: Site, elsewhere: Elsewhere) -> None:
    assert elsewhere.say('variable', 'set', 'REGION', 'north', '--repo', '*').status == 0
    for words in (
        ('variable', 'list', '--repo', '*'),
        ('variable', 'get', 'REGION', '--repo', '*'),
    ):
        assert elsewhere.say(*words) == (0, site.server.project.liftlock(*words), '')
    assert elsewhere.say('variable', 'remove', 'REGION', '--repo', '*').status == 0


def test_repositories_are_registered_changed_and_removed(site: Site, elsewhere: Elsewhere) -> None:
    words = ('repository', 'add', 'octo/tools', '--url', 'https://example.org/octo/tools.git')
    added = elsewhere.say(*words, '--forge', 'gitea')
    assert (added.status, 'octo/tools is registered as number' in added.out) == (0, True), added
    assert re.search(r'secret +[\w-]{40,}\n', added.out), added
    assert elsewhere.say(*words).status == 2
    beside = site.server.project.liftlock
    for words in (('repository', 'show', 'octo/tools'), ('repository', 'list', '--json')):
        assert elsewhere.say(*words) == (0, beside(*words), '')
    changed = elsewhere.say('repository', 'set', 'octo/tools', '--branch', 'next', '--inactive')
    assert changed.out == 'octo/tools is changed.\n', changed
    (one,) = json.loads(elsewhere.say('repository', 'list', '--json').out)
    assert (one['branch'], one['active'], one['forge'], one['signed']) == (
        'next', False, 'gitea', True
    )  # fmt: skip
    removed = elsewhere.say('repository', 'remove', 'octo/tools')
    assert removed.out == 'octo/tools is registered no more.\n', removed
    gone = elsewhere.say('repository', 'show', 'octo/tools')
    assert (gone.status, 'octo/tools' in gone.err) == (2, True), gone


def test_admins_see_to_accounts_from_elsewhere(site: Site, elsewhere: Elsewhere) -> None:
    added = elsewhere.say('user', 'add', 'lisa', '--role', 'viewer')
    assert added.out.startswith(f'{site.server.address}/login/new/'), added
    assert elsewhere.say('user', 'role', 'lisa', 'developer').out == 'lisa is a developer now.\n'
    granted = elsewhere.say('user', 'grant', 'lisa', 'deployer', 'octo/shop:production')
    assert granted.out == 'lisa is now deployer of octo/shop:production.\n', granted
    misspelt = elsewhere.say('user', 'grant', 'lisa', 'deployer', 'octo/shpo:production')
    assert 'no repository "octo/shpo" is known yet (did you mean "octo/shop"?)' in misspelt.err
    words = ('user', 'list')
    assert elsewhere.say(*words).out == site.server.project.liftlock(*words)
    assert 'deployer of octo/shop:production' in elsewhere.say(*words).out
    assert elsewhere.say('user', 'reset', 'lisa').out != added.out
    disabled = elsewhere.say('user', 'disable', 'LISA')
    assert disabled.out == 'lisa is logged out, and disabled.\n', disabled
    refused = elsewhere.say('user', 'reset', 'lisa', '--password-stdin', given='secret\n')
    assert (refused.status, 'no password is sent' in refused.err) == (2, True), refused
    mona = site.token_of('mona', 'maintainer')
    refused = elsewhere.say('user', 'list', LIFTLOCK_TOKEN=mona)
    assert (refused.status, 'may not do this' in refused.err) == (2, True), refused


def test_an_audit_that_is_known_is_verified_from_elsewhere(elsewhere: Elsewhere) -> None:
    known = elsewhere.say('audit', 'verify').out.splitlines()[-1]
    assert elsewhere.say('variable', 'set', 'SIZE', 'small').status == 0
    assert elsewhere.say('audit', 'verify', '--since', known).status == 0
    number = known.partition(':')[0]
    other = elsewhere.say('audit', 'verify', '--since', f'{number}:{"0" * 64}')
    assert (other.status, 'was written anew' in other.out) == (1, True), other
    (entry,) = map(json.loads, elsewhere.say('audit', 'export', '--after', number, '--json').out
                   .splitlines())  # fmt: skip
    assert (entry['what'], entry['about']) == ('variable set', 'octo/shop')


def test_a_server_without_workers_says_so(elsewhere: Elsewhere) -> None:
    told = elsewhere.say('workers')
    assert (told.status, 'has no workers' in told.err) == (2, True), told
    assert elsewhere.say('workers', '--drain', 'nobody').status == 2


def test_workers_are_listed_and_drained_from_elsewhere(
    tmp_path: Path, eventually: Callable[[Callable[[], object]], None]
) -> None:
    project = Project(tmp_path)
    project.homes['LIFTLOCK_DATABASE'] = postgres.shared().database()
    token = project.liftlock('token', 'create', 'admin', '--role', 'admin').strip()
    worker = project.start('worker', '--slots', '1', '--labels', 'gpu')
    server = None
    try:
        server = Server(project)
        elsewhere = Elsewhere(Site(server, token, ''), tmp_path / 'else')

        def shown() -> Any:
            return json.loads(elsewhere.say('workers', '--json').out)

        eventually(lambda: shown()['workers'])
        (one,) = shown()['workers']
        beside = json.loads(project.liftlock('workers', '--json'))
        assert ({**one, 'seen': 0}, shown()['queue']) == (
            {**beside['workers'][0], 'seen': 0}, beside['queue']
        )  # fmt: skip
        drained = elsewhere.say('workers', '--drain', one['id'])
        assert 'draining: somebody asked for it' in drained.out, drained
        assert elsewhere.say('workers', '--drain', 'nobody').status == 2
        assert 'ready' in elsewhere.say('workers', '--undrain', one['id']).out
    finally:
        worker.terminate()
        worker.communicate(timeout=60)
        if server is not None:
            server.end()


def test_artifacts_are_fetched_whole(elsewhere: Elsewhere, tmp_path: Path) -> None:
    told = elsewhere.say('artifacts', '1', '--download', 'dist', '--to', str(tmp_path / 'got'))
    assert told.status == 0, told.err
    assert (tmp_path / 'got' / 'app').read_text() == 'app\n'


def test_a_run_is_started_again_and_watched(elsewhere: Elsewhere) -> None:
    before = json.loads(elsewhere.say('show', '1', '--json').out)['attempt']
    told = elsewhere.say('rerun', '1', '--failed')
    assert told.status == 1
    assert f'Run 1: CI, attempt {before + 1}.' in told.out
    assert 'line 1200' in told.out
    facts = [json.loads(line) for line in elsewhere.say('rerun', '1', '--json').out.splitlines()]
    assert (facts[0]['kind'], facts[-1]['kind']) == ('RunRestarted', 'RunFinished')


def test_a_workflow_is_dispatched_on_a_registered_repository(
    site: Site, elsewhere: Elsewhere
) -> None:
    refused = elsewhere.say('dispatch', 'ci.yml')
    assert (refused.status, 'not registered' in refused.err) == (2, True)
    directory = str(site.server.project.directory)
    site.server.project.liftlock('repository', 'add', 'octo/shop', '--url', directory)
    told = elsewhere.say('dispatch', 'ci.yml')
    assert (told.status, 'CI on refs/heads/main of octo/shop' in told.out) == (1, True), told
    assert elsewhere.say('dispatch', 'no.yml').status == 2
    key = {'authorization': f'Bearer {site.token}', 'idempotency-key': 'click'}
    body = json.dumps({'workflow': 'ci.yml'})
    path = '/api/v1/repositories/octo/shop/dispatch'
    first = site.server.ask('POST', path, body, key)
    again = site.server.ask('POST', path, body, key)
    assert (first.status, again.text) == (202, first.text)
    assert again.headers['idempotency-replayed'] == 'true'
    (run,) = first.json['runs']
    elsewhere.say('cancel', str(run))
    elsewhere.say('logs', str(run), '--follow')


def test_somebody_logs_in_once_and_is_known(site: Site, elsewhere: Elsewhere) -> None:
    unknown = elsewhere.say('runs', LIFTLOCK_TOKEN='')
    assert (unknown.status, 'liftlock login' in unknown.err) == (2, True)
    assert 'is not good' in elsewhere.say('login', given='llt_x\n', LIFTLOCK_TOKEN='').err
    told = elsewhere.say('login', given=f'{site.token}\n', LIFTLOCK_TOKEN='')
    assert 'knows you as admin' in told.out
    assert elsewhere.say('runs', LIFTLOCK_TOKEN='').status == 0
    (file,) = Path(elsewhere.env['XDG_CONFIG_HOME']).rglob('servers.json')
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_is_said_with_what_to_do(site: Site, elsewhere: Elsewhere) -> None:
    away = elsewhere.say('runs', LIFTLOCK_SERVER='http://127.0.0.1:1')
    assert (away.status, 'cannot reach' in away.err) == (3, True)
    reads = site.server.project.liftlock('token', 'create', 'm', '--scope', 'runs:read').strip()
    refused = elsewhere.say('cancel', '1', LIFTLOCK_TOKEN=reads)
    assert (refused.status, 'no scope runs:write' in refused.err) == (2, True)
    assert elsewhere.say('show', '999').status == 2
    plain = site.server.address.replace('http://', 'https://')
    assert 'TLS' in elsewhere.say('runs', LIFTLOCK_SERVER=plain).err


# --- deliveries


def commit(project: Project, text: str) -> None:
    """Of which the server has had a run."""
    project.write('index.html', text)
    project.git('add', '--all')
    project.git('commit', '--quiet', '--message', text)
    project.liftlock('run')


def test_a_canary_is_delivered_and_taken_back_from_elsewhere(
    delivered: Site, tmp_path: Path, eventually: Callable[[Callable[[], object]], None]
) -> None:
    project = delivered.server.project
    admin = Elsewhere(delivered, tmp_path / 'else')
    mona = Elsewhere(delivered, tmp_path / 'else', delivered.token_of('mona', 'maintainer'))

    def standing(who: Elsewhere = admin) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(who.say('status', 'production', '--json').out)
        return found

    commit(project, 'one')
    asked = admin.say('deploy')
    assert (asked.status, 'Approve:' in asked.out) == (0, True), asked
    refused = admin.say('approve', '--yes')
    assert (refused.status, 'is not asked about' in refused.err) == (2, True), refused
    approved = mona.say('approve', 'production', '--yes', '--comment', 'good')
    assert 'may go to production' in approved.out, approved
    eventually(lambda: standing()['state'] == 'healthy')

    commit(project, 'two')
    asked = admin.say('deploy', '--no-follow', '--json')
    assert json.loads(asked.out) == {'environment': 'production', 'number': 2}
    approved = mona.say('approve', '--number', '2', '--yes')
    assert '1 commit since' in approved.out, approved
    eventually(lambda: standing()['state'] == 'paused')
    beside = json.loads(project.liftlock('status', 'production', '--json'))
    for field in ('version', 'deploying', 'traffic', 'address', 'queue', 'watched'):
        assert standing()[field] == beside[field], field

    promoted = admin.say('promote')
    assert promoted.status == 0, promoted
    back = admin.say('rollback', '--reason', 'it was better')
    assert back.status == 0, back
    eventually(lambda: standing()['state'] == 'healthy')
    assert standing()['version']['id'] == beside['version']['id']
    assert 'rollback' in admin.say('deployments', 'production').out
    told = json.loads(admin.say('deployments', '--json').out)
    assert told == json.loads(project.liftlock('deployments', '--json'))
    assert [one['number'] for one in told] == [3, 2, 1]
    assert admin.say('abort').status == 2

    vi = Elsewhere(delivered, tmp_path / 'else', delivered.token_of('vi', 'developer'))
    refused = vi.say('down', 'production')
    assert (refused.status, 'vi is a developer' in refused.err) == (2, True), refused
    assert standing()['state'] == 'healthy'
    down = mona.say('down', '--reason', 'sold out')
    assert (down.status, down.out) == (0, 'production is down\n'), down
    eventually(lambda: standing()['state'] == 'down')
    assert not standing()['instances']
    project.liftlock('down', 'production', '--reason', 'once more')  # beside the store
    audit = admin.say('audit', 'export').out
    for told in ('taken down', 'sold out', 'once more'):
        assert told in audit, told
