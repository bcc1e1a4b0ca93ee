"""Requests as forges want them, and what their answers mean."""

import json

import pytest

from liftlock.observe.forges.statuses import Accepted, Destination, Refused, judge, parcel
from liftlock.plan.statuses import Status

SHA = 'c' * 40
RED = Status('test', 'failure', '1 of 2 failed', '/runs/7/jobs/test[1]')


def where(kind: str, api: str = 'https://forge.example/api') -> Destination:
    return Destination(kind, api, 'octo/shop', 'the-token')


def test_github_is_told_by_a_commit_status() -> None:
    found = parcel(where('github'), SHA, RED, 'https://ci.example/runs/7')
    assert found.url == f'https://forge.example/api/repos/octo/shop/statuses/{SHA}'
    assert json.loads(found.body) == {
        'state': 'failure',
        'context': 'test',
        'description': '1 of 2 failed',
        'target_url': 'https://ci.example/runs/7',
    }
    assert found.headers['Authorization'] == 'Bearer the-token'
    assert found.headers['Accept'] == 'application/vnd.github+json'


def test_gitea_is_told_in_the_same_words() -> None:
    found = parcel(where('forgejo'), SHA, RED._replace(state='cancelled'), '')
    assert found.url == f'https://forge.example/api/repos/octo/shop/statuses/{SHA}'
    assert json.loads(found.body)['state'] == 'error'
    assert 'target_url' not in json.loads(found.body)
    assert found.headers['Authorization'] == 'token the-token'


def test_gitlab_has_words_of_its_own_and_one_name_for_a_project() -> None:
    found = parcel(where('gitlab')._replace(repository='group/sub/shop'), SHA, RED, '')
    assert found.url == f'https://forge.example/api/projects/group%2Fsub%2Fshop/statuses/{SHA}'
    assert json.loads(found.body) == {
        'state': 'failed',
        'name': 'test',
        'description': '1 of 2 failed',
    }
    assert found.headers['PRIVATE-TOKEN'] == 'the-token'


@pytest.mark.parametrize('kind', ['github', 'gitea', 'forgejo', 'gitlab'])
@pytest.mark.parametrize(
    'state', ['pending', 'running', 'success', 'failure', 'cancelled', 'skipped']
)
def test_every_state_has_a_word_at_every_forge(kind: str, state: str) -> None:
    known = {
        'gitlab': {'pending', 'running', 'success', 'failed', 'canceled', 'skipped'},
    }.get(kind, {'pending', 'success', 'failure', 'error'})
    body = json.loads(parcel(where(kind), SHA, RED._replace(state=state), '').body)
    assert body['state'] in known


def test_a_description_is_cut_where_the_forge_would_refuse_it() -> None:
    long = RED._replace(description='x' * 500)
    github = json.loads(parcel(where('github'), SHA, long, '').body)['description']
    assert len(github) == 140
    assert github.endswith('…')
    assert len(json.loads(parcel(where('gitlab'), SHA, long, '').body)['description']) == 255


@pytest.mark.parametrize(
    ('status', 'headers', 'text', 'verdict'),
    [
        (201, {}, '{}', Accepted()),
        (200, {}, '', Accepted()),
        (401, {}, '{"message": "Bad credentials"}', Refused('answered 401: Bad credentials')),
        (500, {}, '', Refused('answered 500')),
        (503, {'retry-after': '120'}, '', Refused('answered 503', 120.0)),
        (429, {'retry-after': 'Thu, 01 Jan 1970 00:20:00 GMT'}, '', Refused('answered 429', 200.0)),
        (
            403,
            {'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1600'},
            '{"message": "API rate limit exceeded"}',
            Refused('answered 403: API rate limit exceeded', 600.0),
        ),
        (403, {'x-ratelimit-remaining': '9', 'x-ratelimit-reset': '1600'}, '',
         Refused('answered 403')),
        (429, {'retry-after': 'soon'}, '', Refused('answered 429')),
        (400, {}, '{"message": "Cannot transition status via :run from :running"}', Accepted()),
        (400, {}, '{"error": "sha is invalid"}', Refused('answered 400: sha is invalid')),
        (302, {'location': 'https://elsewhere'}, '', Refused('answered 302')),
    ],
)  # fmt: skip
def test_what_an_answer_means(
    status: int, headers: dict[str, str], text: str, verdict: Accepted | Refused
) -> None:
    assert judge(status, headers, text, 1000.0) == verdict
