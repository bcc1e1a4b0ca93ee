"""What will hold the jobs of a plan that deploy to protected environments, and how to help them."""

from collections.abc import Iterator, Mapping, Sequence

from liftlock.cli.figures import duration
from liftlock.engine import declared
from liftlock.gates import protection
from liftlock.gates.protection import Asked, Known, Refused, Said, Waiting
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.plan import environments
from liftlock.plan.plan import Plan


class Forecast(NamedTuple):
    """`refused` is '' where it may go; `approvals` how many it will wait for."""

    environment: str
    waits: tuple[str, ...] = ()
    refused: str = ''
    approvals: int = 0


def forecasts(
    plan: Plan, files: Mapping[str, str], teams: Mapping[str, Sequence[str]], now: float
) -> Iterator[Forecast]:
    """Of the environments that `liftlock.yml` protects. UserError if one has a target."""
    text = declared.deliveries(files, environments.named(plan))
    known = declared.parsed(text).environments if text else {}
    for name in environments.named(plan):
        for key, environment in known.items():
            if key.lower() == name.lower():
                yield _forecast(plan, environment, teams, now)


def _forecast(
    plan: Plan, environment: model.Environment, teams: Mapping[str, Sequence[str]], now: float
) -> Forecast:
    event = plan.request.event
    rules = environment.protection._replace(wait=0.0)
    asked = Asked(event.sha, event.ref, '', now, event.actor)
    known = Known(teams, missing=tuple(word.text for word in environment.needs))
    judgement = protection.judge(rules, environment.freeze, asked, Said(), known, now)
    wait = environment.protection.wait
    waits = (f'waits {duration(wait)}',) if wait else ()
    name = environment.name.text
    match judgement:
        case Refused(reason):
            return Forecast(name, refused=reason)
        case Waiting(reasons, _, approvals):
            return Forecast(name, (*reasons, *waits), '', approvals)
    return Forecast(name, waits)


def lines(found: Sequence[Forecast]) -> Iterator[str]:
    for one in found:
        if one.refused:
            yield f'  environment {one.environment} refuses it: {one.refused}'
        elif one.waits:
            how = f' (liftlock approve {one.environment})' if one.approvals else ''
            yield f'  environment {one.environment}: {"; ".join(one.waits)}{how}'
