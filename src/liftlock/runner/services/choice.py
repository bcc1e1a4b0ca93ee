"""Which local server plays a service, where no container engine does."""

from liftlock.language import image as images
from liftlock.language.image import Image
from liftlock.language.records import NamedTuple
from liftlock.runner.containers import Container, Wanted
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services import asked, kinds
from liftlock.runner.services.asked import Asked
from liftlock.runner.services.kinds.base import Kind, Missing, Server


class Service(NamedTuple):
    """One service with the server that is to play it."""

    name: str
    written: str  # the image as the workflow has it
    image: Image
    asked: Asked
    kind: Kind
    server: Server

    @property
    def title(self) -> str:
        return f"the service '{self.name}' ({self.written})"

    def refuse(self, why: str) -> CannotPrepare:
        return CannotPrepare(f'T{self.title[1:]}: {why}')


def choose(name: str, container: Container) -> Service | str:
    """The local server for a service, or why there is none. Raises CannotPrepare."""
    image = images.parse(container.image)
    kind = kinds.find(image) if image is not None else None
    if image is None or kind is None:
        return f'without a container engine there are only {kinds.products()}'
    found = kind.find(image)
    if isinstance(found, Missing):
        return f'without a container engine it needs {found.what} on this machine: {found.remedy}'
    return Service(name, container.image, image, asked.read(container), kind, found)


def choose_all(wanted: Wanted, because: str) -> list[Service]:
    """The same for all of a job; `because` says why it has no containers. Raises CannotPrepare."""
    chosen = []
    for name, container in wanted.services.items():
        service = choose(name, container)
        if isinstance(service, str):
            raise CannotPrepare(
                f"The service '{name}' ({container.image}) cannot be started ({because}); {service}"
            )
        chosen.append(service)
    return chosen
