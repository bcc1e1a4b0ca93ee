"""One stage of one step, from its contexts to its processes."""

from collections.abc import Mapping, Sequence

from liftlock.language.expressions.values import Scope, Value, truthy
from liftlock.language.resolve import resolve
from liftlock.language.template import Computed
from liftlock.language.workflow import Step
from liftlock.runner import evaluation
from liftlock.runner.console import Console
from liftlock.runner.executors.base import Leash
from liftlock.runner.files import Files, lend, take
from liftlock.runner.state import FAILURE, SUCCESS, Effects, Frame, Job, Record


class Turn:
    """A step's turn. Pre, main and post of an action are three turns of one `instance`."""

    __slots__ = (
        'effects', 'env', 'files', 'frame', 'functions', 'github', 'instance', 'job', 'leash',
        'own', 'record', 'scope', 'stage', 'step',
    )  # fmt: skip

    record: Record
    leash: Leash

    def __init__(self, frame: Frame, step: Step, stage: str = 'main') -> None:
        job = frame.job
        self.job: Job = job
        self.frame = frame
        self.step = step
        self.stage = stage  # pre, main or post
        self.instance = f'{frame.prefix}{step.id}'
        self.effects = Effects()
        self.files: Files | None = None
        # Inside a composite action only main stages judge by the status of that action.
        self.functions = frame.functions if stage == 'main' else job.functions
        self.github: dict[str, Value] = {**job.github, 'action': step.id, **frame.action}
        self.own: dict[str, str] = {}  # the step's variables
        self.env: dict[str, str] = frame.variables()
        self.scope: Scope = frame.scope(self.env, self.github, self.functions)

    def evaluate_env(self) -> None:
        """Lay the step's own variables on. Raises TemplateError."""
        if self.step.env is not None:
            self.own = evaluation.texts(self.step.env, self.scope)
            self.env = self.frame.variables(self.own)
            self.scope = self.frame.scope(self.env, self.github, self.functions)

    def name_action(self, repository: str, ref: str) -> None:
        """Let `github` tell which action this is. Its `action_path` stays that of the composite
        action around it: only what is inside an action needs its path."""
        self.github['action_repository'] = repository
        self.github['action_ref'] = ref

    def holds(self, condition: Computed | None) -> bool:
        """Whether the step may run, as things stand. Raises TemplateError."""
        if condition is None:
            return truthy(self.functions['success'](()))
        return truthy(resolve(condition, self.scope))

    async def run(
        self, command: Sequence[str], more: Mapping[str, str] | None = None, cwd: str = ''
    ) -> int:
        """Run one process of this stage with everything GitHub gives it; its exit status.

        `more` are variables of the stage, as INPUT_…. Raises CannotStart and OSError.
        """
        console = Console(self.job, self.record, self.effects, self.env)
        try:
            return await self.job.workplace.run(
                command,
                self.process_env(more or {}),
                cwd or self.job.directories.workspace,
                console.feed,
                self.leash,
            )
        finally:
            console.close()
            self.take()

    def lend(self) -> None:
        """Have files for what processes want to set."""
        if self.files is None:
            self.files = lend(self.job)
            self.github.update(self.files.paths)

    def take(self) -> None:
        """Read these files; the stage has ended."""
        if self.files is not None:
            take(self.files, self.job, self.record, self.effects)
            self.files = None

    def process_env(self, more: Mapping[str, str]) -> dict[str, str]:
        return self.job.process_env(self.env, self.stage_env(more))

    def stage_env(self, more: Mapping[str, str]) -> dict[str, str]:
        """What processes of this stage find beside the job's and the step's variables."""
        own = {**more}
        if self.files is not None:
            own.update(self.files.variables)
        for name in ('action', 'action_path', 'action_ref', 'action_repository'):
            value = self.github.get(name)
            if isinstance(value, str):
                own[f'GITHUB_{name.upper()}'] = value
        return own

    def conclude(self, status: int) -> str:
        """The outcome of a stage whose process ended so."""
        return FAILURE if status or self.effects.failed else SUCCESS
