"""From the user's compose file to a revision's project."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.compose import project
from liftlock.targets.compose.names import Names, names

NAMES = Names('shop-1a2b3c')
R12 = Revision('r12', Version('v1', commit='c'))
IMAGE = NAMES.image(R12.version)


def config(**web: Any) -> dict[str, Any]:
    """As compose prints it."""
    return {
        'version': '3.9',
        'services': {
            'web': {'image': 'shop', 'ports': [{'published': 80, 'target': 8080}], **web},
            'db': {'image': 'postgres', 'depends_on': ['disk', 'seed'], 'container_name': 'db'},
            'disk': {'image': 'disk'},
            'seed': {'image': 'seed'},
            'mail': {'image': 'mail'},
        },
    }


def made(env: Mapping[str, str] = {}, **web: Any) -> dict[str, Any]:
    one = project.service(config(**web), 'web')
    document = project.of_revision(one, NAMES, R12, 8080, env)
    assert set(document['services']) == {'web'}
    found: dict[str, Any] = document['services']['web']
    return found


def test_a_revision_has_its_image_a_port_of_the_engines_choice_and_our_labels() -> None:
    one = project.service(config(), 'web')
    assert project.of_revision(one, NAMES, R12, 8080, {}) == {
        'version': '3.9',
        'services': {
            'web': {
                'image': IMAGE,
                'ports': ['127.0.0.1::8080'],
                'restart': 'unless-stopped',
                'environment': {},
                'labels': {
                    'liftlock.environment': 'shop-1a2b3c',
                    'liftlock.revision': 'r12',
                    'liftlock.release': R12.version.id,
                },
            }
        },
        'networks': {'default': {'external': True, 'name': 'shop-1a2b3c_default'}},
    }


def test_what_would_stand_in_the_way_of_another_revision_is_gone() -> None:
    found = made(
        build={'context': '/x'},
        container_name='web',
        depends_on={'db': {'condition': 'service_healthy'}},
        links=['db'],
        scale=3,
        deploy={'replicas': 3, 'resources': {'limits': {'cpus': '1'}}},
        networks={'front': {'ipv4_address': '10.0.0.2', 'aliases': ['shop']}, 'default': None},
        profiles=['web'],
    )
    assert not {'build', 'container_name', 'depends_on', 'links', 'scale', 'profiles'} & set(found)
    assert found['deploy'] == {'resources': {'limits': {'cpus': '1'}}}
    assert found['networks'] == {'front': {'aliases': ['shop']}, 'default': None}


def test_our_variables_come_last_and_are_not_read_as_compose_would() -> None:
    found = made({'A': 'new', 'PRICE': '$5'}, environment={'A': 'old', 'B': '$$b', 'C': None})
    assert found['environment'] == {'A': 'new', 'B': '$$b', 'PRICE': '$$5'}
    found = made({}, environment=['A=1=2', 'B'])
    assert found['environment'] == {'A': '1=2'}


@pytest.mark.parametrize(
    ('said', 'expected'),
    [(None, 'unless-stopped'), ('no', 'unless-stopped'), ('on-failure:3', 'on-failure:3')],
)
def test_who_dies_is_started_again_unless_the_file_says_how(
    said: str | None, expected: str
) -> None:
    assert made(**({'restart': said} if said else {}))['restart'] == expected


def test_networks_and_volumes_are_the_environments_unless_they_have_names() -> None:
    document = {
        **config(),
        'networks': {'front': {}, 'corp': {'external': True, 'name': 'corporate'}},
        'volumes': {
            'data': None,
            'named': {'name': 'uploads'},
            'outside': {'external': True},
            'old': {'external': {'name': 'older'}},
        },
    }
    one = project.service(document, 'web')
    assert project.networks(one, NAMES) == {
        'default': 'shop-1a2b3c_default',
        'front': 'shop-1a2b3c_front',
        'corp': 'corporate',
    }
    assert project.volumes(one, NAMES) == {
        'data': 'shop-1a2b3c_data',
        'named': 'uploads',
        'outside': 'outside',
        'old': 'older',
    }


@pytest.mark.parametrize(
    ('ports', 'expose'),
    [
        ([{'published': 80, 'target': 8080}], None),
        (['80:8080/tcp'], None),
        (['127.0.0.1:80:8080'], ['8080']),
        (['8080'], None),
        (None, ['8080/tcp']),
        (['80:8080', '53:53/udp', {'target': 9, 'protocol': 'udp'}], None),
    ],
)
def test_the_port_is_the_one_that_the_file_names(ports: Any, expose: Any) -> None:
    one = project.service(config(ports=ports, expose=expose), 'web')
    assert project.port(one, None) == 8080


@pytest.mark.parametrize(
    ('ports', 'told'), [(None, 'names no port'), (['80:8080', '90:9090'], 'ports 8080, 9090')]
)
def test_where_it_is_not_clear_the_settings_have_to_say(ports: Any, told: str) -> None:
    one = project.service(config(ports=ports), 'web')
    with pytest.raises(Trouble, match=told):
        project.port(one, None)
    assert project.port(one, 9090) == 9090


def test_what_the_service_depends_on_is_shared_and_the_rest_is_left_out() -> None:
    one = project.service(
        config(
            depends_on={
                'db': {'condition': 'service_started'},
                'seed': {'condition': 'service_completed_successfully'},
            }
        ),
        'web',
    )
    assert project.shared(one) == ('db', 'disk', 'seed')  # the database depends on it, too
    assert project.left_out(one) == ('mail',)
    document = project.of_shared(one, NAMES)
    assert document is not None
    assert document['services']['db'] == {
        'image': 'postgres',
        'depends_on': ['disk', 'seed'],
        'labels': {'liftlock.shared': 'shop-1a2b3c'},
    }


def test_what_has_to_be_done_once_for_a_version_is_not_shared() -> None:
    done = {'mail': {'condition': 'service_completed_successfully'}}
    one = project.service(config(depends_on=done), 'web')
    assert project.shared(one) == ()
    assert project.of_shared(one, NAMES) is None
    assert 'mail' in project.left_out(one)


def test_a_service_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(Trouble) as raised:
        project.service(config(), 'api')
    assert raised.value.hint == 'There are: db, disk, mail, seed, web'


def test_instances_cannot_share_the_ports_of_the_machine() -> None:
    with pytest.raises(Trouble, match='network_mode host'):
        project.service(config(network_mode='host'), 'web')


def test_only_what_can_be_built_is_built() -> None:
    one = project.service(config(build={'context': '/x'}), 'web')
    assert project.building(one, 'liftlock/shop:ab') == {
        'version': '3.9',
        'services': {'web': {'build': {'context': '/x'}, 'image': 'liftlock/shop:ab'}},
    }
    assert project.building(project.service(config(), 'web'), 'x') is None


def test_environments_of_two_stores_do_not_meet() -> None:
    one, other = (names('My_Shop', Path(place)) for place in ('/a', '/b'))
    assert one.base.startswith('my-shop-')
    assert one.base != other.base
    assert one.project('r12') == f'{one.base}-r12'
    version = Version('v1', commit='c')
    assert one.image(version) == f'liftlock/{one.base}:{version.id}'
