"""The pages that every page leads to: one line for each, in the order in which they are shown.

`needs` is what somebody must be allowed to (a key of `rights.NEEDED`) to be shown the link; each
page refuses by itself. Pages of the group `main` stand in the bar, the others in its menus.
"""

from collections.abc import Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.server import rights
from liftlock.server.rights import Person

MAIN: Final = 'main'
MORE: Final = 'More'
ADMINISTRATION: Final = 'Administration'


class Item(NamedTuple):
    address: str
    name: str
    group: str = MAIN
    needs: str = ''
    key: str = ''  # after `g`


ITEMS: Final[Sequence[Item]] = (
    Item('/', 'Overview', key='o'),
    Item('/runs', 'Runs', key='r'),
    Item('/workflows', 'Workflows', key='w'),
    Item('/deployments', 'Deployments', key='d'),
    Item('/approvals', 'Approvals', key='a'),
    Item('/why', 'Why did it run?', MORE, key='y'),
    Item('/schedules', 'Schedules', MORE),
    Item('/repositories', 'Repositories', MORE, 'repository.read', key='p'),
    Item('/deliveries', 'Webhooks', MORE, 'delivery.read', key='h'),
    Item('/statuses', 'Commit statuses', MORE, 'delivery.read'),
    Item('/runners', 'Runners', MORE, key='q'),
    Item('/metrics-ui', 'Metrics', MORE, key='m'),
    Item('/secrets', 'Secrets and variables', MORE, 'secret.read', key='s'),
    Item('/api/v1/docs', 'API', MORE),
    Item('/audit', 'Audit', ADMINISTRATION, 'audit.read'),
    Item('/users', 'People', ADMINISTRATION, 'user.manage'),
    Item('/tokens', 'Tokens', ADMINISTRATION, 'token.create'),
    Item('/settings', 'Settings', ADMINISTRATION, 'settings.read'),
)


def shown(person: Person | None) -> dict[str, list[Item]]:
    """By group, what this person is led to."""
    found: dict[str, list[Item]] = {}
    for item in ITEMS if person else ():
        if not item.needs or (person and rights.may(person, item.needs)):
            found.setdefault(item.group, []).append(item)
    return found


def here(item: Item, path: str) -> bool:
    """Whether the page at `path` belongs to the item: environments to the deployments, say."""
    if item.address == '/':
        return path == '/'
    also = {'/deployments': ('/environments',)}.get(item.address, ())
    return any(path == one or path.startswith(f'{one}/') for one in (item.address, *also))
