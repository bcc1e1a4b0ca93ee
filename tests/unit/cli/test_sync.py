"""What git says, where a ref leads, and what `sync` shows: without a repository."""

import pytest

from liftlock.cli import compared, sync
from liftlock.cli.compared import Compared
from liftlock.cli.destinations import ordered
from liftlock.cli.heads import Head, matches, parse
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.language.settings.model import Environment, Trigger, Word
from liftlock.rollout import facts as f
from liftlock.rollout.environment import fold
from liftlock.rollout.sync import Desired
from liftlock.rollout.version import Version
from liftlock.store.deliveries import Place

V1, V2 = (Version(f'v{number}', f'{number}a3b5c7d' * 5, 'refs/heads/main') for number in (1, 2))
PLACE = Place(1, 'octo/shop', 'production')
START = 1_790_000_000.0


@pytest.mark.parametrize(
    ('ref', 'expected'),
    [
        ('refs/heads/main', True),
        ('refs/heads/release/2', True),
        ('refs/heads/topic', False),
        ('refs/tags/v1.2', True),
        ('refs/tags/main', False),
        ('refs/pull/7/merge', False),
    ],
)
def test_which_refs_are_deployed(ref: str, expected: bool) -> None:
    assert matches(Trigger(('main', 'release/*'), ('v*',)), ref) is expected


def test_what_is_deployed_by_hand_follows_no_ref() -> None:
    assert not matches(Trigger(), 'refs/heads/main')


def test_an_annotated_tag_stands_for_its_commit() -> None:
    text = 'refs/tags/v2 aaa bbb 20\nrefs/heads/main ccc  10\n'
    assert parse(text) == (
        Head('refs/tags/v2', 'bbb', 20.0),
        Head('refs/heads/main', 'ccc', 10.0),
    )
    assert [one.name for one in parse(text)] == ['v2', 'main']


def test_each_environment_comes_after_those_that_it_needs() -> None:
    needing = {
        'production': ('staging',),
        'europe': ('production', 'elsewhere'),
        'staging': ('development',),
        'development': (),
    }
    meant = {name: Environment(needs=tuple(map(Word, needs))) for name, needs in needing.items()}
    assert list(ordered(meant)) == ['development', 'staging', 'production', 'europe']


SETTINGS = """\
environments:
  staging:
    target: {process: {command: serve}}
  production:
    target: {process: {command: serve, instances: 2}}
    env: {LEVEL: info}
alerts: []
"""


def test_only_what_concerns_the_environment_is_compared() -> None:
    assert compared.section(SETTINGS, 'production') == [
        '    target: {process: {command: serve, instances: 2}}',
        '    env: {LEVEL: info}',
    ]
    assert compared.section(SETTINGS, 'elsewhere') == []
    elsewhere = SETTINGS.replace('command: serve}', 'command: other}')
    assert list(compared.changes(_compared(SETTINGS, elsewhere))) == []


def _compared(old: str, new: str, colour: str = 'green', drift: str = '') -> Compared:
    stamped = [
        f.Stamped(number, 1, START + number, fact)
        for number, fact in enumerate(
            [
                f.DeploymentRequested(1, f.DEPLOY, V1, 's', 'mona'),
                f.DeploymentAllowed(1),
                f.DeploymentStarted(1, 'r1', '', ()),
                f.DeploymentFinished(1, 'success'),
                f.AutomationHeld('mona', 'it was slow'),
            ],
            1,
        )
    ]
    before = Blueprint('octo/shop', 'production', old, {'COLOUR': 'green'})
    after = Blueprint('octo/shop', 'production', new, {'COLOUR': colour})
    commits = ('2a3b5c7 Faster (Mona)',)
    return Compared(PLACE, fold(stamped), Desired(V2, 't'), before, after, commits, 1, drift)


def test_everything_that_differs_is_shown() -> None:
    drift = 'web\n-  replicas: 3\n+  replicas: 2'
    found = _compared(SETTINGS, SETTINGS.replace('info', 'debug'), 'blue', drift)
    assert [line for _, line in sync.lines(found, START + 64)] == [
        'production: out of sync',
        '  git   v2 (2a3b5c7) of main',
        '  runs  v1 (1a3b5c7) for 1m, #1 by mona',
        '  nothing is deployed by itself: held by mona: it was slow',
        '',
        '1 commit in between',
        '  2a3b5c7 Faster (Mona)',
        '',
        'liftlock.yml, as far as it concerns production',
        '       target: {process: {command: serve, instances: 2}}',
        '  -    env: {LEVEL: info}',
        '  +    env: {LEVEL: debug}',
        '',
        'Variables',
        '  -COLOUR: green',
        '  +COLOUR: blue',
        '',
        'Drift of what runs',
        '  web',
        '  -  replicas: 3',
        '  +  replicas: 2',
    ]  # fmt: skip
    told = compared.record(found)
    assert (told['in_sync'], told['git']['name'], told['runs']['name']) == (False, 'v2', 'v1')
