"""A job after its last step: outputs, address, and what is kept for another attempt."""

from collections.abc import Iterator

from liftlock.language.resolve import TemplateError
from liftlock.plan.facts import JobFinished
from liftlock.runner import checkpoint, evaluation
from liftlock.runner.state import FAILURE, Frame, Job


def finish(job: Job, frame: Frame) -> JobFinished:
    outputs: dict[str, str] = {}
    url = ''
    try:
        outputs = dict(_outputs(job, frame))
        url = _url(job, frame)
    except TemplateError as error:
        job.set_status(FAILURE)
        message = evaluation.explain(error, frame.file)
        job.message = job.hide(message)
        job.say(f'##[error]{message}')
    checkpoint.write(job)
    return JobFinished(job.key, job.status, outputs, job.message, url)


def _outputs(job: Job, frame: Frame) -> Iterator[tuple[str, str]]:
    """Empty values are left out, and so are those in which a secret stands."""
    mapping = job.request.plan.job.outputs
    if mapping is None:
        return
    scope = frame.scope(job.env, job.github)
    for name, value in evaluation.texts(mapping, scope).items():
        if not value:
            continue
        if job.masker.hides(value):
            job.say(f"##[warning]Skip output '{name}' since it may contain secret.")
        else:
            yield name, job.hide(value)


def _url(job: Job, frame: Frame) -> str:
    environment = job.request.plan.job.environment
    if environment is None or environment.url is None:
        return ''
    url = evaluation.text(environment.url, frame.scope(job.env, job.github))
    if job.masker.hides(url):
        job.say('##[warning]Skip the URL of the environment since it may contain secret.')
        return ''
    return url
