"""What people have done with registered repositories, their deliveries and pull requests that wait:
from a page or by REST, the same, and put on record."""

import time
from collections.abc import Mapping
from pathlib import Path

from liftlock.engine.intake.intake import Intake
from liftlock.engine.intake.outcome import Dispatch, Outcome
from liftlock.language.expressions.values import Value
from liftlock.server import rights
from liftlock.server.hooks.processing import Processing
from liftlock.server.rights import Forbidden, Person
from liftlock.store import audit, hooks, intakes, repositories, schedules, settings, statuses
from liftlock.store.database import Store
from liftlock.store.hooks import Hook
from liftlock.store.repositories import Draft, Repository
from liftlock.store.settings import Settings


class Register:
    """Everything raises Forbidden, or UserError where it cannot be done; nothing is done then."""

    def __init__(
        self, store: Store, key_file: Path, intake: Intake, processing: Processing
    ) -> None:
        self._store = store
        self._key_file = key_file
        self._intake = intake
        self._processing = processing

    # --- repositories

    def add(self, person: Person, draft: Draft) -> Repository:
        rights.refuse(person, 'repository.manage')
        self._refuse_power(person, draft, None)
        made = repositories.add(self._store, draft, person.name, self._key_file)
        self._record(person, 'repository added', made.name, made.url)
        return made

    def change(self, person: Person, number: int, draft: Draft) -> Repository:
        was = repositories.of(self._store, number)
        rights.refuse(person, 'repository.manage', was.name)
        self._refuse_power(person, draft, was)
        made = repositories.change(self._store, number, draft, self._key_file)
        self._record(person, 'repository changed', made.name, _changes(was, made, draft))
        return made

    def remove(self, person: Person, number: int) -> Repository:
        was = repositories.of(self._store, number)
        rights.refuse(person, 'repository.manage', was.name)
        repositories.remove(self._store, number)
        self._record(person, 'repository removed', was.name, was.url)
        return was

    def distrust(self, person: Person, number: int, author: str) -> None:
        was = repositories.of(self._store, number)
        rights.refuse(person, 'repository.manage', was.name)
        intakes.distrust(self._store, number, author)
        self._record(person, 'author known no more', was.name, author)

    # --- triggers

    def configure(self, person: Person, number: int, wanted: Settings) -> None:
        """What is set of its triggers."""
        name = repositories.of(self._store, number).name
        rights.refuse(person, 'repository.manage', name)
        settings.change(self._store, number, wanted)
        said = f'statuses {wanted.statuses}, badges {wanted.badges}'
        self._record(person, 'triggers changed', name, f'{said}, catch up {wanted.catch_up:g} s')

    def tell_again(self, person: Person, number: int) -> int:
        """Tell its forge anew what it could not be told; how many statuses these are."""
        name = repositories.of(self._store, number).name
        rights.refuse(person, 'delivery.replay', name)
        count = statuses.again(self._store, number, time.time())
        self._record(person, 'statuses sent again', name, str(count))
        return count

    def turn(self, person: Person, repository: Repository, workflow: str, *, off: bool) -> None:
        """Let nothing start the workflow, or again what should; `workflow` is the path."""
        rights.refuse(person, 'workflow.enable', repository.name)
        if off:
            schedules.disable(self._store, repository.id, workflow, person.name, time.time())
        else:
            schedules.enable(self._store, repository.id, workflow)
        word = 'disabled' if off else 'enabled'
        self._record(person, f'workflow {word}', f'{repository.name}: {workflow}', '')

    # --- deliveries

    def replay(self, person: Person, number: int) -> Hook:
        was = hooks.of(self._store, number)
        name = repositories.of(self._store, was.repository).name
        rights.refuse(person, 'delivery.replay', name)
        made = hooks.replay(self._store, number)
        self._record(person, 'delivery replayed', name, f'{number} as {made.id}')
        self._processing.wake()
        return made

    # --- what waits, and what is asked for

    async def approve(self, person: Person, number: int, *, always: bool = False) -> Outcome:
        """A pull request of a fork, as it is at this commit."""
        row = intakes.of(self._store, number)
        name = repositories.of(self._store, row.repository).name
        rights.refuse(person, 'repository.approve', name)
        outcome = await self._intake.approve(number, person.name, always=always)
        detail = f'#{row.number} at {row.head[:12]} by {row.author}'
        self._record(
            person,
            'pull request approved',
            name,
            detail + (', and whatever the author sends' if always else ''),
        )
        return outcome

    def reject(self, person: Person, number: int) -> None:
        row = intakes.of(self._store, number)
        name = repositories.of(self._store, row.repository).name
        rights.refuse(person, 'repository.approve', name)
        self._intake.reject(number, person.name)
        self._record(person, 'pull request rejected', name, f'#{row.number} at {row.head[:12]}')

    async def send(
        self,
        person: Person,
        repository: Repository,
        event_type: str,
        payload: Mapping[str, Value],
        delivery: str = '',
    ) -> Outcome:
        rights.refuse(person, 'run.dispatch', repository.name)
        who = person.name
        outcome = await self._intake.send(repository, event_type, payload, who, delivery)
        self._record(person, 'event sent', repository.name, event_type)
        return outcome

    async def dispatch(
        self, person: Person, repository: Repository, asked: Dispatch, delivery: str = ''
    ) -> Outcome:
        """Under the name of one `delivery` it is done once."""
        rights.refuse(person, 'run.dispatch', repository.name)
        outcome = await self._intake.dispatch(repository, asked, person.name, delivery)
        detail = f'{asked.workflow} on {asked.ref or repository.default_branch}'
        self._record(person, 'workflow dispatched', repository.name, detail)
        return outcome

    # ---

    def _refuse_power(self, person: Person, draft: Draft, was: Repository | None) -> None:
        """What reaches the server's own machine is for admins: the host, and its paths."""
        trusting = draft.trusted and not (was and was.trusted)
        moved = was is None or draft.url != was.url
        local = draft.url.strip().lower().startswith(('/', 'file:'))
        retargeted = draft.trusted and moved
        if (trusting or retargeted or (moved and local)) and not rights.may(
            person, 'repository.trust'
        ):
            what = 'paths of this machine' if local and moved else 'jobs on the host'
            raise Forbidden(f'{what} are for admins', 'ask an admin')

    def _record(self, person: Person, what: str, about: str, detail: str) -> None:
        audit.write(self._store, person.name, what, about, detail, person.address)


def _changes(was: Repository, now: Repository, draft: Draft) -> str:
    """Which fields; never what they hold."""
    changed = [
        field
        for field in ('url', 'forge', 'web', 'branch', 'trusted', 'forks', 'interval', 'active')
        if getattr(was, field) != getattr(now, field)
    ]
    changed += [field for field in ('secret', 'token') if getattr(draft, field) is not None]
    return ', '.join(changed)
