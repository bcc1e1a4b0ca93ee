from typing import Any

import pytest

from liftlock.plan import facts as f
from liftlock.plan import provenance
from liftlock.plan.event import Event
from liftlock.plan.plan import Request
from liftlock.plan.provenance import Build, Subject
from liftlock.plan.repository import uri

SHA, COMMIT, DIGEST = 'a' * 40, 'b' * 40, f'sha256:{"c" * 64}'
CALLED = 'acme/flows/.github/workflows/x.yml@v2'
EVENT = Event(
    'push',
    {'repository': {'id': 7.0, 'owner': {'id': 8.0}}},
    'refs/heads/main',
    SHA,
    'acme/shop',
    'ada',
)
REQUEST = Request(EVENT, '.github/workflows/ci.yml', {'.github/workflows/ci.yml': ''}, 3, 1)


def build(*facts: f.Fact, **more: Any) -> Build:
    stamped = [f.Stamped(n, 3, 1000.0 + n, fact) for n, fact in enumerate(facts)]
    repository = 'https://git.example.org/acme/shop'
    made = Build(3, 1, 'd' * 64, REQUEST, stamped, repository, version='9.9')
    return made._replace(**more)


def test_a_statement_names_each_subject_with_its_digest() -> None:
    made = provenance.statement([Subject('app.whl', DIGEST)], 'https://x/y', {'z': 1})
    assert made == {
        '_type': 'https://in-toto.io/Statement/v1',
        'subject': [{'name': 'app.whl', 'digest': {'sha256': 'c' * 64}}],
        'predicateType': 'https://x/y',
        'predicate': {'z': 1},
    }


def test_provenance_tells_where_the_source_was_and_who_built_it() -> None:
    made = provenance.make(build(f.JobClaimed('build', 1, 1, 'w', 'sandbox')), 'build')
    assert made == {
        'buildDefinition': {
            'buildType': 'urn:liftlock:buildtype:workflow:v1',
            'externalParameters': {
                'workflow': {
                    'repository': 'https://git.example.org/acme/shop',
                    'ref': 'refs/heads/main',
                    'path': '.github/workflows/ci.yml',
                }
            },
            'internalParameters': {
                'github': {
                    'event_name': 'push',
                    'repository_id': '7',
                    'repository_owner_id': '8',
                    'runner_environment': 'self-hosted',
                },
                'liftlock': {'job': 'build', 'executor': 'sandbox'},
            },
            'resolvedDependencies': [
                {
                    'uri': 'git+https://git.example.org/acme/shop@refs/heads/main',
                    'digest': {'gitCommit': SHA},
                }
            ],
        },
        'runDetails': {
            'builder': {'id': 'urn:liftlock:builder:sandbox', 'version': {'liftlock': '9.9'}},
            'metadata': {
                'invocationId': f'urn:liftlock:run:3:1:{"d" * 64}',
                'startedOn': '1970-01-01T00:16:40Z',
            },
        },
    }


def dependencies(made: dict[str, Any]) -> list[Any]:
    found: list[Any] = made['buildDefinition']['resolvedDependencies'][1:]
    return found


def test_what_the_jobs_used_is_listed_once() -> None:
    made = provenance.make(
        build(
            f.JobClaimed('test', 1, 1, 'w', 'host'),
            f.ActionResolved('test', 'acme/tool/sub@v1', COMMIT, 'https://github.com/acme/tool'),
            f.ActionResolved('test', 'actions/checkout@v4', '', f.STAND_IN),
            f.ActionResolved('test', 'docker://postgres:16', DIGEST, 'docker.io/library/postgres'),
            f.JobClaimed('build', 1, 1, 'w', 'docker:debian'),
            f.ActionResolved('build', 'acme/tool/sub@v1', COMMIT, 'https://github.com/acme/tool'),
            f.ActionResolved('build', 'acme/own@v1', '', '/home/ada/own'),
            f.ActionResolved('build', 'acme/far@v1', COMMIT, 'https://ada:hush@x.org/far'),
            f.ActionResolved('build', 'docker://built-here', '', ''),
        ),
        'build',
    )
    assert dependencies(made) == [
        {'uri': 'git+https://github.com/acme/far@v1', 'digest': {'gitCommit': COMMIT}},
        {'uri': 'file:///home/ada/own', 'name': 'acme/own@v1'},
        {
            'uri': 'git+https://github.com/acme/tool@v1',
            'digest': {'gitCommit': COMMIT},
            'downloadLocation': 'https://github.com/acme/tool',
        },
        {'uri': 'docker://built-here'},
        {'uri': 'docker://postgres:16', 'digest': {'sha256': 'c' * 64}},
    ]
    ours = made['buildDefinition']['internalParameters']['liftlock']
    assert ours == {'job': 'build', 'executor': 'docker', 'standIns': ['actions/checkout@v4']}
    assert made['runDetails']['builder']['id'] == 'urn:liftlock:builder:docker'


def test_a_job_that_was_run_again_used_what_its_last_attempt_used() -> None:
    made = provenance.make(
        build(
            f.JobClaimed('a', 1, 1, 'w', 'host'),
            f.ActionResolved('a', 'acme/old@v1', COMMIT, ''),
            f.RunFinished('failure'),
            f.JobClaimed('a', 2, 1, 'w', 'sandbox'),
            f.ActionResolved('a', 'acme/new@v1', COMMIT, ''),
        ),
        'a',
    )
    assert [one['uri'] for one in dependencies(made)] == ['git+https://github.com/acme/new@v1']
    assert made['runDetails']['builder']['id'] == 'urn:liftlock:builder:sandbox'
    assert 'finishedOn' not in made['runDetails']['metadata']


def test_a_finished_run_tells_when_it_ended() -> None:
    made = provenance.make(build(f.JobClaimed('a', 1, 1, 'w'), f.RunFinished('success')), 'a')
    assert made['runDetails']['metadata']['finishedOn'] == '1970-01-01T00:16:41Z'


def test_nothing_stronger_than_the_host_is_claimed_where_the_place_is_not_known() -> None:
    made = provenance.make(build(f.JobClaimed('a', 1, 1, 'w')), 'a')
    assert made['runDetails']['builder']['id'] == 'urn:liftlock:builder:host'


def test_uncommitted_changes_are_said() -> None:
    made = provenance.make(build(uncommitted=True), 'build')['buildDefinition']
    assert made['resolvedDependencies'][0]['annotations'] == {'uncommitted': True}
    assert made['internalParameters']['liftlock']['uncommitted'] is True


def test_everything_somebody_chose_for_the_run_is_a_parameter() -> None:
    request = REQUEST._replace(
        inputs={'level': 'high', 'empty': ''},
        vars={'COLOUR': 'red'},
        env={'MODE': 'fast'},
        only_jobs=('build',),
        matrix=(('python', '3.12'),),
    )
    external = provenance.make(build(request=request), 'x')['buildDefinition']['externalParameters']
    del external['workflow']
    assert external == {
        'inputs': {'level': 'high'},
        'vars': {'COLOUR': 'red'},
        'env': {'MODE': 'fast'},
        'jobs': ['build'],
        'matrix': {'python': '3.12'},
    }


def test_called_workflows_of_other_repositories_are_dependencies() -> None:
    request = REQUEST._replace(files={**REQUEST.files, CALLED: ''})
    (called,) = dependencies(provenance.make(build(request=request), 'x'))
    assert called == {'uri': 'git+https://github.com/acme/flows@v2'}
    pinned = build(request=request, pins={'acme/flows@v2': COMMIT})
    (called,) = dependencies(provenance.make(pinned, 'x'))
    assert called['digest'] == {'gitCommit': COMMIT}


@pytest.mark.parametrize(
    ('url', 'expected'),
    [
        ('https://github.com/acme/shop.git', 'https://github.com/acme/shop'),
        ('https://ada:hush@git.example.org/acme/shop', 'https://git.example.org/acme/shop'),
        ('https://git.example.org:8443/a/b/c.git', 'https://git.example.org:8443/a/b/c'),
        ('git@github.com:acme/shop.git', 'https://github.com/acme/shop'),
        ('ssh://git@git.example.org:2222/acme/shop', 'https://git.example.org/acme/shop'),
        ('', 'urn:liftlock:repository:local/shop'),
        ('/srv/git/shop.git', 'urn:liftlock:repository:local/shop'),
        ('../shop', 'urn:liftlock:repository:local/shop'),
    ],
)
def test_a_repository_is_named_without_whoever_fetches_it(url: str, expected: str) -> None:
    assert uri(url, 'local/shop') == expected
