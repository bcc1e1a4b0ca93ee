"""Going back where jobs deploy: the earlier version's job is run again, here and now."""

import sys
from typing import TYPE_CHECKING

from liftlock.cli import goingon, wiring
from liftlock.cli.goingon import Ways
from liftlock.engine.submission import Terms
from liftlock.errors import INTERRUPTED, UserError
from liftlock.store import runs

if TYPE_CHECKING:
    from liftlock.engine.delivery.returns import Return


def after(works: wiring.Works, run: int, ways: Ways, terms: Terms, status: int) -> None:
    """Take back what jobs of the run have deployed, and what is not well."""
    if status in (0, INTERRUPTED) or not runs.deployed(works.store, run):
        return
    from liftlock.engine.delivery import returns

    for back in returns.due(works.store, run):
        try:
            go(works, back, ways, terms)
        except UserError as error:  # the run's own end must be told all the same
            hint = f'\n  {error.hint}' if error.hint else ''
            sys.stderr.write(f'{back.place.name} is not taken back: {error}{hint}\n')


def go(works: wiring.Works, back: 'Return', ways: Ways, terms: Terms) -> int:
    """The exit status. UserError if the job cannot be run again."""
    from liftlock.engine.delivery import returns

    found = runs.find(works.store, str(back.run))
    before = works.store.facts(found.id)[-1].seq
    returns.begin(works.engine, works.store, back, terms)
    word = (
        f'Back to {back.to.version.name} in {back.place.name} ({back.reason}): '
        f'job "{back.job}" of run {found.id} again.'
    )
    return goingon.go_on(works, found.id, ways, terms, before, word)
