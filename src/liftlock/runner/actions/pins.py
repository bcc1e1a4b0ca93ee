"""Which actions and images workflows use, and those that these use in turn: what locks are made of.

Images are named `docker://image` here.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from liftlock.errors import UserError
from liftlock.language import used
from liftlock.language.expressions.values import Scope, Value, to_text
from liftlock.language.image import SCHEME
from liftlock.language.locks.actions import Lock, Pinned
from liftlock.language.parse import parse, parse_action
from liftlock.language.records import NamedTuple
from liftlock.language.reference import Reference
from liftlock.language.reference import parse as parse_reference
from liftlock.language.resolve import TemplateError, resolve
from liftlock.language.template import Literal, Token
from liftlock.language.workflow import Call, Job, Workflow
from liftlock.plan import matrix
from liftlock.plan.evaluation import names_in
from liftlock.runner.ports import Actions, Found

Read = Callable[[str], str | None]  # a path in a repository -> its text, if it is there
_NAMES = ('action.yml', 'action.yaml')


class Collected(NamedTuple):
    """`images` are those that each workflow uses, by its path, without `docker://`. `unread` are
    workflows of which some action could not be looked into: they may use more."""

    lock: Lock
    images: Mapping[str, tuple[str, ...]]
    unread: frozenset[str]


class Collector:
    """Gathers pins. `known` are entries that are to stay as they are; `complaints` grows."""

    def __init__(
        self, actions: Actions, known: Mapping[str, Pinned], log: Callable[[str], None]
    ) -> None:
        self._actions = actions
        self._known = known
        self._log = log
        self._pinned: dict[str, Pinned] = {}
        self._uses: dict[str, set[str]] = {}  # by pin: the pins and images that it uses itself
        self._looked: set[tuple[str, str]] = set()  # pin, and path in its repository
        self._unread: set[str] = set()
        self.complaints: list[str] = []

    async def collect(self, workflows: Mapping[str, str], read: Read) -> Collected:
        """What these files use, by path; `read` reads others of the same repository."""
        reached = {}
        for path, text in workflows.items():
            direct = [item async for item in self._direct(self._in(path, text), read, set())]
            reached[path] = self._closure(direct)
        pinned = {
            pin: one._replace(uses=tuple(sorted(filter(_is_pin, self._uses[pin]))))
            for pin, one in sorted(self._pinned.items())
        }
        return Collected(
            Lock({path: _only(items, pins=True) for path, items in reached.items()}, pinned),
            {path: _only(items, pins=False) for path, items in reached.items()},
            frozenset(path for path, items in reached.items() if items & self._unread),
        )

    async def _direct(self, uses: Iterable[str], read: Read, seen: set[str]) -> AsyncIterator[str]:
        """Pins and images of what is used, through actions and workflows of the repository itself.

        `seen` are those that were gone through already: they may use one another in a circle.
        """
        for item in uses:
            reference = parse_reference(item)
            if reference is not None:
                await self._pin(reference)
                yield reference.pin
            elif item.startswith(SCHEME):
                yield item
            elif item.startswith(('./', '$/')) and item[2:] not in seen:
                seen.add(item[2:])
                async for found in self._direct(
                    self._nested(item[2:].strip('/'), read), read, seen
                ):
                    yield found

    async def _pin(self, reference: Reference) -> None:
        """Look into an action. A repository is pinned once, whatever is used of it."""
        pin = reference.pin
        if (pin, reference.path) in self._looked:
            return
        self._looked.add((pin, reference.path))  # before what it uses, so that a circle ends
        self._uses.setdefault(pin, set())
        known = self._pinned.get(pin) or self._known.get(pin)
        found = await self._find(reference, known)
        if found is not None:
            self._pinned[pin] = Pinned(reference.ref, found.commit)
            inside = reader(found.directory)
            nested = self._nested(reference.path, inside)
            self._uses[pin].update([item async for item in self._direct(nested, inside, set())])
        elif known is not None:
            self._pinned[pin] = known
            for inner in filter(None, map(parse_reference, known.uses)):
                self._uses[pin].add(inner.pin)
                await self._pin(inner)

    async def _find(self, reference: Reference, known: Pinned | None) -> Found | None:
        ref = known.commit if known else reference.ref
        why = 'it lies in a directory here, which has no commits'
        try:
            found = await self._actions.find(reference.name, ref, self._log)
            if found.commit:
                return found
        except UserError as error:
            why = str(error)
        if known is None:
            self.complaints.append(f'{reference.pin}: {why}')
        else:
            self._unread.add(reference.pin)
            self._log(f'{reference.pin} stays as recorded; it was not looked into: {why}')
        return None

    def _closure(self, direct: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        waiting = list(direct)
        while waiting:
            item = waiting.pop()
            if item not in reached:
                reached.add(item)
                waiting.extend(self._uses.get(item, ()))
        return reached

    def _nested(self, path: str, read: Read) -> Iterator[str]:
        """What a workflow, or the action in a folder, uses itself."""
        if path.endswith(('.yml', '.yaml')):
            text = read(path)
            yield from () if text is None else self._in(path, text)
            return
        for name in _NAMES:
            file = f'{path}/{name}'.lstrip('/')
            text = read(file)
            if text is not None:
                action, _ = parse_action(file, text)
                if action is not None:
                    yield from (str(literal.value) for literal in used.names(action))
                    yield from (image for image, _ in used.images(action))
                return

    def _in(self, path: str, text: str) -> Iterator[str]:
        parsed = parse(path, text)
        if parsed.workflow is None:
            raise UserError(
                f'{path} has mistakes: {parsed.diagnostics[0].message}',
                f'see them: liftlock check {path}',
            )
        yield from (str(literal.value) for literal in used.names(parsed.workflow))
        yield from self._images(parsed.workflow)

    def _images(self, workflow: Workflow) -> Iterator[str]:
        for name, job in workflow.jobs.items():
            if isinstance(job, Call):
                continue
            for written in (_written(job, token) for token in used.containers(job)):
                if written is None:
                    self._log(
                        f'{workflow.path}: an image of job "{name}" is computed in a run; it must '
                        'come out as one that is locked, or name its digest'
                    )
                yield from map(used.image, filter(None, written or ()))


def _written(job: Job, token: Token) -> Sequence[str] | None:
    """The images that a token may stand for; None if only a run can tell."""
    if isinstance(token, Literal):
        return (to_text(token.value),)
    if not names_in(token) <= {'matrix'} or names_in(job.strategy.matrix):
        return None
    try:
        legs: Iterable[dict[str, Value]] = ({},)
        if job.strategy.matrix is not None:
            legs = [
                leg.values for leg in matrix.expand(resolve(job.strategy.matrix, Scope({}, {})))
            ]
        values = [resolve(token, Scope({'matrix': leg}, {})) for leg in legs]
    except (TemplateError, matrix.BadMatrix):
        return None
    return [to_text(value.get('image') if isinstance(value, dict) else value) for value in values]


def _is_pin(item: str) -> bool:
    return not item.startswith(SCHEME)


def _only(items: Iterable[str], *, pins: bool) -> tuple[str, ...]:
    return tuple(sorted(item.removeprefix(SCHEME) for item in items if _is_pin(item) == pins))


def reader(top: Path) -> Read:
    def read(path: str) -> str | None:
        file = (top / path).resolve()
        if not file.is_relative_to(top.resolve()) or not file.is_file():
            return None
        return file.read_text(encoding='utf-8', errors='surrogateescape')

    return read
