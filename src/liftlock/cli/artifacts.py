"""`liftlock artifacts`: list what a run kept, or fetch it."""

import asyncio
import json as jsons
import time
from pathlib import Path

import click

from liftlock.cli import remote
from liftlock.cli.figures import count, size
from liftlock.cli.past import Stored, open_past
from liftlock.errors import UserError
from liftlock.store import attestations
from liftlock.store.artifacts import ZIP, Artifact
from liftlock.store.database import Store
from liftlock.store.runs import Run

DAY = 86400
SHOWN = 12  # digits of a digest; all of them with --json


@click.command('artifacts', short_help='List or fetch what a run kept.')
@click.argument('run', default='last', metavar='[RUN]')
@click.option('-d', '--download', 'names', multiple=True, metavar='NAME', help='Fetch this one.')
@click.option('--to', metavar='DIR', help='Unpack there. [default: a directory of its name]')
@click.option('--attest', is_flag=True, help='Sign where they come from: SLSA provenance.')
@click.option('--bundle', metavar='FILE', help='Write what was signed, for `liftlock verify`.')
@click.option('--json', is_flag=True, help='A list of objects.')
@remote.option
@click.pass_obj
def command(
    state: str | None,
    /,
    run: str,
    names: tuple[str, ...],
    to: str | None,
    attest: bool,
    bundle: str | None,
    json: bool,
    server: str,
) -> None:
    """List, fetch or attest the artifacts of RUN (a number; default: the last)."""
    past = open_past(state, server)
    found = past.find(run)
    kept = past.artifacts(found.id)
    for name in names:
        if name not in {one.name for one in kept}:
            known = ', '.join(sorted({one.name for one in kept})) or 'none'
            raise UserError(f'run {found.id} has no artifact "{name}"', f'there are: {known}')
        directory = _place(to, name, kept)
        files = asyncio.run(past.fetch(found.id, name, directory))
        print(f'{name}: {count(files, "file")} in {directory}')
    if attest or bundle:
        if not isinstance(past, Stored):
            raise UserError('attestations are signed where the store is', 'leave out --server')
        _attest(past.store, found, kept, attest, bundle)
        return
    if json:
        print(jsons.dumps([one._asdict() for one in kept], ensure_ascii=False, indent=2))
    elif not names:
        _list(kept, found.id)
        if isinstance(past, Stored) and attestations.listed(past.store, found.id):
            from liftlock.cli import attesting

            attesting.tell(past.store, found)


def _attest(store: Store, run: Run, kept: list[Artifact], attest: bool, bundle: str | None) -> None:
    from liftlock.cli import attesting

    if attest:
        if not kept:
            raise UserError(f'run {run.id} kept no artifacts that could be attested')
        attesting.attest(store, run, kept)
    if bundle:
        attesting.write_bundles(store, run, bundle)


def _place(to: str | None, name: str, kept: list[Artifact]) -> Path:
    """A directory of the artifact's name; where it is a file of that name, this one."""
    single = any(one.name == name and one.mime != ZIP for one in kept)
    directory = Path(to or ('.' if single else name))
    if single and (directory / name).exists():
        raise UserError(f'{directory / name} is there already', 'fetch it elsewhere with --to DIR')
    return directory


def _list(kept: list[Artifact], run: int) -> None:
    if not kept:
        print(f'Run {run} kept no artifacts.')
    width = max((len(one.name) for one in kept), default=0)
    for one in kept:
        days = (one.expires - time.time()) / DAY
        told = f'{size(one.size):>9}  {count(one.files, "file"):>9}  for {days:.0f} more days'
        print(f'{one.name.ljust(width)}  {told}  sha256:{one.digest[:SHOWN]}')
