import pytest

from liftlock.language.settings import model
from liftlock.rollout.version import Version
from liftlock.targets.ecs.account import Access, find_access, misfortune, refusal
from liftlock.targets.ecs.images import candidates
from liftlock.targets.ecs.references import Place, find_place, repository

HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com'


def test_the_settings_region_wins_and_keys_count_as_a_pair() -> None:
    keys = {'AWS_ACCESS_KEY_ID': 'a', 'AWS_SECRET_ACCESS_KEY': 'b', 'AWS_SESSION_TOKEN': 'c'}
    assert find_access('x', {'AWS_REGION': 'y', **keys}) == Access('x', 'a', 'b', 'c')
    assert find_access('', {'AWS_DEFAULT_REGION': 'z', 'AWS_ACCESS_KEY_ID': 'a'}) == Access('z')


@pytest.mark.parametrize(
    ('code', 'hint', 'again'),
    [
        ('AccessDeniedException', 'permissions', False),
        ('ServiceNotFoundException', '`service:`', False),
        ('ThrottlingException', '', True),
        ('SomethingNew', '', False),
    ],
)
def test_a_refusal_says_what_to_do(code: str, hint: str, again: bool) -> None:
    told = refusal('update_service', code, 'because')
    assert str(told) == f'AWS refuses update_service: {code}: because'
    assert hint in told.hint
    assert told.again is again


@pytest.mark.parametrize(
    ('kind', 'hint', 'again'),
    [
        ('NoCredentialsError', 'AWS_ACCESS_KEY_ID', False),
        ('NoRegionError', '`region:`', False),
        ('EndpointConnectionError', '', True),
        ('ReadTimeoutError', '', True),
    ],
)
def test_a_misfortune_says_whether_it_may_pass(kind: str, hint: str, again: bool) -> None:
    told = misfortune('update_service', kind, 'because')
    assert hint in told.hint
    assert told.again is again


@pytest.mark.parametrize(
    ('reference', 'place'),
    [
        (f'{HOST}/shop:v1', Place('123456789012', 'eu-central-1', 'shop', 'v1')),
        (f'{HOST}/team/shop', Place('123456789012', 'eu-central-1', 'team/shop', '')),
        (f'{HOST}.cn/shop:1', Place('123456789012', 'eu-central-1', 'shop', '1')),
        ('ghcr.io/octo/shop:v1', None),
        ('shop', None),
    ],
)
def test_where_amazons_registry_keeps_an_image(reference: str, place: Place | None) -> None:
    assert find_place(reference) == place


@pytest.mark.parametrize(
    ('reference', 'bare'),
    [
        ('shop', 'shop'),
        ('localhost:5000/shop', 'localhost:5000/shop'),
        ('localhost:5000/shop:v1', 'localhost:5000/shop'),
        ('octo/shop:v1@sha256:abc', 'octo/shop'),
    ],
)
def test_a_reference_without_tag_and_digest(reference: str, bare: str) -> None:
    assert repository(reference) == bare


def test_an_image_is_looked_for_by_commit_and_name() -> None:
    settings = model.Ecs('c', 's', image=f'{HOST}/shop')
    found = list(candidates(settings, Version('v1', commit='0123456789')))
    assert found == [f'{HOST}/shop:{tag}' for tag in ('0123456789', 'v1', '0123456')]
