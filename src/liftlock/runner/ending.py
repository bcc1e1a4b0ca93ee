"""A job after its last step: outputs, address, and what is kept for another attempt."""

from typing import Final

from liftlock.language.expressions.values import Scope
from liftlock.language.resolve import TemplateError
from liftlock.plan.facts import JobFinished
from liftlock.runner import checkpoint, evaluation
from liftlock.runner.state import FAILURE, Frame, Job

_OLD_NODES: Final = (
    'Node.js 20 is deprecated. As on GitHub, actions that target it or an older one are being run '
    'on Node.js 24'
)


def finish(job: Job, frame: Frame) -> JobFinished:
    scope = frame.scope(job.env, job.github)
    outputs: dict[str, str] = {}
    url = ''
    try:
        outputs = _outputs(job, scope)
    except TemplateError as error:
        _fail(job, 'Fail to evaluate job outputs', evaluation.explain(error, frame.file))
    try:
        url = _url(job, scope)
    except TemplateError as error:
        _fail(job, 'Failed to evaluate environment url', evaluation.explain(error, frame.file))
    if job.moved:
        job.annotate('warning', f'{_OLD_NODES}: {", ".join(sorted(job.moved, key=str.lower))}')
    checkpoint.write(job)
    return JobFinished(job.key, job.status, outputs, job.message, url)


def _fail(job: Job, what: str, why: str) -> None:
    job.set_status(FAILURE)
    job.annotate('error', what)
    job.annotate('error', why)
    job.message = job.hide(why)


def _outputs(job: Job, scope: Scope) -> dict[str, str]:
    """Empty values are left out, and so are those in which a secret stands."""
    mapping = job.request.plan.job.outputs
    kept = {}
    for name, value in evaluation.texts(mapping, scope).items():
        if value and job.masker.hides(value):
            job.annotate('warning', f"Skip output '{name}' since it may contain secret.")
        elif value:
            kept[name] = job.hide(value)
    return kept


def _url(job: Job, scope: Scope) -> str:
    environment = job.request.plan.job.environment
    if environment is None or environment.url is None:
        return ''
    url = evaluation.text(environment.url, scope)
    if job.masker.hides(url):
        name = job.request.plan.environment
        job.annotate(
            'warning', f"Skip setting environment url as environment '{name}' may contain secret."
        )
        return ''
    return url
