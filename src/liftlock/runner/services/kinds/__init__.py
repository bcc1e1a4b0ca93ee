"""Every kind of server that can stand in for an image. To add one, write its module and name it.

Images are named as on Docker Hub. Those that mirror it are known by `library/` before the name.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.language.image import HUB, Image
from liftlock.runner.services.kinds import mongo, mysql, nginx, postgres, rabbitmq, redis
from liftlock.runner.services.kinds.base import Kind, Server

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


def find_servers() -> list[Server]:
    """What this machine has, each product once."""
    looked = [kind.find(Image(HUB, repository)) for repository, kind in KINDS.items()]
    servers = [found for found in looked if isinstance(found, Server) and not found.instead_of]
    return list({server.product: server for server in servers}.values())


def products() -> str:
    """What can be started without a container engine, in words."""
    *first, last = dict.fromkeys(name for kind in KINDS.values() for name in kind.PRODUCTS)
    return f'{", ".join(first)} and {last}'
