"""What hinders a controller: told once, and taken back where trying again cannot mend it."""

import logging
from collections.abc import Iterator

from liftlock.engine.delivery.holding import Holding
from liftlock.errors import UserError
from liftlock.rollout import facts as f
from liftlock.rollout.phases import Phase
from liftlock.rollout.trouble import Trouble

log = logging.getLogger(__name__)


class Troubles:
    """By the name of what is hindered."""

    def __init__(self, holding: Holding) -> None:
        self._holding = holding
        self._told: dict[str, str] = {}
        self._number = 0  # the deployment whose troubles they are

    def are_of(self, number: int) -> bool:
        """Whether they are this deployment's; others are forgotten. What hindered one deployment
        is told again if it hinders the next."""
        if number == self._number:
            return True
        self._number = number
        self._told.clear()
        return False

    def over(self, name: str) -> None:
        self._told.pop(name, None)

    def arise(self, name: str, error: BaseException) -> None:
        if isinstance(error, OSError):  # the disk is full, say
            error = Trouble(f'this machine refuses: {error}', again=True)
        known = isinstance(error, Trouble | UserError)
        told = str(error) if known else f'this is a bug in liftlock: {error!r}'
        if not known:
            log.error('%s: %s', self._holding.place.name, name, exc_info=error)
        if hint := getattr(error, 'hint', ''):
            told = f'{told} ({hint})'
        if self._told.get(name) != told:
            self._told[name] = told
            self._holding.append(list(self._consequences(name, error, told)))

    def _consequences(self, name: str, error: BaseException, told: str) -> Iterator[f.Fact]:
        number, active = self._holding.number, self._holding.environment.active
        yield f.Noticed(number, 'error', told)
        forward = active is not None and active.phase in (Phase.PROGRESSING, Phase.PAUSED)
        final = not (isinstance(error, Trouble) and error.again)
        if forward and final and not name.startswith(('measure:', 'sync')):
            yield f.RollbackStarted(number, 'error', told)
