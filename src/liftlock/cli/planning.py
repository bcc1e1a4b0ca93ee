"""From the words of a command line to a plan."""

from collections.abc import Mapping, Sequence
from functools import partial

from liftlock.cli import options, wiring
from liftlock.cli.options import Asked
from liftlock.engine import declared, planning
from liftlock.engine.stored import Values, above
from liftlock.errors import UserError
from liftlock.language.workflow import Workflow
from liftlock.plan import matrix
from liftlock.plan.event import Event
from liftlock.plan.plan import Plan, Request


def plan(
    workflow: Workflow,
    asked: Asked,
    event: Event,
    files: Mapping[str, str],
    where: wiring.Place,
    *,
    debug: bool = False,
    stored: Values | None = None,
) -> Plan:
    """`files` are the repository's, by path; `stored` the variables that the store keeps for it.
    UserError for what GitHub would refuse."""
    known, environments = above(options.pairs(asked.var, '--var'), stored or {})
    request = Request(
        event=event,
        workflow=workflow.path,
        files={workflow.path: files[workflow.path]},
        run_id=0,
        run_number=0,
        inputs=dict(options.pairs(asked.input, '--input')),
        vars=known,
        environments=environments,
        deploys=declared.deploys(files),
        env=options.settings(asked.env, '--env', asked.env_file),
        only_jobs=tuple(job for job in asked.jobs if job in workflow.jobs),
        matrix=tuple(options.pairs(asked.matrix, '--matrix', ':').items()),
        debug=debug,
    )
    return planning.plan(request, files, partial(wiring.read_remote, where))


def check_legs(plans: Sequence[Plan], asked: Asked) -> None:
    """Raise UserError for a `--matrix` whose key no matrix has: it would choose nothing."""
    known = {key for plan in plans for key in matrix.written_keys(plan.workflow)}
    for key in options.pairs(asked.matrix, '--matrix', ':'):
        if '' not in known and key.lower() not in {one.lower() for one in known}:
            hint = f'they have: {", ".join(sorted(known))}' if known else 'there is no matrix'
            raise UserError(f'no matrix has a key "{key}"', hint)
