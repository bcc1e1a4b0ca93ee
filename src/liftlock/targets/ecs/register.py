"""Task definitions: found again, or made and registered. Nothing of it changes what runs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from liftlock.language.settings import model
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.ecs import definition, documents, images
from liftlock.targets.ecs.account import Account
from liftlock.targets.ecs.definition import Filling

Read: TypeAlias = Callable[[Version, str], Awaitable[str]]

# For whoever deploys. An application has a role of its task, and no business with these.
LOGIN: Final = frozenset(
    {'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'}
)
_FAR: Final = 30  # so many of the newest definitions are looked at


class Register:
    """`environment` names whose definitions these are, in an account that others use too."""

    def __init__(self, account: Account, settings: model.Ecs, environment: str, read: Read) -> None:
        self._account = account
        self._settings = settings
        self._environment = environment
        self._read = read
        self._known: dict[str, dict[str, Any]] = {}  # by ARN: they never change, but for being kept

    async def describe(self, name: str) -> dict[str, Any]:
        """By ARN, or family:revision. Its `status` may be old."""
        if name not in self._known:
            told = await self._account.call(
                'ecs', 'describe_task_definition', taskDefinition=name, include=['TAGS']
            )
            tags = [tag for tag in told.get('tags') or () if not tag['key'].startswith('aws:')]
            self._known[name] = {**told['taskDefinition'], **({'tags': tags} if tags else {})}
        return self._known[name]

    async def describe_anew(self, name: str) -> dict[str, Any]:
        self._known.pop(name, None)
        return await self.describe(name)

    def is_ours(self, described: Mapping[str, Any]) -> bool:
        return definition.labels(described).get(definition.ENVIRONMENT) == self._environment

    async def revision(self, arn: str) -> str:
        """For which it was registered; '' if not by us, for this environment."""
        found = await self.describe(arn)
        return definition.labels(found)[definition.REVISION] if self.is_ours(found) else ''

    async def find(self, family: str, label: str, value: str) -> str:
        """The ARN of the newest of ours that has this label; '' if none has."""
        async for found in self._newest(family):
            if definition.labels(found).get(label) == value:
                return str(found['taskDefinitionArn'])
        return ''

    async def _newest(self, family: str) -> AsyncIterator[dict[str, Any]]:
        told = await self._account.call(
            'ecs', 'list_task_definitions', familyPrefix=family, sort='DESC', maxResults=100
        )
        arns = sorted(told.get('taskDefinitionArns') or (), key=_number, reverse=True)
        for arn in arns[:_FAR]:
            found = await self.describe(arn)
            if self.is_ours(found):
                yield found

    async def make(self, revision: Revision, present: str) -> dict[str, Any]:
        """What to register, but for a marker. `present` is the definition that runs."""
        image = await images.find(self._account, self._settings, revision.version)
        base = await self._base(revision.version, present)
        container = definition.choose(base, self._settings.container, image)
        variables = plain(revision, self._settings.secrets)
        filling = Filling(
            container, image, self._environment, revision.name, revision.version.id,
            variables, self._settings.secrets,
        )  # fmt: skip
        return definition.fill(base, filling)

    async def _base(self, version: Version, present: str) -> dict[str, Any]:
        """The commit's file; else what this version was registered with; else what runs."""
        path = self._settings.task_definition
        if path:
            return documents.parse(path, await self._read(version, path))
        now = await self.describe(present)
        earlier = await self.find(str(now['family']), definition.VERSION, version.id)
        return await self.describe(earlier) if earlier else now

    async def register(self, made: Mapping[str, Any]) -> str:
        """The ARN: of one that is there already if it is the same, or for the same revision."""
        ours = definition.labels(made)
        async for found in self._newest(str(made['family'])):
            theirs = definition.labels(found)
            again = theirs[definition.REVISION] == ours[definition.REVISION]
            same = theirs.get(definition.VERSION) == ours[definition.VERSION]
            if same and (again or definition.is_same(found, made)):
                return str(found['taskDefinitionArn'])
        told = await self._account.call('ecs', 'register_task_definition', **made)
        return str(told['taskDefinition']['taskDefinitionArn'])

    async def revive(self, arn: str) -> str:
        """Somebody has deregistered it, so no service may have it any more: the same once more."""
        found = await self.describe_anew(arn)
        if found.get('status') == 'ACTIVE':
            return arn
        made = {key: value for key, value in found.items() if key not in definition.TOLD}
        told = await self._account.call('ecs', 'register_task_definition', **made)
        return str(told['taskDefinition']['taskDefinitionArn'])


def plain(revision: Revision, secrets: Mapping[str, str]) -> dict[str, str]:
    """The variables of the container. Raises Trouble for a secret that would be readable in it."""
    kept = {k: v for k, v in revision.env.items() if k not in LOGIN and k not in secrets}
    shown = sorted(set(revision.secrets) & set(kept))
    if shown:
        raise Trouble(
            f'{", ".join(shown)} would stand readable in the task definition',
            'Keep such a secret in AWS Secrets Manager or Parameter Store, and name its ARN under '
            '`secrets:` of the target: {NAME: arn:aws:secretsmanager:…}',
        )
    return kept


def _number(arn: str) -> int:
    number = arn.rpartition(':')[2]
    return int(number) if number.isdigit() else 0
