"""One measurement of an analysis: what the eyes read, assessed by the core, as a fact."""

from collections.abc import Mapping

from liftlock.engine.delivery.filling import fill, fill_all
from liftlock.engine.delivery.ports import Measuring, Meter
from liftlock.errors import UserError
from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Analysis
from liftlock.rollout import facts as f
from liftlock.rollout.analysis import Reading, assess, measured
from liftlock.rollout.deployment import Deployment, Trial


class Asked(NamedTuple):
    """`directory` holds the version's files."""

    stage: str
    analysis: str
    contexts: Mapping[str, Value]
    directory: str = ''


async def measure(
    look: Measuring,
    meter: Meter | None,
    analysis: Analysis,
    one: Deployment,
    asked: Asked,
) -> f.Measured:
    """Windows of a router are counted by the reader: each analysis of each deployment is one."""
    trial = one.trials.get((asked.stage, asked.analysis), Trial(0.0))
    reader = f'{one.number}:{asked.stage}:{asked.analysis}'
    try:
        filled = _filled(analysis, asked.contexts)
        env = fill_all(analysis.env, asked.contexts)
        reading = await look(
            filled, meter, (one.revision, one.stable), env, reader, asked.directory
        )
    except UserError as error:
        reading = Reading(error=str(error))
    found = assess(analysis, reading, trial.tally)
    return measured(one.number, asked.stage, asked.analysis, reading, found)


def _filled(analysis: Analysis, contexts: Mapping[str, Value]) -> Analysis:
    return analysis._replace(
        url=fill(analysis.url, contexts),
        prometheus=fill(analysis.prometheus, contexts),
        command=analysis.command,
        headers=fill_all(analysis.headers, contexts),
    )
