"""Every kind of server that can stand in for an image. To add one, write its module and name it.

Images are named as on Docker Hub. Those that mirror it are known by `library/` before the name.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.language.image import HUB, Image
from liftlock.runner.services.kinds import mongo, mysql, nginx, postgres, rabbitmq, redis
from liftlock.runner.services.kinds.base import Kind, Missing, Server

KINDS: Final[Mapping[str, Kind]] = {
    'library/postgres': postgres,
    'postgis/postgis': postgres,
    'pgvector/pgvector': postgres,
    'ankane/pgvector': postgres,
    'timescale/timescaledb': postgres,
    'library/redis': redis,
    'valkey/valkey': redis,
    'library/mysql': mysql,
    'library/mariadb': mysql,
    'library/rabbitmq': rabbitmq,
    'library/nginx': nginx,
    'library/mongo': mongo,
}


def find(image: Image) -> Kind | None:
    if image.registry == HUB:
        return KINDS.get(image.repository)
    folder, _, name = image.repository.rpartition('/')
    if folder == 'library' or folder.endswith('/library'):
        return KINDS.get(f'library/{name}')
    return None


def find_servers() -> Iterator[tuple[str, Server | Missing]]:
    """What this machine has of every kind: the image that is best known, and its server."""
    for repository, kind in KINDS.items():
        if repository.startswith('library/'):
            yield repository.removeprefix('library/'), kind.find(Image(HUB, repository))


def products() -> str:
    """What can be started without a container engine, in words."""
    *first, last = dict.fromkeys(name for kind in KINDS.values() for name in kind.PRODUCTS)
    return f'{", ".join(first)} and {last}'
