"""What all places have in common that are updated as a whole, by their own means."""

from typing import Final

from liftlock.language.settings import model
from liftlock.rollout.sight import Capabilities, Routes
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision

# What was there before Liftlock's first deployment, as far as it can be gone back to.
BEFORE: Final = 'r0'

_NAMES: Final = {
    model.Direct: 'direct',
    model.BlueGreen: 'blueGreen',
    model.Canary: 'canary',
    model.Rolling: 'rolling',
}


class Whole:
    """Has neither instances that could be started one by one, nor a router of ours."""

    capabilities = Capabilities(in_place=True)

    async def scale(self, revision: Revision, instances: int) -> None:
        raise Trouble(f'{revision.name} cannot be scaled: this target is updated as a whole')

    async def route(self, routes: Routes) -> None:
        raise Trouble('no traffic can be shifted: this target is updated as a whole')

    def address(self, *, preview: bool = False) -> str:
        return ''

    async def stop(self) -> None:
        """The place is somebody else's, so what is there stays."""
        await self.close()

    async def close(self) -> None:
        """Nothing is held."""


def refuse(target: str, strategy: model.Strategy, *known: type[model.Strategy]) -> None:
    """Raises Trouble unless the strategy is direct, or one of those that the target knows."""
    if isinstance(strategy, (model.Direct, *known)):
        return
    possible = ' or '.join(f'`{_NAMES[kind]}`' for kind in (model.Direct, *known))
    raise Trouble(
        f'strategy `{_NAMES[type(strategy)]}` is not possible on target `{target}`: it is updated '
        'as a whole, and Liftlock has no router in front of it',
        f'Take {possible}, or a target with a router: process or compose',
    )
