"""Events made up from git look like GitHub's."""

from liftlock.plan import event
from liftlock.plan.event import NO_COMMIT, Commit, RepositoryFacts

HERE = RepositoryFacts(
    'octo',
    'demo',
    'dev',
    'b' * 40,
    before='a' * 40,
    commits=(Commit('b' * 40, 'fix: it\n\nreally', 'Mona', 'm@x', '2026-08-01T00:00:00Z', 't'),),
    actor='mona',
    user_email='m@x',
    changed=('a.py',),
)


def test_a_push_tells_its_commits_and_who_pushed() -> None:
    found = event.push(HERE)
    assert (found.name, found.ref, found.sha, found.actor) == (
        'push',
        'refs/heads/dev',
        'b' * 40,
        'mona',
    )
    assert found.changed == ('a.py',)
    payload = found.payload
    assert payload['before'] == 'a' * 40
    assert payload['after'] == 'b' * 40
    assert payload['created'] is False
    assert payload['pusher'] == {'name': 'mona', 'email': 'm@x'}
    assert payload['head_commit'] == payload['commits'][0]
    assert payload['head_commit']['author'] == {'name': 'Mona', 'email': 'm@x'}
    assert payload['repository']['full_name'] == 'octo/demo'
    assert payload['repository']['owner']['login'] == 'octo'
    assert payload['sender']['login'] == 'mona'


def test_a_push_of_a_new_branch_and_of_a_detached_head() -> None:
    found = event.push(HERE._replace(before=NO_COMMIT, branch='', commits=()))
    assert found.ref == 'refs/heads/main'
    assert found.payload['created'] is True
    assert found.payload['head_commit'] is None


def test_a_tag_is_pushed_without_commits_but_shows_its_own() -> None:
    found = event.tag(HERE, 'v1')
    assert found.ref == 'refs/tags/v1'
    assert found.changed is None
    assert found.payload['commits'] == []
    assert found.payload['head_commit']['message'].startswith('fix: it')
    assert found.payload['base_ref'] == 'refs/heads/dev'


def test_a_pull_request_has_two_sides() -> None:
    found = event.pull_request(HERE)
    assert (found.ref, found.base_ref, found.head_ref) == ('refs/pull/1/merge', 'main', 'dev')
    request = found.payload['pull_request']
    assert request['title'] == 'fix: it'
    assert request['number'] == 1.0
    assert (request['draft'], request['merged'], request['labels']) == (False, False, [])
    assert request['base']['ref'] == 'main'
    assert request['base']['sha'] == 'a' * 40
    assert request['head']['ref'] == 'dev'
    assert request['head']['repo']['full_name'] == 'octo/demo'
    assert request['user']['login'] == 'mona'


def test_a_pull_request_target_runs_on_its_base() -> None:
    found = event.pull_request(HERE, base='stable', name='pull_request_target', action='opened')
    assert (found.ref, found.sha) == ('refs/heads/stable', 'a' * 40)
    unknown = event.pull_request(HERE._replace(before=NO_COMMIT), name='pull_request_target')
    assert unknown.sha == 'b' * 40


def test_other_events_happen_to_the_branch_that_is_checked_out() -> None:
    assert event.schedule(HERE, '0 0 * * *').payload['schedule'] == '0 0 * * *'
    assert event.workflow_dispatch(HERE).ref == 'refs/heads/dev'
    assert event.workflow_call(HERE).name == 'workflow_call'
    dispatched = event.repository_dispatch(HERE, 'deploy', {'where': 'live'})
    assert dispatched.payload['action'] == 'deploy'
    assert dispatched.payload['client_payload'] == {'where': 'live'}


def test_a_workflow_run_tells_about_the_other_run() -> None:
    run = event.workflow_run(HERE, 'CI').payload['workflow_run']
    assert (run['name'], run['status'], run['conclusion']) == ('CI', 'completed', 'success')
    assert (run['head_branch'], run['head_sha']) == ('dev', 'b' * 40)
    begun = event.workflow_run(HERE, 'CI', action='requested').payload['workflow_run']
    assert (begun['status'], begun['conclusion']) == ('in_progress', None)


def test_a_release_happens_to_its_tag() -> None:
    found = event.release(HERE, 'refs/tags/v2', action='prereleased')
    assert found.ref == 'refs/tags/v2'
    assert found.payload['release']['tag_name'] == 'v2'
    assert found.payload['release']['prerelease'] is True


def test_a_merge_group_has_a_branch_of_its_own() -> None:
    found = event.merge_group(HERE)
    assert found.ref.startswith('refs/heads/gh-readonly-queue/main/')
    assert found.base_ref == 'refs/heads/main'
    assert found.payload['action'] == 'checks_requested'


def test_a_given_payload_wins_and_what_it_lacks_is_filled_in() -> None:
    payload = {'repository': {'full_name': 'a/b', 'default_branch': 'trunk'}, 'n': 3, 'ref': 'x'}
    found = event.from_payload(HERE, 'issues', payload)
    assert (found.repository, found.default_branch, found.actor) == ('a/b', 'trunk', 'mona')
    assert found.ref == 'refs/heads/dev'
    assert found.payload['n'] == 3.0
    assert isinstance(found.payload['n'], float)


def test_a_given_payload_says_where_it_happened() -> None:
    pushed = event.from_payload(HERE, 'push', {'ref': 'refs/tags/v3'})
    assert pushed.ref == 'refs/tags/v3'
    sides = {'base': {'ref': 'main'}, 'head': {'ref': 'topic'}}
    asked = event.from_payload(HERE, 'pull_request', {'number': 7, 'pull_request': sides})
    assert (asked.ref, asked.base_ref, asked.head_ref) == ('refs/pull/7/merge', 'main', 'topic')
    target = event.from_payload(HERE, 'pull_request_target', {'pull_request': sides})
    assert target.ref == 'refs/heads/main'
    released = event.from_payload(HERE, 'release', {'release': {'tag_name': 'v4'}})
    assert released.ref == 'refs/tags/v4'
    group = {'head_ref': 'refs/heads/q', 'base_ref': 'refs/heads/main'}
    merged = event.from_payload(HERE, 'merge_group', {'merge_group': group})
    assert (merged.ref, merged.base_ref) == ('refs/heads/q', 'refs/heads/main')
