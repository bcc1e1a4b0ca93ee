"""Which image a job may run. With `images.lock`: what was recorded, wherever tags have moved."""

from collections.abc import Callable

from liftlock.errors import UserError
from liftlock.language import image as images
from liftlock.language import locks
from liftlock.plan.facts import ActionResolved
from liftlock.runner.containers import Container, Wanted
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.ports import World
from liftlock.runner.state import Job


def hold(world: World, image: str, say: Callable[[str], None]) -> str:
    """What to give the engine for an image that a workflow or an action names.

    Where a lock names the run's workflow that is `postgres:16@sha256:…`, and UserError if the
    image is not in it; one that is written with its digest is what it is. Whoever starts the
    container calls `note` with the digest that it turned out to have.
    """
    named = images.parse(image)
    if world.images is None or (named and named.digest):
        return image
    written = image.removeprefix(images.SCHEME)
    digest = locks.look_up(world.images, written, locks.IMAGES)
    say(f'{written} is locked to {digest}')
    return f'{written}@{digest}'


def hold_all(world: World, wanted: Wanted, say: Callable[[str], None]) -> Wanted:
    """The same for the containers around a job. Raises CannotPrepare."""

    def held(container: Container) -> Container:
        return container._replace(image=hold(world, container.image, say))

    try:
        own = held(wanted.container) if wanted.container else None
        return Wanted(own, {name: held(one) for name, one in wanted.services.items()})
    except UserError as error:
        raise CannotPrepare(f'{error}; {error.hint}') from error


def note(job: Job, image: str, digest: str) -> None:
    """Write down which image a container was made of. `digest` is that of the registry
    (`sha256:…`); '' for an image that was built here and is in none."""
    written = image.removeprefix(images.SCHEME).partition('@')[0]
    found = images.parse(image)
    job.report(
        ActionResolved(job.key, f'{images.SCHEME}{written}', digest, found.name if found else '')
    )
