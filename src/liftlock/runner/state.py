"""What changes while a job runs.

A `Job` holds what all its steps share. A `Frame` is where steps stand: the job's own list, or one
call of a composite action, with `steps`, `inputs` and a status of its own. A `Record` is one step
as people see it; what runs inside a composite action writes into the record of the step that
called it. `Effects` are what a stage asked for; they take effect when it has ended.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from liftlock.language.expressions.values import Function, Scope, Value
from liftlock.plan.facts import Annotated, StepFinished, StepStarted
from liftlock.plan.masking import Masker
from liftlock.runner.commands import Spot
from liftlock.runner.directories import Directories
from liftlock.runner.executors.base import Leash, Workplace
from liftlock.runner.ports import JobRequest, Log, Report, World
from liftlock.runner.shells import Shell, choose

if TYPE_CHECKING:
    from liftlock.runner.actions.loading import Loaded
    from liftlock.runner.files import Files
    from liftlock.runner.matchers import Matcher
    from liftlock.runner.origin import Origin
    from liftlock.runner.reach import Reach
    from liftlock.runner.subjects import Subject

SUCCESS: Final = 'success'
FAILURE: Final = 'failure'
CANCELLED: Final = 'cancelled'
SKIPPED: Final = 'skipped'

LONGEST_MESSAGE: Final = 4096
NOWHERE: Final = Spot()
MOST_ANNOTATIONS: Final = 10  # of one level in one step


class Effects:
    """What a stage asked for by files and by commands."""

    __slots__ = ('env', 'failed', 'outputs', 'path', 'state')

    def __init__(self) -> None:
        self.env: dict[str, str] = {}
        self.path: list[str] = []  # the last one goes foremost
        self.outputs: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.failed = False  # a command could not be carried out


class Job:
    """One running job. It has a workplace, and a reach, once its containers are known."""

    workplace: Workplace
    reach: 'Reach'
    stack: AsyncExitStack  # is closed before the workplace is

    __slots__ = (
        'actions',
        'background',
        'base',
        'contexts',
        'debug',
        'directories',
        'env',
        'files',
        'fixed',
        'forced',
        'functions',
        'github',
        'images',
        'journal',
        'key',
        'log',
        'masker',
        'matchers',
        'message',
        'moved',
        'numbers',
        'origin',
        'path',
        'reach',
        'report',
        'request',
        'running',
        'shells',
        'stack',
        'states',
        'status',
        'status_context',
        'subjects',
        'token',
        'tokens',
        'told',
        'workplace',
        'world',
    )  # fmt: skip

    def __init__(
        self,
        request: JobRequest,
        world: World,
        report: Report,
        log: Log,
        directories: Directories,
    ) -> None:
        self.request = request
        self.world = world
        self.report = report
        self.log = log
        self.directories = directories
        self.key = request.plan.key
        self.debug = request.debug
        self.masker = Masker()
        self.matchers: list[Matcher] = []  # newest first
        self.contexts: dict[str, Value] = {}
        self.github: dict[str, Value] = {}
        self.status_context: dict[str, Value] = {}  # `job`
        self.base: dict[str, str] = {}
        self.fixed: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self.path: list[str] = []  # newest first
        self.shells: dict[tuple[str, str], Shell] = {}
        self.images: dict[tuple[str, str], str] = {}  # of docker actions, by directory and name
        self.actions: dict[str, Loaded] = {}
        self.states: dict[str, dict[str, str]] = {}  # what actions saved, by instance
        self.functions: Mapping[str, Function] = {}
        self.running: dict[Callable[[], None], None] = {}  # to be told of a cancellation
        self.journal: list[dict[str, object]] = []
        self.subjects: dict[str, Subject] = {}  # what steps said they have made
        self.status = SUCCESS
        self.files: list[Files] = []  # that no stage has now
        self.origin: Origin | None = None
        self.moved: set[str] = set()  # actions that run on a newer node than they name
        self.told: set[str] = set()  # notes that are said once
        self.forced = False
        self.background = False  # a step ran beside others
        self.message = ''
        self.numbers = 0
        self.token = os.urandom(12).hex()
        self.tokens = 0

    def set_status(self, status: str) -> None:
        """Cancelled stays cancelled, and failed stays failed unless it is cancelled."""
        if self.status == CANCELLED:
            return
        self.status = status
        self.status_context['status'] = status

    def next_token(self) -> str:
        """For the names of files: nobody can guess it, and it does not come again."""
        self.tokens += 1
        return f'{self.token}{self.tokens}'

    def hide(self, text: str) -> str:
        """The text without secrets, and without what is no character (`fromJSON('"\\ud800"')`)."""
        text = self.masker.mask(text)
        return text if text.isascii() else text.encode('utf-8', 'replace').decode()

    def say(self, text: str, number: int = 0) -> None:
        """Write lines of our own to the log."""
        for line in self.hide(text).splitlines() or ['']:
            self.log.write(number, line)

    def annotate(self, level: str, message: str) -> None:
        """Say something of the job itself, not of a step."""
        self.say(f'##[{level}]{message}')
        shown = self.hide(message)[:LONGEST_MESSAGE]
        self.report(Annotated(self.key, 0, level, shown))

    def find_shell(self, option: str, path: str) -> Shell:
        """Raises BadShell."""
        option = option or self.workplace.default_shell
        key = (option, path)
        shell = self.shells.get(key)
        if shell is None:
            shell = choose(option, lambda program: self.workplace.find(program, path))
            self.shells[key] = shell
        return shell

    def search_path(self, env: Mapping[str, str]) -> str:
        path = env.get('PATH') or self.base['PATH']
        return ':'.join((*self.path, path)) if self.path else path

    def process_env(self, env: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
        """The complete environment of a process; `more` is a stage's own, above all others."""
        made = {**self.base, **env}
        made['PATH'] = self.search_path(env)
        made.update(self.fixed)
        made.update(more)
        return made

    def apply(self, effects: Effects) -> None:
        """Let a stage's variables and paths reach later steps."""
        self.env.update(effects.env)
        for entry in effects.path:
            if entry in self.path:
                self.path.remove(entry)
            self.path.insert(0, entry)


class Post:
    """Something to be done after the last step, in the reverse order of registering."""

    __slots__ = ('condition', 'frame', 'id', 'name', 'posts', 'run')

    def __init__(
        self,
        frame: 'Frame',
        id: str,
        name: str,
        condition: Callable[[], bool],
        run: 'Callable[[Record, Leash], Awaitable[str]]',
    ) -> None:
        self.frame = frame
        self.id = id
        self.name = name
        self.condition = condition  # raises TemplateError
        self.run = run  # gives the outcome
        self.posts: list[Post] | None = None  # of a composite action: its own


class Record:
    """One step as people see it."""

    __slots__ = ('_counts', '_job', 'id', 'message', 'name', 'number')

    def __init__(
        self, job: Job, id: str, name: str, stage: str = 'main', *, skipped: bool = False
    ) -> None:
        job.numbers += 1
        self._job = job
        self._counts: dict[str, int] = {}
        self.number = job.numbers
        self.id = id
        self.name = job.hide(name)
        self.message = ''
        job.report(StepStarted(job.key, self.number, id, self.name, stage, skipped))

    def finish(self, outcome: str, conclusion: str) -> None:
        message = '' if outcome == SUCCESS else self.message
        self._job.report(StepFinished(self._job.key, self.number, outcome, conclusion, message))

    def say(self, text: str) -> None:
        self._job.say(text, self.number)

    def annotate(
        self, level: str, message: str, title: str = '', spot: Spot = NOWHERE, line: str = ''
    ) -> None:
        """Write it to the log (as `line`, if that is given) and make an annotation of it."""
        job = self._job
        shown = job.hide(message)[:LONGEST_MESSAGE]
        self.say(f'##[{level}]{line or message}')
        if level == 'error':
            self.message = shown
        count = self._counts[level] = self._counts.get(level, 0) + 1
        if count <= MOST_ANNOTATIONS:
            spot = spot._replace(file=job.hide(spot.file))
            job.report(Annotated(job.key, self.number, level, shown, job.hide(title), *spot))

    def fail(self, message: str) -> None:
        self.annotate('error', message)


class Frame:
    """Where steps stand: the job's own list, or one call of a composite action."""

    __slots__ = (
        'action', 'contexts', 'defaults', 'depth', 'env', 'file', 'functions', 'home', 'job',
        'leash', 'posts', 'prefix', 'record', 'status', 'steps',
    )  # fmt: skip

    def __init__(
        self,
        job: Job,
        contexts: dict[str, Value],
        functions: Mapping[str, Function],
        prefix: str = '',
        depth: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.job = job
        self.steps: dict[str, Value] = {}
        self.contexts: dict[str, Value] = {**contexts, 'steps': self.steps}
        self.functions = functions
        self.prefix = prefix  # of the instances of actions used here
        self.depth = depth
        self.env: Mapping[str, str] = env or {}  # of the step that called the action
        self.status = SUCCESS  # `github.action_status`, in a composite action
        self.record: Record | None = None
        self.leash: Leash | None = None
        self.defaults = ('', '')  # shell and working directory of scripts
        self.home = ''  # the repository of the composite action
        self.file = job.request.plan.workflow.path  # where these steps are written
        self.posts: list[Post] = []
        self.action: dict[str, Value] = {}

    def variables(self, own: Mapping[str, str] | None = None) -> dict[str, str]:
        """The `env` context here."""
        if own:
            return {**self.job.env, **self.env, **own}
        return {**self.job.env, **self.env} if self.env else self.job.env

    def scope(
        self,
        env: Mapping[str, str],
        github: dict[str, Value],
        functions: Mapping[str, Function] | None = None,
    ) -> Scope:
        contexts = self.contexts.copy()
        contexts['env'] = env  # type: ignore[assignment] # strings are values
        contexts['github'] = github
        return Scope(contexts, functions or self.functions)
