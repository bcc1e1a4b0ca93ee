"""Which actions workflows use, and those that these use in turn: what a lock is made of."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path

from liftlock.errors import UserError
from liftlock.language.action import Action, Composite
from liftlock.language.locks.actions import Lock, Pinned
from liftlock.language.parse import parse, parse_action
from liftlock.language.reference import Reference
from liftlock.language.reference import parse as parse_reference
from liftlock.language.workflow import Call, Parallel, Step, Uses, Workflow
from liftlock.runner.ports import Actions

Read = Callable[[str], str | None]  # a path in a repository -> its text, if it is there
_NAMES = ('action.yml', 'action.yaml')


class Collector:
    """Gathers pins. `known` are entries that are to stay as they are; `complaints` grows."""

    def __init__(
        self, actions: Actions, known: Mapping[str, Pinned], log: Callable[[str], None]
    ) -> None:
        self._actions = actions
        self._known = known
        self._log = log
        self._pinned: dict[str, Pinned] = {}
        self.complaints: list[str] = []

    async def collect(self, workflows: Mapping[str, str], read: Read) -> Lock:
        """A lock for these files, by path; `read` reads others of the same repository."""
        named: dict[str, tuple[str, ...]] = {}
        for path, text in workflows.items():
            direct = [item async for item in self._direct(_uses_in(path, text), read, set())]
            named[path] = tuple(sorted(self._closure(direct)))
        return Lock(named, dict(sorted(self._pinned.items())))

    async def _direct(self, uses: Iterable[str], read: Read, seen: set[str]) -> AsyncIterator[str]:
        """Pins of what is used, through actions and workflows of the repository itself.

        `seen` are those that were gone through already: they may use one another in a circle.
        """
        for item in uses:
            reference = parse_reference(item)
            if reference is not None:
                await self._pin(reference)
                yield reference.pin
            elif item.startswith(('./', '$/')) and item[2:] not in seen:
                seen.add(item[2:])
                async for pin in self._direct(_nested(item[2:].strip('/'), read), read, seen):
                    yield pin

    async def _pin(self, reference: Reference) -> None:
        pin = reference.pin
        known = self._pinned.get(pin) or self._known.get(pin)
        if known is not None:
            if pin not in self._pinned:
                self._pinned[pin] = known
                for nested in known.uses:
                    inner = parse_reference(nested)
                    assert inner is not None
                    await self._pin(inner)
            return
        self._pinned[pin] = Pinned(reference.ref, '')  # so that a circle ends
        try:
            found = await self._actions.find(reference.name, reference.ref, self._log)
        except UserError as error:
            self.complaints.append(str(error))
            return
        inside = reader(found.directory)
        uses = _nested(reference.path, inside)
        direct = [item async for item in self._direct(uses, inside, set())]
        self._pinned[pin] = Pinned(reference.ref, found.commit, (0, 0), tuple(sorted(set(direct))))

    def _closure(self, pins: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        waiting = list(pins)
        while waiting:
            pin = waiting.pop()
            if pin not in reached:
                reached.add(pin)
                waiting.extend(self._pinned[pin].uses)
        return reached


def reader(top: Path) -> Read:
    def read(path: str) -> str | None:
        file = (top / path).resolve()
        if not file.is_relative_to(top.resolve()) or not file.is_file():
            return None
        return file.read_text(encoding='utf-8', errors='surrogateescape')

    return read


def _nested(path: str, read: Read) -> Iterator[str]:
    """What a workflow, or the action in a folder, uses itself."""
    if path.endswith(('.yml', '.yaml')):
        text = read(path)
        yield from () if text is None else _uses_in(path, text)
        return
    for name in _NAMES:
        file = f'{path}/{name}'.lstrip('/')
        text = read(file)
        if text is not None:
            action, _ = parse_action(file, text)
            yield from () if action is None else _uses_of_action(action)
            return


def _uses_in(path: str, text: str) -> Iterator[str]:
    parsed = parse(path, text)
    if parsed.workflow is None:
        raise UserError(
            f'{path} has mistakes: {parsed.diagnostics[0].message}',
            f'see them: liftlock check {path}',
        )
    yield from _uses_of_workflow(parsed.workflow)


def _uses_of_workflow(workflow: Workflow) -> Iterator[str]:
    for job in workflow.jobs.values():
        if isinstance(job, Call):
            yield str(job.uses.value)
        else:
            yield from _uses_of_steps(job.steps)


def _uses_of_action(action: Action) -> Iterator[str]:
    if isinstance(action.runs, Composite):
        yield from _uses_of_steps(action.runs.steps)


def _uses_of_steps(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        if isinstance(step.does, Uses):
            yield str(step.does.reference.value)
        elif isinstance(step.does, Parallel):
            yield from _uses_of_steps(step.does.steps)
