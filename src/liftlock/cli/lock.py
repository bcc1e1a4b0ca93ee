"""`liftlock lock`: write down which commit every action of every workflow stands for."""

from collections.abc import Mapping
from pathlib import Path

import click

from liftlock.errors import FAILED, UserError
from liftlock.language.locks import ACTIONS as LOCK
from liftlock.language.locks import actions as lock
from liftlock.language.locks.actions import Lock, Pinned
from liftlock.language.locks.writing import BadLock
from liftlock.runner.actions import identity


@click.command()
@click.option(
    '--check', is_flag=True, help='Write nothing; exit with 1 if the lock is out of date.'
)
@click.option('--update', is_flag=True, help='Ask anew where tags and branches point.')
def command(check: bool, update: bool) -> int:
    """Pin the actions that workflows use to the commits they are at.

    Writes .github/workflows/actions.lock in GitHub's format. Entries that are there stay, unless
    nothing uses them any longer or --update is given. Where the file names a workflow, a run of
    it uses the commits in it and no other action.
    """
    from liftlock.runner.repository import look

    top = look(Path.cwd()).top
    old = read(top)
    new = _collect(top, Lock() if update else old)
    if not check:
        new = new._replace(dependencies=_identify(new.dependencies, old.dependencies))
    news = lock.compare(old, new)
    for sentence in news:
        print(sentence)
    if check:
        print(f'{LOCK} is {"out of date: run liftlock lock" if news else "up to date"}')
        return FAILED if news else 0
    _write(top, new)
    return 0


def read(top: Path) -> Lock:
    """The lock of the repository; an empty one if it has none. UserError if it is damaged."""
    try:
        return lock.parse((top / LOCK).read_text(encoding='utf-8'))
    except FileNotFoundError:
        return Lock()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f'{LOCK} cannot be read: {error}') from error
    except BadLock as error:
        raise UserError(
            f'{LOCK}: {error}', 'delete it and run `liftlock lock`, or take it from git'
        ) from error


def _collect(top: Path, known: Lock) -> Lock:
    import asyncio

    from liftlock.cli.wiring import place
    from liftlock.cli.workflows import is_workflow
    from liftlock.runner.actions.pins import Collector, reader
    from liftlock.runner.actions.resolve import GitActions
    from liftlock.runner.snapshot import read_tree

    where = place(None)
    folder = Path(LOCK).parent.as_posix()
    files = read_tree(top, folder)
    texts = {path: text for path, text in files.items() if is_workflow(path)}
    if not texts:
        raise UserError(f'there are no workflows in {top / folder}')
    actions = GitActions(where.cache, where.config.actions)
    collector = Collector(actions, known.dependencies, print)
    found = asyncio.run(collector.collect(texts, reader(top)))
    if collector.complaints:
        raise UserError(
            '\n'.join(('not everything could be pinned', *collector.complaints)),
            'name mirrors under `actions:` in config.yml, or try again with network',
        )
    return found


def _identify(
    dependencies: Mapping[str, Pinned], old: Mapping[str, Pinned]
) -> Mapping[str, Pinned]:
    """GitHub's numbers, from the old lock or from GitHub, until it doesn't answer."""
    known: dict[str, tuple[int, int] | None] = {
        pin.partition('@')[0]: pinned.ids for pin, pinned in old.items() if all(pinned.ids)
    }
    reachable = True
    for name in dict.fromkeys(pin.partition('@')[0] for pin in dependencies):
        if name not in known and reachable:
            known[name] = identity.ask(name)
            reachable = known[name] is not None
    missing = sorted({pin.partition('@')[0] for pin in dependencies} - _named(known))
    if missing:
        print(f'GitHub could not be asked for the ids of {", ".join(missing)}.')
        print('The lock works here; GitHub itself wants them: run `liftlock lock` with network.')
    return {
        pin: pinned._replace(ids=known.get(pin.partition('@')[0]) or (0, 0))
        for pin, pinned in dependencies.items()
    }


def _named(known: Mapping[str, tuple[int, int] | None]) -> set[str]:
    return {name for name, ids in known.items() if ids}


def _write(top: Path, new: Lock) -> None:
    text = lock.render(new)
    file = top / LOCK
    if (
        file.exists()
        and file.read_text(encoding='utf-8').partition('version:')[2]
        == (text.partition('version:')[2])
    ):
        print(f'{LOCK} is up to date')
        return
    try:
        file.write_text(text, encoding='utf-8')
    except OSError as error:
        raise UserError(f'{LOCK} cannot be written: {error.strerror}') from error
    print(f'{LOCK}: {len(new.dependencies)} actions of {len(new.workflows)} workflows')
