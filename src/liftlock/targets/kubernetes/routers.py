"""The three ways to send traffic: what each needs of a revision, and what it writes."""

import json
from collections.abc import Iterable, Mapping
from typing import Final, Protocol, TypeAlias

from liftlock.language.settings import model
from liftlock.rollout.sight import Capabilities, Routes
from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes import colour, commands, documents
from liftlock.targets.kubernetes.client import Client
from liftlock.targets.kubernetes.names import ENVIRONMENT, REVISION, SERVING, Doc, of_revision
from liftlock.targets.kubernetes.routing import gateway, istio, selectors, told
from liftlock.targets.kubernetes.routing.istio import Backend

VIRTUAL_SERVICE: Final = 'virtualservices.networking.istio.io'
DESTINATION_RULE: Final = 'destinationrules.networking.istio.io'
HTTP_ROUTE: Final = 'httproutes.gateway.networking.k8s.io'

Live: TypeAlias = Mapping[str, Doc]  # by identity: Service/shop


class Router(Protocol):
    """`words` are the objects it looks at, as kubectl names them."""

    capabilities: Capabilities
    words: tuple[str, ...]

    def told(self, live: Live, pods: Iterable[Doc]) -> Routes | None: ...

    def complaint(self, live: Live) -> str:
        """Why a router does not do as it was told."""
        ...

    async def write(
        self, client: Client, live: Live, pods: Iterable[Doc], routes: Routes
    ) -> None: ...

    async def admit(self, client: Client, live: Live, revision: str) -> None:
        """Make what traffic for this revision needs, before there is any."""
        ...

    async def dismiss(self, client: Client, live: Live, revision: str) -> None: ...


def choose(target: model.Kubernetes, environment: str) -> Router:
    """Raises Trouble where there is nothing that traffic could be switched with."""
    if target.virtual_service:
        return Mesh(target, environment)
    if target.http_route:
        return Gateway(target, environment)
    if target.service:
        return Switch(target, environment)
    raise Trouble(
        'nothing can send traffic to one revision or the other',
        'add service: (its selector is switched), virtual_service or http_route (weights);'
        ' or take strategy: rolling',
    )


class Switch:
    """A Service's selector."""

    def __init__(self, target: model.Kubernetes, environment: str) -> None:
        self.environment = environment
        self.service, self.preview = target.service, target.preview_service
        self.words = tuple(f'service/{one}' for one in (self.service, self.preview) if one)
        self.capabilities = Capabilities(preview=bool(self.preview))

    def told(self, live: Live, pods: Iterable[Doc]) -> Routes | None:
        found = live.get(f'Service/{self.service}')
        if found is None:
            return Routes()
        routes = told.read(found)
        wanted = selectors.public(found, routes, self.environment)
        if (found['spec'].get('selector') or {}) != wanted or any(selectors.labels(pods, routes)):
            return Routes()
        return routes if has_preview(self.preview, live, routes, self.environment) else Routes()

    def complaint(self, live: Live) -> str:
        missing = [one for one in self.words if f'S{one[1:]}' not in live]
        return f'not there: {", ".join(missing)}' if missing else ''

    async def write(self, client: Client, live: Live, pods: Iterable[Doc], routes: Routes) -> None:
        """The labels first: the selector must never find nobody."""
        service = needed(live, f'Service/{self.service}')
        lack, have = selectors.labels(pods, routes)
        await mark(client, self.environment, lack, f'{SERVING}={selectors.TRUE}')
        await write_preview(client, self.preview, live, routes, self.environment)
        wanted = selectors.public(service, routes, self.environment)
        await merge(client, f'service/{self.service}', selectors.patch(service, wanted, routes))
        await mark(client, self.environment, have, f'{SERVING}-')

    async def admit(self, client: Client, live: Live, revision: str) -> None:
        """Nothing: the labels of its pods do."""

    async def dismiss(self, client: Client, live: Live, revision: str) -> None: ...


class Mesh:
    """An Istio VirtualService."""

    def __init__(self, target: model.Kubernetes, environment: str) -> None:
        self.environment = environment
        self.name, self.rule = target.virtual_service, target.destination_rule
        self.service, self.preview = target.service, target.preview_service
        if not (self.service or self.rule):
            raise Trouble(
                f'nothing says where VirtualService {self.name} leads',
                'add service: (its host), or destination_rule: (whose subsets are used)',
            )
        words = (
            f'{VIRTUAL_SERVICE}/{self.name}',
            f'{DESTINATION_RULE}/{self.rule}' if self.rule else '',
            f'service/{self.service}' if self.service else '',
            f'service/{self.preview}' if self.preview else '',
        )
        self.words = tuple(filter(None, words))
        self.capabilities = Capabilities(
            weights=True, headers=True, mirrors=True, preview=bool(self.preview)
        )

    def _backend(self, live: Live) -> Backend:
        if not self.rule:
            return Backend(self.service)
        rule = needed(live, f'DestinationRule/{self.rule}')
        return Backend(str(rule['spec']['host']).partition('.')[0], subsets=True)

    def told(self, live: Live, pods: Iterable[Doc]) -> Routes | None:
        if self.rule and f'DestinationRule/{self.rule}' not in live:
            return Routes()
        found = istio.confirmed(live.get(f'VirtualService/{self.name}'), self._backend(live))
        fine = has_preview(self.preview, live, found, self.environment)
        return found if fine else Routes()

    def complaint(self, live: Live) -> str:
        return '' if f'VirtualService/{self.name}' in live else f'not there: {self.name}'

    async def write(self, client: Client, live: Live, pods: Iterable[Doc], routes: Routes) -> None:
        found = needed(live, f'VirtualService/{self.name}')
        await write_preview(client, self.preview, live, routes, self.environment)
        patch = istio.patch(found, routes, self._backend(live))
        await merge(client, f'{VIRTUAL_SERVICE}/{self.name}', patch)

    async def admit(self, client: Client, live: Live, revision: str) -> None:
        if not self.rule:
            await serve(client, live, self.service, revision, self.environment)
            return
        patch = istio.with_subset(needed(live, f'DestinationRule/{self.rule}'), revision)
        if patch:
            await merge(client, f'{DESTINATION_RULE}/{self.rule}', patch)

    async def dismiss(self, client: Client, live: Live, revision: str) -> None:
        if not self.rule:
            await retire(client, self.service, revision)
            return
        rule = live.get(f'DestinationRule/{self.rule}')
        patch = istio.without_subset(rule, revision) if rule else None
        if patch:
            await merge(client, f'{DESTINATION_RULE}/{self.rule}', patch)


class Gateway:
    """A Gateway API HTTPRoute."""

    def __init__(self, target: model.Kubernetes, environment: str) -> None:
        self.environment = environment
        self.name, self.service = target.http_route, target.service
        self.preview = target.preview_service
        if not self.service:
            raise Trouble(
                f'nothing says where HTTPRoute {self.name} leads', 'add service: (its backend)'
            )
        preview = (f'service/{self.preview}',) if self.preview else ()
        self.words = (f'{HTTP_ROUTE}/{self.name}', f'service/{self.service}', *preview)
        self.capabilities = Capabilities(weights=True, headers=True, preview=bool(self.preview))

    def told(self, live: Live, pods: Iterable[Doc]) -> Routes | None:
        found = gateway.confirmed(live.get(f'HTTPRoute/{self.name}'), self.service)
        fine = has_preview(self.preview, live, found or Routes(), self.environment)
        return found if found is None or fine else Routes()

    def complaint(self, live: Live) -> str:
        found = live.get(f'HTTPRoute/{self.name}')
        return gateway.refusal(found) if found else f'not there: {self.name}'

    async def write(self, client: Client, live: Live, pods: Iterable[Doc], routes: Routes) -> None:
        found = needed(live, f'HTTPRoute/{self.name}')
        await write_preview(client, self.preview, live, routes, self.environment)
        patch = gateway.patch(found, routes, self.service)
        await merge(client, f'{HTTP_ROUTE}/{self.name}', patch)

    async def admit(self, client: Client, live: Live, revision: str) -> None:
        await serve(client, live, self.service, revision, self.environment)

    async def dismiss(self, client: Client, live: Live, revision: str) -> None:
        await retire(client, self.service, revision)


# --- what they share


def needed(live: Live, name: str) -> Doc:
    if name not in live:
        raise Trouble(
            f'{name} is not there', 'create it once, or name its manifests: manifests: […]'
        )
    return live[name]


def has_preview(preview: str, live: Live, routes: Routes, environment: str) -> bool:
    """Whether the preview's Service is as the routes say."""
    found = live.get(f'Service/{preview}')
    if not preview or found is None:
        return True
    wanted = selectors.preview(found, routes, environment)
    return bool((found['spec'].get('selector') or {}) == wanted)


async def write_preview(
    client: Client, preview: str, live: Live, routes: Routes, environment: str
) -> None:
    if preview:
        found = needed(live, f'Service/{preview}')
        wanted = selectors.preview(found, routes, environment)
        await merge(client, f'service/{preview}', selectors.patch(found, wanted, routes))


async def merge(client: Client, word: str, patch: Doc) -> None:
    await client.run(commands.patch(client.cluster, word, 'merge'), json.dumps(patch))


async def mark(client: Client, environment: str, revisions: Iterable[str], change: str) -> None:
    for one in sorted(revisions):
        found = f'{ENVIRONMENT}={environment},{REVISION}={one}'
        await client.run(commands.mark(client.cluster, 'pods', found, change))


async def serve(client: Client, live: Live, service: str, revision: str, environment: str) -> None:
    made = colour.service(needed(live, f'Service/{service}'), revision, environment)
    await client.apply([made])


async def retire(client: Client, service: str, revision: str) -> None:
    word = f'service/{of_revision(service, revision)}'
    await client.run(commands.delete(client.cluster, word))


async def read(client: Client, router: Router) -> Live:
    return documents.by_identity(await client.get(*router.words))
