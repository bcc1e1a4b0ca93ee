"""Tags and labels from rules and facts, compared once with the original's own answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from liftlock.runner.actions.metadata.facts import Facts
from liftlock.runner.actions.metadata.making import (
    Version,
    join_tags,
    make_labels,
    make_version,
    name_images,
    name_tags,
)
from liftlock.runner.actions.metadata.rules import Image, parse_flavor, parse_tags
from liftlock.runner.workbench import StepFailed

SHA = '860c1904a1ce19322e91ac35af1ab07466440c37'
NOW = datetime(2020, 1, 10, 0, 30, tzinfo=UTC)
REPOSITORY = {
    'name': 'shop',
    'description': '',
    'url': 'https://github.com/acme/shop',
    'license': '',
}


def know(ref: str = 'refs/heads/main', event: str = 'push', **payload: Any) -> Facts:
    known = {'repository': {'default_branch': 'main'}} | payload
    return Facts(event, ref, SHA, known, 'main', NOW, NOW)


def make(facts: Facts, *tags: str, flavor: tuple[str, ...] = ()) -> Version:
    return make_version(parse_tags(tags), parse_flavor(flavor), facts)


def tell(facts: Facts, *tags: str, flavor: tuple[str, ...] = ()) -> list[str]:
    return name_tags(make(facts, *tags, flavor=flavor), parse_flavor(flavor))


@pytest.mark.parametrize(
    ('ref', 'event', 'expected'),
    [
        ('refs/heads/main', 'push', ['main']),
        ('refs/heads/feature/A&B x', 'push', ['feature-A-B-x']),
        ('refs/tags/v1.2.3', 'push', ['v1.2.3', 'latest']),
        ('refs/pull/7/merge', 'pull_request', ['pr-7']),
        ('refs/heads/main', 'schedule', ['nightly', 'main']),
    ],
)
def test_what_there_is_without_any_rule(ref: str, event: str, expected: list[str]) -> None:
    assert tell(know(ref, event)) == expected


@pytest.mark.parametrize(
    ('ref', 'rule', 'expected'),
    [
        ('refs/tags/v1.2.3', 'type=semver,pattern={{version}}', ['1.2.3', 'latest']),
        ('refs/tags/v1.2.3', 'type=semver,pattern=v{{major}}.{{minor}}', ['v1.2', 'latest']),
        ('refs/tags/v1.2.3', 'type=semver,pattern={{raw}}', ['v1.2.3', 'latest']),
        ('refs/tags/v2.0.8-beta.67', 'type=semver,pattern={{major}}', ['2.0.8-beta.67']),
        ('refs/tags/v2.0.8-beta.67', 'type=semver,pattern={{raw}}', ['v2.0.8-beta.67']),
        ('refs/tags/p/v1.0.0', r'type=semver,pattern={{raw}},match=v(.*)', ['1.0.0', 'latest']),
        ('refs/heads/main', 'type=semver,pattern={{version}}', []),
        ('refs/heads/main', 'type=semver,pattern={{patch}},value=v1.2.3', ['3', 'latest']),
        ('refs/tags/1.2.3', 'type=pep440,pattern={{major}}.{{minor}}', ['1.2', 'latest']),
        ('refs/tags/v1.2.3rc2', 'type=pep440,pattern={{raw}}', ['v1.2.3rc2']),
        ('refs/tags/1.2.3beta2', 'type=pep440,pattern={{major}}.{{minor}}', ['1.2.3b2']),
        ('refs/tags/v1.2.3', r'type=match,pattern=\d.\d', ['1.2', 'latest']),
        ('refs/tags/v2.0-beta.67', 'type=match,pattern=v(.*),group=1', ['2.0-beta.67', 'latest']),
        ('refs/tags/V2', r'type=match,pattern=/v(\d)/i,group=1', ['2', 'latest']),
        ('refs/tags/v1.2.3', r'type=match,pattern=/\d/g,group=2', ['3', 'latest']),
        ('refs/heads/main', 'type=edge', ['edge']),
        ('refs/heads/dev', 'type=edge', []),
        ('refs/heads/dev', 'type=edge,branch=dev', ['edge']),
        ('refs/heads/dev', 'type=sha', ['sha-860c190']),
        ('refs/heads/dev', 'type=sha,format=long,prefix=', [SHA]),
        ('refs/pull/7/merge', 'type=ref,event=pr,prefix=', ['7']),
        ('refs/pull/7/head', 'type=ref,event=pr', ['pr-7-head']),
        ('refs/heads/dev', 'type=raw,value=a-{{branch}}-{{sha}}{{tag}}', ['a-dev-860c190']),
        ('refs/heads/main', 'type=raw,value=latest,enable={{is_default_branch}}', ['latest']),
        ('refs/heads/dev', 'type=raw,value=latest,enable={{is_default_branch}}', []),
        ('refs/heads/dev', 'type=raw,value=x,enable={{is_not_default_branch}}', ['x']),
        ('refs/heads/dev', "type=raw,value={{date 'YYYYMM'}},suffix=-{{branch}}", ['202001-dev']),
        ('refs/heads/dev', 'type=raw,value={{nothing}}', []),
    ],
)  # fmt: skip
def test_one_rule(ref: str, rule: str, expected: list[str]) -> None:
    assert tell(know(ref), rule) == expected


@pytest.mark.parametrize(
    ('ref', 'rule', 'warning'),
    [
        ('refs/tags/v1', 'type=semver,pattern={{raw}}', 'v1 is not a valid semver. More info'),
        ('refs/tags/x', 'type=pep440,pattern={{raw}}', 'x does not conform to PEP 440.'),
        ('refs/tags/x', r'type=match,pattern=\d', r'\d does not match x.'),
        ('refs/tags/1', r'type=match,pattern=\d,group=1', r'Group 1 does not exist for \d pattern'),
    ],
)
def test_a_rule_that_does_not_fit_warns(ref: str, rule: str, warning: str) -> None:
    version = make(know(ref), rule)
    assert version.main == ''
    assert version.warnings[0].startswith(warning)


def test_a_match_that_is_none_leaves_the_text_as_it_is() -> None:
    version = make(know('refs/tags/1.2.3'), 'type=semver,pattern={{major}},match=z(.*)')
    assert version.main == '1'
    assert version.warnings == ('z(.*) does not match 1.2.3.',)


@pytest.mark.parametrize(
    ('rule', 'message'),
    [
        ('type=raw,value=a,enable=maybe', 'Invalid value for enable attribute: maybe'),
        ('type=match,pattern=(,value=x', 'Invalid regular expression'),
        ("type=raw,value={{date 'YY' zone='UTC'}}", 'Unknown zone attribute'),
        ('type=semver,pattern={{raw}},value=1.2.3,match=1', 'no group'),
    ],
)
def test_a_rule_that_is_wrong_fails(rule: str, message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        make(know(), rule)


def test_the_first_value_is_the_version_and_decides_about_latest() -> None:
    facts = know('refs/tags/v1.2.3')
    rules = (
        'type=ref,event=tag',
        'type=semver,pattern={{version}}',
        'type=raw,value=1.2.3',
        'type=sha',
    )
    assert tell(facts, *rules) == ['1.2.3', 'v1.2.3', 'sha-860c190', 'latest']
    assert tell(facts, *rules, 'type=raw,value=x,priority=5000')[-1] == 'sha-860c190'


def test_flavor_goes_around_every_tag_and_latest_if_it_says_so() -> None:
    flavor = ('latest=true', 'prefix=p-,onlatest=true', 'suffix=-s')
    rules = ('type=ref,event=branch', 'type=sha', 'type=raw,value=r,suffix=')
    assert tell(know(), *rules, flavor=flavor) == ['p-main-s', 'p-r', 'sha-860c190-s', 'p-latest']
    assert tell(know('refs/tags/v1'), flavor=('latest=false',)) == ['v1']


def test_the_base_of_a_pull_request() -> None:
    facts = know('refs/pull/7/merge', 'pull_request', pull_request={'base': {'ref': 'main'}})
    assert tell(facts, 'type=raw,value={{base_ref}}') == ['main']
    tagged = know('refs/tags/v1', base_ref='refs/heads/dev')
    assert tell(tagged, 'type=raw,value={{base_ref}}') == ['dev']


def test_images_are_in_lower_case_and_have_every_tag() -> None:
    images = name_images([Image('ghcr.io/Acme/Shop'), Image('b', False), Image('c')])
    assert join_tags(images, ['1', '2']) == [
        'ghcr.io/acme/shop:1', 'ghcr.io/acme/shop:2', 'c:1', 'c:2',
    ]  # fmt: skip
    assert join_tags([], ['1', '2']) == ['1', '2']


def test_labels_of_the_workflow_go_above_those_of_oci() -> None:
    extra = ['org.opencontainers.image.title=My=Shop', 'x={{branch}}', 'no label']
    labels = make_labels(Version('1'), know(), REPOSITORY, extra)
    assert labels == {
        'org.opencontainers.image.created': '2020-01-10T00:30:00.000Z',
        'org.opencontainers.image.description': '',
        'org.opencontainers.image.licenses': '',
        'org.opencontainers.image.revision': SHA,
        'org.opencontainers.image.source': 'https://github.com/acme/shop',
        'org.opencontainers.image.title': 'My=Shop',
        'org.opencontainers.image.url': 'https://github.com/acme/shop',
        'org.opencontainers.image.version': '1',
        'x': 'main',
    }


def test_labels_are_sorted_as_people_sort() -> None:
    keys = ['zeta', 'Alpha', 'alpha', 'a.b', 'a-b', 'a_b', 'a/b', 'ab', 'A1', 'a1']
    labels = make_labels(Version(), know(), REPOSITORY, [f'{key}=1' for key in keys])
    shown = [key for key in labels if not key.startswith('org.')]
    assert shown == ['a_b', 'a-b', 'a.b', 'a/b', 'a1', 'A1', 'ab', 'alpha', 'Alpha', 'zeta']
