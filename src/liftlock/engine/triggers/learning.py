"""Knows what the default branches say: schedules, and who wants to hear of other workflows.

Looked at again after every push to a default branch that was taken in, and now and then, for
repositories that nobody tells of.
"""

from collections.abc import Callable, Mapping
from typing import Final

from liftlock.engine import trail, workflows
from liftlock.engine.triggers import backoff
from liftlock.engine.triggers.ports import Reads
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.workflow import Trigger, Workflow
from liftlock.plan.triggers import texts
from liftlock.store import intakes, repositories, schedules
from liftlock.store.database import Store
from liftlock.store.repositories import Repository
from liftlock.store.schedules import Declared

PERIOD: Final = 600.0  # seconds between two looks at those that nobody tells of


class Known(NamedTuple):
    """What was read at a commit. `hears` are its triggers by `workflow_run`."""

    commit: str = ''
    hears: tuple[Trigger, ...] = ()
    due: float = 0.0
    failures: int = 0
    trouble: str = ''


class Learner:
    def __init__(
        self, store: Store, reads: Reads, now: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._store = store
        self._reads = reads
        self._now = now
        self._chance = chance
        self._known: dict[int, Known] = {}
        self._intake: int | None = None  # up to which pushes were looked at

    def hears(self, repository: int, workflow: str, action: str) -> bool:
        """Whether somebody may want to hear this of the workflow with that name; True as long as
        nobody has looked."""
        known = self._known.get(repository)
        if known is None or not known.commit:
            return True
        return any(wants(trigger, workflow, action) for trigger in known.hears)

    async def look(self) -> None:
        settled = self._settled()
        since = settled if self._intake is None else self._intake
        pushed = intakes.pushed(self._store, since)
        for repository in repositories.listed(self._store):
            if repository.active:
                await self._look(repository, pushed=repository.id in pushed)
        self._intake = settled

    def _settled(self) -> int:
        """The newest intake before which none is under way: of those git may not be fetched yet."""
        newest, begun = intakes.newest(self._store), intakes.left(self._store)
        return min([newest, *(one.id - 1 for one in begun)])

    async def _look(self, repository: Repository, *, pushed: bool) -> None:
        known = self._known.get(repository.id, Known())
        now = self._now()
        fetch = known.due <= now or known.due > now + 2 * PERIOD  # the clock was put back
        if not fetch and not pushed:
            return
        try:
            commit = await self._reads.head(repository, fetch=fetch)
            if commit and commit != known.commit:
                files = await self._reads.files(repository, commit)
                self._take_over(repository, files)
                known = known._replace(commit=commit, hears=hears(files))
        except Exception as error:  # a boundary: what one repository holds must not stop the others
            if not isinstance(error, UserError) and str(error) != known.trouble:
                trail.tell(f'reading the default branch of {repository.name}', error)
            failures = known.failures + 1
            due = now + backoff.pause(failures, self._chance())
            known = known._replace(due=due, failures=failures, trouble=str(error))
        else:
            due = now + PERIOD * (0.9 + 0.2 * self._chance()) if fetch else known.due
            known = known._replace(due=due, failures=0, trouble='')
        self._known[repository.id] = known

    def _take_over(self, repository: Repository, files: Mapping[str, str]) -> None:
        schedules.declare(self._store, repository.id, declared(files), self._now())


def declared(files: Mapping[str, str]) -> list[Declared]:
    """Every schedule in the workflow files, by their paths."""
    return [one for workflow in _read(files) for one in _schedules(workflow)]


def hears(files: Mapping[str, str]) -> tuple[Trigger, ...]:
    found = (workflow.on.get('workflow_run') for workflow in _read(files))
    return tuple(trigger for trigger in found if trigger is not None)


def wants(trigger: Trigger, workflow: str, action: str) -> bool:
    named = trigger.workflows is None or workflow in texts(trigger.workflows)
    return named and (trigger.types is None or action in texts(trigger.types))


def _read(files: Mapping[str, str]) -> list[Workflow]:
    wanted = {path: text for path, text in files.items() if workflows.is_workflow(path)}
    found = (workflows.read(path, text) for path, text in wanted.items())
    return [one.workflow for one in found if one.workflow is not None]


def _schedules(workflow: Workflow) -> list[Declared]:
    trigger = workflow.on.get('schedule')
    return [
        Declared(
            workflow.path,
            workflow.name or workflow.path,
            str(one.cron.value),
            str(one.timezone.value) if one.timezone else '',
        )
        for one in (trigger.schedules if trigger else ())
    ]
