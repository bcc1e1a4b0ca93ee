"""One attempt at one job, from an empty workspace to `JobFinished`."""

from liftlock.plan.facts import JobFinished
from liftlock.runner.ports import JobRequest, Log, Report, Stop, World


async def run(
    request: JobRequest, world: World, report: Report, log: Log, stop: Stop
) -> JobFinished:
    """Run every step and return how the job ended; the caller writes that fact.

    Reports StepStarted, StepFinished, Annotated, Summarized and ActionResolved as they happen.
    A user's mistake, a full disk or a missing program is a failed job with a message, never an
    exception.
    """
    raise NotImplementedError
