"""Lists of runs: what there is to choose from, on each database."""

from liftlock.store import listing, runs
from liftlock.store.database import Store
from liftlock.store.listing import Flow
from liftlock.store.runs import Draft


def submit(store: Store, repository: str, workflow: str, ref: str = 'refs/heads/main') -> int:
    draft = Draft(repository, workflow, workflow.upper(), 'a change', 'push', ref, 'abc', 'mona')
    return runs.submit(store, draft, '0-0-0', lambda run, number: f'{run}')[0]


def test_workflows_and_repositories_are_told_without_reading_all_runs(store: Store) -> None:
    assert listing.workflows(store) == []
    assert listing.repositories(store) == []
    submit(store, 'b/two', 'ci.yml')
    for _ in range(3):
        newest = submit(store, 'a/one', 'release.yml')
    other = submit(store, 'a/one', 'ci.yml')
    last = submit(store, 'b/two', 'ci.yml')
    one = [
        Flow('a/one', 'ci.yml', 'CI.YML', 1, other),
        Flow('a/one', 'release.yml', 'RELEASE.YML', 3, newest),
    ]
    two = [Flow('b/two', 'ci.yml', 'CI.YML', 2, last)]
    assert listing.workflows(store) == one + two
    assert listing.workflows(store, 'a/one') == one
    assert listing.workflows(store, 'nobody/here') == []
    assert listing.workflows(store, limit=1) == one[:1]
    assert listing.repositories(store) == ['a/one', 'b/two']


def test_filters_offer_what_is_frequent_first(store: Store) -> None:
    assert listing.choices(store) == {'name': [], 'event': [], 'ref': [], 'actor': []}
    submit(store, 'a/one', 'ci.yml', 'refs/heads/rare')
    for _ in range(2):
        submit(store, 'a/one', 'ci.yml')
    submit(store, 'b/two', 'lint.yml', 'refs/heads/other')
    found = listing.choices(store)
    assert found['ref'] == ['refs/heads/main', 'refs/heads/other', 'refs/heads/rare']
    assert found['name'] == ['CI.YML', 'LINT.YML']
    assert listing.choices(store, 'b/two')['ref'] == ['refs/heads/other']
