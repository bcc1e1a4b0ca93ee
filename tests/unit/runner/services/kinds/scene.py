"""A service as a recipe sees it, on a machine where everything is where it should be."""

from liftlock.language import image as images
from liftlock.runner.containers import Container
from liftlock.runner.services import asked
from liftlock.runner.services.kinds.base import Kind, Recipe, Server, Task

FOLDER = '/room/db'


def make(
    kind: Kind,
    image: str,
    *words: str,
    env: dict[str, str] | None = None,
    server: Server,
    moved: int = 10000,
    ports: tuple[str, ...] = (),
) -> Recipe:
    """Each port of the container is `moved` up on this machine."""
    named = images.parse(image)
    assert named is not None
    wanted = asked.read(Container(image, env=env or {}, command=' '.join(words), ports=ports))
    opened = {port: port + moved for port in kind.ports(named, wanted)}
    task = Task(named, wanted, words, FOLDER, opened, ('127.0.0.1', '::1'))
    return kind.recipe(server, task)
