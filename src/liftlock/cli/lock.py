"""`liftlock lock`: write down which commits actions, and which digests images stand for."""

from collections.abc import Mapping
from pathlib import Path

import click

from liftlock.engine import locks
from liftlock.errors import FAILED, UserError
from liftlock.language import image as names
from liftlock.language.locks import ACTIONS, IMAGES, actions, images
from liftlock.language.locks.actions import Lock as ActionsLock
from liftlock.language.locks.actions import Pinned
from liftlock.language.locks.files import Locks
from liftlock.language.locks.images import Lock as ImagesLock
from liftlock.runner.actions import identity


@click.command()
@click.option(
    '--check', is_flag=True, help='Write nothing; exit with 1 if the locks are out of date.'
)
@click.option('--update', is_flag=True, help='Ask anew where tags and branches point.')
def command(check: bool, update: bool) -> int:
    """Pin the actions that workflows use to commits, and images to digests.

    Writes .github/workflows/actions.lock in GitHub's format and, where workflows use images,
    images.lock beside it. Entries that are there stay, unless nothing uses them any longer or
    --update is given. Where a lock names a workflow, a run of it uses what stands in it and
    nothing else.
    """
    from liftlock.runner.repository import look

    top = look(Path.cwd()).top
    old = _read(top)
    new = _collect(top, Locks() if update else old)
    if not check:
        new = new._replace(actions=_identified(new.actions, old.actions.dependencies))
    news = (*actions.compare(old.actions, new.actions), *images.compare(old.images, new.images))
    for sentence in news:
        print(sentence)
    if check:
        state = 'out of date: run liftlock lock' if news else 'up to date'
        print(f'the locks are {state}' if new.images.workflows else f'{ACTIONS} is {state}')
        return FAILED if news else 0
    _write(top, ACTIONS, actions.render(new.actions), _told(new.actions))
    if new.images.workflows:
        _write(top, IMAGES, images.render(new.images), f'{len(new.images.images)} images')
    return 0


def _read(top: Path) -> Locks:
    """The locks of the repository; empty ones if it has none. UserError if one is damaged."""
    files = {}
    for path in (ACTIONS, IMAGES):
        try:
            files[path] = (top / path).read_text(encoding='utf-8')
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f'{path} cannot be read: {error}') from error
    return locks.parse(files)


def _collect(top: Path, known: Locks) -> Locks:
    import asyncio

    from liftlock.cli.wiring import place
    from liftlock.engine.workflows import is_workflow
    from liftlock.runner.actions.pins import Collector, reader
    from liftlock.runner.actions.resolve import GitActions
    from liftlock.runner.registry.resolving import resolve
    from liftlock.runner.snapshot import read_tree

    where = place(None)
    folder = Path(ACTIONS).parent.as_posix()
    files = read_tree(top, folder)
    texts = {path: text for path, text in files.items() if is_workflow(path)}
    if not texts:
        raise UserError(f'there are no workflows in {top / folder}')
    fetched = GitActions(where.cache, where.config.actions)
    collector = Collector(fetched, known.actions.dependencies, print)
    complaints = collector.complaints

    async def collect() -> Locks:
        found = await collector.collect(texts, reader(top))
        used = {
            path: _named(listed, known.images, path if path in found.unread else '')
            for path, listed in found.images.items()
        }
        wanted = sorted({name for listed in used.values() for name in listed})
        new = [name for name in wanted if name not in known.images.images]
        digests = await resolve(new, where.config.container_engine, print, complaints)
        recorded = {**known.images.images, **digests}
        digested = {name: recorded[name] for name in wanted if name in recorded}
        taken_on = bool(digested or known.images.workflows)
        return Locks(found.lock, ImagesLock(used, digested) if taken_on else ImagesLock())

    made = asyncio.run(collect())
    if complaints:
        raise UserError(
            '\n'.join(('not everything could be pinned', *complaints)),
            'name mirrors of actions under `actions:` in config.yml, log in to registries with '
            '`docker login`, or try again with network',
        )
    return made


def _named(listed: tuple[str, ...], known: ImagesLock, unread: str) -> tuple[str, ...]:
    """The images of a workflow that a lock must name: not those that name their digest."""
    kept = known.workflows.get(unread, ()) if unread else ()
    movable = (name for name in listed if not (found := names.parse(name)) or not found.digest)
    return tuple(sorted({*movable, *kept}))


def _identified(lock: ActionsLock, old: Mapping[str, Pinned]) -> ActionsLock:
    """With GitHub's numbers, from the old lock or from GitHub, until it doesn't answer."""
    known: dict[str, tuple[int, int] | None] = {
        pin.partition('@')[0]: pinned.ids for pin, pinned in old.items() if all(pinned.ids)
    }
    reachable = True
    for name in dict.fromkeys(pin.partition('@')[0] for pin in lock.dependencies):
        if name not in known and reachable:
            known[name] = identity.ask(name)
            reachable = known[name] is not None
    has = {name for name, ids in known.items() if ids}
    missing = sorted({pin.partition('@')[0] for pin in lock.dependencies} - has)
    if missing:
        print(f'GitHub could not be asked for the ids of {", ".join(missing)}.')
        print('The lock works here; GitHub itself wants them: run `liftlock lock` with network.')
    return lock._replace(
        dependencies={
            pin: pinned._replace(ids=known.get(pin.partition('@')[0]) or (0, 0))
            for pin, pinned in lock.dependencies.items()
        }
    )


def _told(lock: ActionsLock) -> str:
    return f'{len(lock.dependencies)} actions of {len(lock.workflows)} workflows'


def _write(top: Path, path: str, text: str, told: str) -> None:
    file = top / path
    if file.exists() and _content(file.read_text(encoding='utf-8')) == _content(text):
        print(f'{path} is up to date')
        return
    try:
        file.write_text(text, encoding='utf-8')
    except OSError as error:
        raise UserError(f'{path} cannot be written: {error.strerror}') from error
    print(f'{path}: {told}')


def _content(text: str) -> str:
    """Without the words at the top, which another tool may have put otherwise."""
    return text.partition('version:')[2]
