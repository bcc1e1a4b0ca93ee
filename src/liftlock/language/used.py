"""What a workflow or an action uses: actions, called workflows and images, as they are written.

An image is named `docker://postgres:16` wherever it stands, as `uses:` has it.
"""

from collections.abc import Iterable, Iterator

from liftlock.language.action import Action, Composite, Docker
from liftlock.language.image import SCHEME
from liftlock.language.source import NOWHERE, Span
from liftlock.language.template import Literal, Mapping, Token
from liftlock.language.workflow import Call, Job, Parallel, Step, Uses, Workflow


def names(document: Workflow | Action) -> Iterator[Literal]:
    """Each `uses:`, in the file's order; images of containers are not among them."""
    if isinstance(document, Action):
        yield from _of_steps(document.runs.steps if isinstance(document.runs, Composite) else ())
        return
    for job in document.jobs.values():
        if isinstance(job, Call):
            yield job.uses
        else:
            yield from _of_steps(job.steps)


def images(document: Workflow | Action) -> Iterator[tuple[str, Span]]:
    """Those that are written out, and where; what is computed is known to a run only."""
    if isinstance(document, Action):
        if isinstance(document.runs, Docker) and document.runs.image.startswith(SCHEME):
            yield document.runs.image, NOWHERE
    else:
        for job in document.jobs.values():
            for token in containers(job) if isinstance(job, Job) else ():
                if isinstance(token, Literal) and token.value:
                    yield image(token.value), token.span
    for reference in names(document):
        if str(reference.value).startswith(SCHEME):
            yield str(reference.value), reference.span


def containers(job: Job) -> Iterator[Token]:
    """The image of the job's container and of each service, written out or computed."""
    services = job.services
    listed = (
        [value for _, value in services.entries] if isinstance(services, Mapping) else [services]
    )
    for token in (job.container, *listed):
        if isinstance(token, Mapping):
            yield from (value for key, value in token.entries if _is_image(key))
        elif token is not None:
            yield token


def image(written: object) -> str:
    text = str(written)
    return text if text.startswith(SCHEME) else f'{SCHEME}{text}'


def _is_image(key: object) -> bool:
    return isinstance(key, Literal) and key.value == 'image'


def _of_steps(steps: Iterable[Step]) -> Iterator[Literal]:
    for step in steps:
        if isinstance(step.does, Uses):
            yield step.does.reference
        elif isinstance(step.does, Parallel):
            yield from _of_steps(step.does.steps)
