"""The arguments of `docker run` for the containers of a job.

Rules: GitHub's DockerCommandManager.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.containers import Container
from liftlock.runner.shells import split

LABEL: Final = 'liftlock'  # its value is the tracking id of the job
CI: Final = {'GITHUB_ACTIONS': 'true', 'CI': 'true'}


class Mount(NamedTuple):
    """A directory or socket of this machine, as processes in a container see it."""

    source: str
    target: str
    read_only: bool = False

    @property
    def words(self) -> tuple[str, str]:
        fields = ['type=bind', f'source={self.source}', f'target={self.target}']
        fields += ['readonly'] if self.read_only else []
        return '--mount', ','.join(map(_field, fields))


class Place(NamedTuple):
    """What a job gives to every container of its own."""

    name: str
    tracking_id: str
    network: str = ''
    alias: str = ''  # by which others on the network find it
    workdir: str = ''
    mounts: tuple[Mount, ...] = ()


def _field(text: str) -> str:
    """As in a file of comma-separated values, for paths that hold such signs themselves."""
    return '"' + text.replace('"', '""') + '"' if ',' in text or '"' in text else text


def plain(text: str) -> str:
    """Only what the name of a container may hold."""
    return ''.join(letter for letter in text if letter.isascii() and letter.isalnum())


def variables(container: Container, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """`CI` may be set otherwise by the workflow."""
    return {**CI, **container.env, **(more or {}), 'GITHUB_ACTIONS': 'true'}


def words(
    place: Place,
    container: Container,
    env: Sequence[str],
    image: str,
    entrypoint: str = '',
    arguments: Sequence[str] = (),
) -> list[str]:
    """Of a container that stays; `env` are the words that hand its variables over."""
    made = ['run', '--detach', '--name', place.name, '--label', f'{LABEL}={place.tracking_id}']
    for option, value in (
        ('--workdir', place.workdir),
        ('--network', place.network),
        ('--network-alias', place.alias),
    ):
        made += [option, value] if value else []
    for port in container.ports:
        made += ['-p', port]
    made += split(container.options)
    made += env
    for volume in container.volumes:
        made += ['-v', volume]
    for mount in place.mounts:
        made += mount.words
    if entrypoint:
        made += ['--entrypoint', entrypoint]
    return [*made, image, *arguments]
