"""What the workflows of a repository ask of a machine, as far as their files tell.

Nothing is looked at here but the files: whether a need is met is another question. What is
computed in a run (a label from an output, a script in a variable) stays unknown.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.cli.doctor import programs
from liftlock.language import template
from liftlock.language.action import Action, Composite, Docker, JavaScript
from liftlock.language.checks import walk
from liftlock.language.checks.walk import keys
from liftlock.language.expressions import nodes
from liftlock.language.records import NamedTuple
from liftlock.language.source import Span
from liftlock.language.template import Literal, Token
from liftlock.language.workflow import Call, Job, Parallel, Run, Step, Uses, Workflow
from liftlock.runner.actions.scanning import SCANNERS

LABELS: Final = 'labels'
ENGINE: Final = 'container engine'
IMAGE: Final = 'image'  # which needs an engine, too
SERVICE: Final = 'service'
ACTION: Final = 'action'
CALLED: Final = 'called workflow'
NODE: Final = 'node of actions'
SCANNER: Final = 'scanner'
FORGE: Final = 'forge'
PROGRAM: Final = 'program'
PYTHON: Final = 'Python'
NODE_VERSION: Final = 'Node.js'

_WITH_ENGINE: Final = frozenset(
    {'aws-actions/amazon-ecr-login', 'docker/bake-action', 'docker/build-push-action',
     'docker/login-action', 'docker/setup-buildx-action', 'docker/setup-qemu-action'}
)  # fmt: skip
_WITH_FORGE: Final = frozenset(
    {'actions/create-release', 'peter-evans/create-pull-request', 'softprops/action-gh-release'}
)
_SCANNERS: Final = frozenset(scanner.action.lower() for scanner in SCANNERS)
DEEPEST: Final = 10  # actions within actions
_SHELLS: Final = ('', 'bash', 'sh')
_DOCKER: Final = 'docker://'
_MATRIX: Final = re.compile(r'matrix\.([\w-]+)')


class Need(NamedTuple):
    """`kind` is one of the above, `what` what is needed: a label, an image, `owner/repo@ref`.

    `why` says for which part of the job. `labels` are those of the job, where they are written out.
    """

    kind: str
    what: str
    file: str
    line: int
    job: str
    why: str
    labels: tuple[str, ...] = ()
    contained: bool = False  # the job runs in a container: programs of this machine don't count


# What is behind a `uses:`: an action, or why it cannot be had. None for a stand-in, and for what
# a step may yet make.
Known = Mapping[str, Action | str | None]


class Place(NamedTuple):
    """Where steps stand."""

    file: str
    job: str
    labels: tuple[str, ...]
    contained: bool
    matrix: Token | None = None
    shell: str = ''

    def need(self, kind: str, what: str, span: Span, why: str) -> Need:
        return Need(
            kind, what, self.file, span.line, self.job, why, self.labels, contained=self.contained
        )


class Reader:
    """Reads needs out of workflows. `lacking` are the references that nobody has looked up yet."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.lacking: set[str] = set()

    def read(self, workflow: Workflow) -> Iterator[Need]:
        for job in workflow.jobs.values():
            if isinstance(job, Job):
                yield from self._job(workflow, job)
            elif '@' in str(job.uses.value):
                yield from self._call(workflow, job)

    def _call(self, workflow: Workflow, job: Call) -> Iterator[Need]:
        place = Place(workflow.path, str(job.id.value), (), contained=False)
        reference = str(job.uses.value)
        if self._look_up(reference) is not None:
            yield place.need(CALLED, reference, job.uses.span, '`uses:` of the job')

    def _job(self, workflow: Workflow, job: Job) -> Iterator[Need]:
        defaults = job.defaults or workflow.defaults
        place = Place(
            file=workflow.path,
            job=str(job.id.value),
            labels=tuple(_texts(_labels(job.runs_on))),
            contained=job.container is not None,
            matrix=job.strategy.matrix,
            shell=_text(defaults.shell) if defaults else '',
        )
        if place.labels:
            yield place.need(LABELS, ', '.join(place.labels), job.span, '`runs-on:`')
        for label in () if place.labels else _spread(job.runs_on, place.matrix):
            yield place._replace(labels=(label,)).need(LABELS, label, job.span, '`runs-on:`')
        if job.container is not None:
            yield from _container(place, job.container, '`container:`')
        yield from _services(place, job)
        yield from self._steps(place, job.steps, 0)

    def _steps(self, place: Place, steps: tuple[Step, ...], depth: int) -> Iterator[Need]:
        given: set[str] = set()
        for step in _flat(steps):
            match step.does:
                case Run() as run:
                    yield from _script(place, step, run, given)
                case Uses() as uses:
                    name = str(uses.reference.value).partition('@')[0].lower()
                    given.update(programs.PROVIDED.get(name, ()))
                    yield from self._uses(place, step, uses, depth)
                case _:
                    pass

    def _uses(self, place: Place, step: Step, uses: Uses, depth: int) -> Iterator[Need]:
        reference = str(uses.reference.value)
        why = f'`uses: {reference}`'
        if reference.startswith(_DOCKER):
            yield place.need(IMAGE, reference, step.span, why)
            return
        yield from _versions(place, step, uses)
        yield from _of_stand_in(place, step, reference, why)
        found = self._look_up(reference)
        if isinstance(found, str):
            yield place.need(ACTION, reference, uses.reference.span, why)
        elif found is not None:
            yield from self._inside(place, step, found, why, depth)

    def _look_up(self, reference: str) -> Action | str | None:
        if reference not in self.known:
            self.lacking.add(reference)
            return None
        return self.known[reference]

    def _inside(
        self, place: Place, step: Step, action: Action, why: str, depth: int
    ) -> Iterator[Need]:
        match action.runs:
            case Docker(image) if image.startswith(_DOCKER):
                yield place.need(IMAGE, image, step.span, why)
            case Docker():
                yield place.need(ENGINE, '', step.span, why)
            case JavaScript():
                yield place.need(NODE, '', step.span, why)
            case Composite(steps) if depth < DEEPEST:
                for need in self._steps(place._replace(shell=''), steps, depth + 1):
                    yield need._replace(line=step.span.line, why=f'{need.why} in {why}')
            case _:
                pass


def given(workflow: Workflow) -> Iterator[tuple[str, str]]:
    """`secrets` and `vars` that expressions of the workflow name, as (`secrets`, NAME)."""
    for use in walk.uses(workflow):
        for reference in use.references:
            context, name = (reference[0], reference[1]) if len(reference) > 1 else (None, None)
            if context in ('secrets', 'vars') and name and name != '*':
                yield context, name.upper()


def _flat(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step.does, Parallel):
            yield from _flat(step.does.steps)
        else:
            yield step


def _labels(token: Token) -> Token | None:
    return keys(token).get('labels') if isinstance(token, template.Mapping) else token


def _services(place: Place, job: Job) -> Iterator[Need]:
    """Beside a job that runs in a container stand containers too."""
    for name, service in keys(job.services).items():
        why = f'service {name}'
        if place.contained or 'credentials' in keys(service):
            yield from _container(place, service, why)
        elif image := _text(keys(service).get('image') if keys(service) else service):
            yield place.need(SERVICE, image.removeprefix(_DOCKER), service.span, why)


def _container(place: Place, container: Token, why: str) -> Iterator[Need]:
    """Nobody but a run knows who `credentials:` are, and what they may pull."""
    known = keys(container)
    written = (
        []
        if 'credentials' in known
        else list(_spread(known.get('image') if known else container, place.matrix))
    )
    for image in written:
        yield place.need(IMAGE, image, container.span, why)
    if not written:
        yield place.need(ENGINE, '', container.span, why)


def _script(place: Place, step: Step, run: Run, given: set[str]) -> Iterator[Need]:
    """Programs that the script calls, but for what the job has brought along so far."""
    shell = _text(run.shell) or place.shell
    script = _script_text(run.script)
    if shell.partition(' ')[0] not in _SHELLS or not script:
        return
    given |= programs.installed(script)
    title = _text(step.name) or script.strip().partition('\n')[0][:40]
    for program in dict.fromkeys(programs.called(script)):
        if program not in given:
            yield place.need(PROGRAM, program, step.span, f'`run:` of "{title}"')


def _of_stand_in(place: Place, step: Step, reference: str, why: str) -> Iterator[Need]:
    """What our own code for an action needs, which brings nothing itself."""
    name = reference.partition('@')[0].lower()
    if name in _WITH_ENGINE:
        yield place.need(ENGINE, '', step.span, why)
    if name in _WITH_FORGE:
        yield place.need(FORGE, '', step.span, why)
    if name in _SCANNERS:
        yield place.need(SCANNER, name, step.span, why)


def _versions(place: Place, step: Step, uses: Uses) -> Iterator[Need]:
    name = str(uses.reference.value).partition('@')[0].lower()
    inputs = {'actions/setup-python': ('python-version', PYTHON),
              'actions/setup-node': ('node-version', NODE_VERSION)}  # fmt: skip
    if name not in inputs or uses.inputs is None:
        return
    wanted, kind = inputs[name]
    for version in _spread(keys(uses.inputs).get(wanted), place.matrix):
        yield place.need(kind, version, step.span, f'`uses: {uses.reference.value}`')


def _spread(token: Token | None, matrix: Token | None) -> Iterator[str]:
    """What is written out, one a line; and what `${{ matrix.x }}` stands for, where that is."""
    if isinstance(token, Literal):
        yield from (line.strip() for line in _text(token).splitlines() if line.strip())
    elif isinstance(token, template.Computed):
        found = _MATRIX.fullmatch(token.expression.source.strip())
        yield from _texts(keys(matrix).get(found[1])) if found else ()


def _script_text(token: Token) -> str:
    """What is written out of a script; expressions in it stand for a word that says nothing."""
    if not isinstance(token, template.Computed):
        return _text(token)
    tree = token.expression.tree
    if not isinstance(tree, nodes.Call) or tree.name != 'format':
        return ''
    first = tree.arguments[0]
    text = str(first.value) if isinstance(first, nodes.Constant) else ''
    return re.sub(r'(?<!\{)\{\d+\}', '…', text).replace('{{', '{').replace('}}', '}')


def _texts(token: Token | None) -> Iterator[str]:
    """Those that are written out."""
    for item in token.items if isinstance(token, template.Sequence) else (token,):
        if text := _text(item):
            yield text


def _text(token: Token | None) -> str:
    """As its author wrote it: `3.10` is no number here."""
    if not isinstance(token, Literal) or token.value is None:
        return ''
    return token.text or str(token.value)
