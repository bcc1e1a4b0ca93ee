"""What pages show and do besides runs and deployments, by REST: the same, in words of programs."""

import html
import re
from collections.abc import Iterator

import pytest

from serving import Person, Project, Server, Site

OF = '/repositories/octo/shop'
CI = '.github/workflows/ci.yml'
TESTED = """
name: Tested
on: [push, workflow_dispatch]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: |
          mkdir out
          cat > out/junit.xml <<'XML'
          <testsuite name="shop">
            <testcase name="sells" time="0.5"/>
            <testcase name="ships"><failure message="lost">at sea</failure></testcase>
          </testsuite>
          XML
          echo hello > out/note.txt
      - uses: actions/upload-artifact@v4
        with: {name: report, path: out}
"""


@pytest.fixture(scope='module')
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A registered repository with a run that reported tests (number 1) and one that failed."""
    project = Project(tmp_path_factory.mktemp('shop'))
    project.write('.github/workflows/tested.yml', TESTED)
    project.git('add', '--all')
    project.git('commit', '--quiet', '--message', 'Test it')
    project.liftlock('run', 'workflow_dispatch', '-W', '.github/workflows/tested.yml')
    project.liftlock('run', 'workflow_dispatch', '-W', CI)
    project.liftlock('repository', 'add', 'octo/shop', '--url', str(project.directory))
    token = project.liftlock('token', 'create', 'admin', '--role', 'admin').strip()
    server = Server(project, '--jobs', '3')
    try:
        yield Site(server, token, '')
    finally:
        server.end()


# --- parts of a run


def test_a_timeline_tells_what_each_job_needed_and_which_made_it_long(shop: Site) -> None:
    told = shop.api('GET', '/runs/2/timeline').json
    assert (told['attempt'], [one['number'] for one in told['attempts']]) == (1, [1])
    jobs = {one['key']: one for one in told['jobs']}
    assert (jobs['build']['needs'], jobs['test[0]']['needs']) == ([], ['build'])
    assert jobs['build']['critical']
    assert jobs['build']['queued'] <= jobs['build']['started'] < jobs['build']['finished']
    assert 0 < told['path'] <= told['whole']
    assert shop.api('GET', '/runs/2/timeline?attempt=2').status == 404


def test_tests_are_told_failed_ones_first_page_by_page(shop: Site) -> None:
    first = shop.api('GET', '/runs/1/tests?limit=1').json
    assert first['counts'] == {'passed': 1, 'failed': 1, 'skipped': 0}
    (case,) = first['tests']
    assert (case['key'], case['state'], case['flaky']) == ('shop: ships', 'failed', False)
    assert [(one['run'], one['state']) for one in case['history']] == [(1, 'failed')]
    second = shop.api('GET', f'/runs/1/tests?limit=1&cursor={first["next"]}').json
    assert ([one['key'] for one in second['tests']], second['next']) == (['shop: sells'], None)
    passed = shop.api('GET', '/runs/1/tests?state=passed').json['tests']
    assert [one['seconds'] for one in passed] == [0.5]
    path = '/flaky?repository=octo/shop&workflow=.github/workflows/tested.yml'
    assert shop.api('GET', path).json == {'reports': 1, 'tests': []}


def test_an_annotation_is_found_in_the_log(shop: Site) -> None:
    notes = shop.api('GET', '/runs/2').json['annotations']
    note = notes[0]
    said = shop.api('GET', '/runs/2/annotations/0').json
    assert (said['job'], said['step']) == (note['job'], note['number'])
    found = shop.api('GET', f'/runs/2/search?job={note["job"]}&errors=true').json['hits']
    assert {'step': said['step'], 'line': said['line']} in found
    assert shop.api('GET', f'/runs/2/annotations/{len(notes)}').status == 404
    assert shop.api('GET', f'/runs/2/search?job={note["job"]}').status == 422


def test_the_workflow_file_is_told_as_it_was(shop: Site) -> None:
    told = shop.api('GET', '/runs/1/workflow').json
    assert told == {'path': '.github/workflows/tested.yml', 'text': TESTED}


def test_an_artifact_is_looked_into(shop: Site) -> None:
    (one,) = shop.api('GET', '/runs/1/artifacts').json['artifacts']
    inside = f'/runs/1/artifacts/{one["id"]}/files'
    entries = shop.api('GET', inside).json['entries']
    assert [entry['path'] for entry in entries] == ['junit.xml', 'note.txt']
    note = shop.api('GET', f'{inside}/note.txt')
    assert (note.text, note.headers['content-security-policy']) == ('hello\n', 'sandbox')
    assert shop.api('GET', f'{inside}/nothing').status == 404


# --- workflows and triggers


def test_workflows_that_have_run_are_told_with_how_they_do(shop: Site) -> None:
    told = {one['name']: one for one in shop.api('GET', '/workflows').json['workflows']}
    assert told['CI']['last'] == [{'run': 2, 'state': 'failure'}]
    assert (told['CI']['figures']['failed'], told['Tested']['figures']['succeeded']) == (1, 1)
    choices = shop.api('GET', '/choices').json
    assert (choices['repositories'], sorted(choices['name'])) == (['octo/shop'], ['CI', 'Tested'])
    days = shop.api('GET', '/metrics/days?days=2').json['days']
    assert sum(one['succeeded'] + one['failed'] for one in days) == 2


def test_what_has_never_run_is_found_and_can_be_started_from_its_page(shop: Site) -> None:
    project, person = shop.server.project, Person(shop.server, shop.token)
    path = '.github/workflows/rare.yml'
    project.write(path, TESTED.replace('name: Tested', 'name: Rare').replace('push', 'create'))
    project.write('.github/workflows/broken.yml', TESTED.replace('steps:', 'step:'))
    project.git('add', '--all')
    project.git('commit', '--quiet', '--message', 'Rarely')
    assert 'Rare' not in person.get('/workflows').text
    page = person.get('/workflows?repository=octo/shop').text
    assert 'GitHub would refuse it: line ' in page
    (address,) = re.findall(r'href="([^"]*rare[^"]*)">Start', page)
    assert 'Start on main' in person.get(html.unescape(address)).text
    project.git('reset', '--quiet', '--hard', 'HEAD~')


def test_a_workflow_is_disabled_and_enabled(shop: Site) -> None:
    def off() -> str:
        found = shop.api('GET', f'{OF}/workflows').json['workflows']
        return next(str(one['disabled']) for one in found if one['path'] == CI)

    assert off() == ''
    turned = shop.api('POST', f'{OF}/disable', {'workflow': CI})
    assert (turned.status, turned.json) == (200, {'workflow': CI, 'disabled': 'admin'})
    assert off() == 'admin'
    assert shop.api('POST', f'{OF}/enable', {'workflow': CI}).json['disabled'] == ''
    assert off() == ''
    viewer = shop.token_of('vera', 'viewer')
    assert shop.api('POST', f'{OF}/disable', {'workflow': CI}, viewer).status == 403


def test_settings_of_triggers_are_changed_one_by_one(shop: Site) -> None:
    before = shop.api('GET', f'{OF}/settings').json
    changed = shop.api('PATCH', f'{OF}/settings', {'badges': True}).json
    assert changed == {**before, 'badges': True}
    assert shop.api('PATCH', f'{OF}/settings', {'status_name': 'a\tb'}).status == 409
    assert shop.api('GET', f'{OF}/settings').json == changed
    assert shop.api('POST', f'{OF}/statuses/again').json == {'count': 0}
    assert shop.api('GET', '/statuses?troubled=true').json == {'statuses': []}
    assert shop.api('GET', f'{OF}/authors').json == {'authors': []}
    assert shop.api('DELETE', f'{OF}/authors/eve').status == 404
    assert shop.api('GET', '/schedules').json == {'schedules': []}
    assert shop.api('GET', '/events/held').json == {'events': []}


# --- people and the server


def test_accounts_have_links_and_grants(shop: Site) -> None:
    made = shop.api('POST', '/users', {'name': 'lisa', 'role': 'viewer'})
    assert made.status == 201
    link = shop.api('POST', '/users/lisa/link').json['link']
    assert link != made.json['link']
    assert 'lisa' in Person(shop.server).get(link).text
    assert Person(shop.server).get(made.json['link']).status == 404
    wanted = {'role': 'deployer', 'repository': 'octo/shop', 'environment': 'production'}
    assert shop.api('POST', '/users/lisa/grant', wanted).json == {'grants': [wanted]}
    assert shop.api('GET', '/users/LISA').json['grants'] == [wanted]
    assert shop.api('POST', '/users/lisa/ungrant', wanted).json == {'grants': []}
    assert shop.api('POST', '/users/lisa/ungrant', wanted).status == 409
    assert shop.api('POST', '/users/lisa/grant', {**wanted, 'role': 'developer'}).status == 409


def test_sessions_are_seen_and_ended_by_those_whose_they_are(shop: Site) -> None:
    mona = shop.token_of('mona', 'developer')
    somebody = Person(shop.server, mona)
    Person(shop.server, shop.token)
    assert somebody.get('/runs').status == 200
    (own,) = shop.api('GET', '/sessions', token=mona).json['sessions']
    every = shop.api('GET', '/sessions').json['sessions']
    assert {one['person'] for one in every} == {'admin', 'mona'}
    other = next(one['id'] for one in every if one['person'] == 'admin')
    assert shop.api('DELETE', f'/sessions/{other}', token=mona).status == 404
    assert shop.api('DELETE', f'/sessions/{own["id"]}', token=mona).status == 204
    assert somebody.get('/runs').status == 303


def test_the_audit_is_filtered_and_read_in_either_order(shop: Site) -> None:
    shop.api('POST', f'{OF}/disable', {'workflow': 'a.yml'})
    shop.api('POST', f'{OF}/enable', {'workflow': 'a.yml'})
    found = shop.api('GET', '/audit?what=workflow+enabled&text=A.YML').json
    assert [one['about'] for one in found['entries']] == ['octo/shop: a.yml']
    assert found['broken'] is None
    assert shop.api('GET', '/audit?who=nobody').json['entries'] == []
    newest = shop.api('GET', '/audit?limit=2&verify=true').json
    assert newest['broken'] == 0
    last, before = (one['seq'] for one in newest['entries'])
    oldest = shop.api('GET', f'/audit?after={before - 1}&limit=1').json
    assert [one['seq'] for one in oldest['entries']] == [before]
    path = f'/audit?after={before - 1}&limit=1&cursor={oldest["next"]}'
    assert [one['seq'] for one in shop.api('GET', path).json['entries']] == [last]


def test_what_the_server_was_started_with_is_for_admins(shop: Site) -> None:
    told = shop.api('GET', '/settings').json
    assert (told['database'], told['workers']) == ('sqlite', False)
    assert told['health']['database']['state'] == 'ok'
    assert shop.api('GET', '/settings', token=shop.token_of('mona', 'maintainer')).status == 403
    assert shop.api('GET', '/workers').json['slots'] == 3
    assert 'of 3 slots here' in Person(shop.server, shop.token).get('/runners').text


def test_who_asks_is_told_what_he_may_beyond_his_role(shop: Site) -> None:
    mia = shop.token_of('mia', 'viewer')
    words = ('user', 'grant', 'mia', 'maintainer', 'octo/shop')
    shop.server.project.liftlock(*words)
    told = shop.api('GET', '/whoami', token=mia).json
    assert told['grants'] == [{'role': 'maintainer', 'repository': 'octo/shop', 'environment': ''}]
