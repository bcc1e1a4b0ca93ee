"""From a workflow that an event starts to a run that is written down."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from liftlock.engine import declared, labels, planning, stored, submitting
from liftlock.engine.intake.bench import Bench, Taken
from liftlock.engine.submitting import Manner
from liftlock.language.settings.sandbox import Sandbox
from liftlock.language.workflow import Workflow
from liftlock.plan.plan import Request
from liftlock.plan.trust import from_outside

# Threads of their own: a workflow of elsewhere that nobody answers for must not take those with
# which everybody's events are looked at.
THREADS: Final = ThreadPoolExecutor(16, 'planning')


async def submit(bench: Bench, taken: Taken, workflow: Workflow, cause: str) -> int:
    """The number of the run. UserError for what GitHub would refuse."""
    event, files = taken.found.event, taken.files
    kept = stored.values(bench.store, bench.key_file, event, stored.VARIABLE)
    known, environments = stored.above({}, kept)
    request = Request(
        event=event,
        workflow=workflow.path,
        files={workflow.path: files[workflow.path]},
        run_id=0,
        run_number=0,
        inputs=taken.inputs,
        vars=known,
        environments=environments,
        deploys=declared.deploys(files),
    )
    loop = asyncio.get_running_loop()
    plan = await loop.run_in_executor(THREADS, planning.plan, request, files, bench.remote)
    settings = declared.read(files)
    said = settings.sandbox if settings else Sandbox()
    made = submitting.submission(plan, files, taken.snapshot, manner(taken, said, cause), settings)
    return bench.engine.submit(made)


def manner(taken: Taken, said: Sandbox, cause: str) -> Manner:
    """Only what a trusted repository itself runs may run on the host."""
    outside = from_outside(taken.found.event)
    if taken.repository.trusted and not outside:
        return Manner(otherwise=labels.HOST, sandbox=said, cause=cause)
    place = labels.CONFINED if outside else labels.SANDBOX
    return Manner(otherwise=place, sandbox=confined(said), cause=cause)


def confined(said: Sandbox) -> Sandbox:
    """What of `sandbox:` counts for a repository that is not trusted: nothing of the server's own
    machine is let in, and nobody else's caches are written."""
    jobs = {name: confined(one) for name, one in said.jobs.items()}
    return said._replace(read=None, write=None, env=None, caches=None, jobs=jobs)
