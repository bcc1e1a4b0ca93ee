import pytest
import yaml

from liftlock.language.manifests import definitions, draft, words
from liftlock.language.manifests.words import Limit
from liftlock.language.settings.model import Analysis, Condition


@pytest.mark.parametrize(
    ('text', 'duration'),
    [('1m', '1m'), ('90', '1m30s'), ('1h30m', '1h30m'), ('1.5h', '1h30m'), ('100ms', '100ms'),
     ('0', '0s'), ('1d', '1d'), ('soon', None), ('', None)],
)  # fmt: skip
def test_durations_of_argo_as_ours(text: str, duration: str | None) -> None:
    assert words.duration(text) == duration


@pytest.mark.parametrize(
    ('text', 'limit'),
    [
        ('result[0] >= 0.95', Limit('>= 0.95')),
        ('result > 5', Limit('> 5')),
        ('default(result, 0) < 5', Limit('< 5')),
        ('asFloat(result[0]) <= 1.5', Limit('<= 1.5')),
        ('len(result) == 0 || result[0] >= 0.95', Limit('>= 0.95', without_data=True)),
        ('len(result) > 0 && result[0] >= 0.95', Limit('>= 0.95', without_data=False)),
        ('isNaN(result[0]) || result[0] < 1', Limit('< 1', without_data=True)),
        ('result == true', Limit('')),
        ('result', Limit('')),
        ('result[0] > 1 && result[0] < 5', None),
        ('result.status == "ok"', None),
        ('all(result, # < 5)', None),
    ],
)
def test_conditions_of_argo_as_limits(text: str, limit: Limit | None) -> None:
    assert words.limit(text) == limit


def test_a_definition_says_what_is_not_usual() -> None:
    analysis = Analysis(
        metric='p95', failure=Condition('', '>', 300.0, 'ms'), interval=10.0, measurements=12
    )
    assert definitions.render(analysis) == {
        'metric': 'p95', 'failure': '> 300ms', 'interval': '10s', 'count': 12,
    }  # fmt: skip


@pytest.mark.parametrize(
    'value',
    ['plain', 'two words', 'a: b', 'a #b', '- a', "it's", 'yes', 'true', '3', '1.5', 'null', '~',
     '', ' a ', '{a}', '[a]', '*a', '&a', '!a', '%a', '@a', '`a`', '"a"', '> 5%', 'a\nb', 'é', '.5',
     '0x1F', 'http://a:80/b', '${{ secrets.A }}', '2026-01-02', '12:30', '=', '<<'],
)  # fmt: skip
def test_what_is_written_is_read_as_the_same_text(value: str) -> None:
    text = draft.render({'shop': {'a': value, 'b': [value], 'c': {value: {'d': [value]}}}})
    read = yaml.safe_load(text)['environments']['shop']
    assert read == {'a': value, 'b': [value], 'c': {value: {'d': [value]}}}
