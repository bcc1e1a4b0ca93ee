"""From a green run onward: the environments that its branch or tag is deployed to."""

import sys
from collections.abc import Mapping

from liftlock.cli import deploy, destinations, follow, here, versions
from liftlock.cli.colour import paint
from liftlock.cli.here import Here
from liftlock.engine import declared
from liftlock.engine.delivery import builds
from liftlock.engine.delivery.builds import Made
from liftlock.engine.delivery.requests import Wish
from liftlock.errors import FAILED, UserError
from liftlock.language.settings.model import Environment
from liftlock.rollout import facts as f
from liftlock.rollout.environment import fold
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.deliveries import Place


def deploy_all(
    state: str | None, files: Mapping[str, str], ref: str, run: int, *, json: bool
) -> int:
    """One after the other, each followed until it has ended or waits for a person. What needs one
    that did not succeed is left out."""
    asked = here.look(state)
    made = versions.of_run(asked, run)
    builds.refuse_red(made)
    found = destinations.environments(files, ref)
    if not found:
        raise UserError(
            f'no environment of {declared.FILE} is deployed to from {ref}',
            'name it: on: {branches: […]}, or say one: liftlock deploy',
        )
    failed: set[str] = set()
    for name, environment in found.items():
        broken = [need.text for need in environment.needs if need.text in failed]
        if broken:
            print(f'{name} is left out: {", ".join(broken)} did not succeed', file=sys.stderr)
        elif _deploy(asked, made, name, environment, json) == 0:
            continue
        failed.add(name)
    return FAILED if failed else 0


def _deploy(asked: Here, made: Made, name: str, environment: Environment, json: bool) -> int:
    version = builds.version(asked.store, made, environment.target)
    if not json:
        print(f'\n{paint(sys.stdout).bold(f"{version.name} to {name}")}', flush=True)
    if twin := _by_itself(asked, name, version):
        place, number = twin
        here.ensure(asked)
        return follow.follow(asked, place, number, 0, json=json)
    given: dict[str, object] = {'json': json, 'no_follow': False, 'wait': False}
    wish = Wish(asked.by, reason=f'run {made.runs[0].id}')
    return deploy.deliver(asked, name, version, wish, given)


def _by_itself(asked: Here, name: str, version: Version) -> tuple[Place, int] | None:
    """An environment that follows git may have been quicker."""
    for place in deliveries.environments(asked.store):
        if (place.repository, place.name) == (asked.name, name):
            environment = fold(deliveries.facts(asked.store, place.id))
            twin = environment.pending(version)
            last = environment.last
            if (
                twin is None
                and last
                and last.request.kind == f.SYNC
                and last.version.id == version.id
            ):
                twin = last
            return (place, twin.number) if twin else None
    return None
