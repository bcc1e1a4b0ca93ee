import pytest

from liftlock.cli import config
from liftlock.errors import UserError


def test_labels_are_known_by_their_lower_case_names() -> None:
    found = config.parse('labels: {GPU: host}\nactions: {actions/*: ~/mirrors}', 'c.yml')
    assert found.labels == {'gpu': 'host'}
    assert found.actions == (('actions/*', '~/mirrors'),)


def test_an_empty_file_changes_nothing() -> None:
    assert config.parse('', 'c.yml') == config.Config()


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('label: {}', 'c.yml: unknown key "label"'),
        ('labels: {gpu: cloud}', 'label "gpu" asks for the place "cloud"'),
        ('labels: {gpu: docker}', 'label "gpu" asks for the place "docker"'),
        ('labels: [gpu]', 'c.yml: labels must be a mapping'),
        ('actions: {a/b: 1}', 'c.yml: actions: "a/b: 1" must be two texts'),
        ('- a', 'c.yml must hold a mapping'),
        ('a: [', 'c.yml is no YAML'),
    ],
)
def test_a_mistake_says_where_it_is(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        config.parse(text, 'c.yml')
    assert message in str(caught.value)
