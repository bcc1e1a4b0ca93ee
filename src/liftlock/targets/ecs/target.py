"""A service on Amazon ECS, updated by its own rolling deployment.

    prepare   a task definition is registered for the revision: once, whatever happens
    apply     the service is asked for exactly that definition, or for an earlier one
    look      what AWS says has become of it

A revision is a task definition with an image by its digest. Going back is going back to a task
definition, so settings that were changed with the version go back with it.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from liftlock.language.settings import model
from liftlock.rollout.sight import Capabilities, Instance, Sight
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.ecs import definition, judgement, lines, record, tasks
from liftlock.targets.ecs.account import Account, find_access
from liftlock.targets.ecs.record import Asked
from liftlock.targets.ecs.register import Read, Register
from liftlock.targets.whole import BEFORE, Whole, refuse

_SOON: Final = 2.0  # seconds for which a look stays good while something changes,
_LATER: Final = 10.0  # and when nothing does: AWS counts the calls of an account


class Ecs(Whole):
    """`directory` keeps what AWS cannot tell; `environment` is a name that nobody else in the
    account has. `read` gives a file of a commit; `env` are variables and secrets, for the log-in.
    """

    capabilities = Capabilities(in_place=True, adopts=True)

    def __init__(
        self,
        settings: model.Ecs,
        directory: Path,
        *,
        environment: str,
        read: Read,
        env: Mapping[str, str] = {},
        strategy: model.Strategy = model.Direct(),  # noqa: B008 - immutable
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        refuse('ecs', strategy, model.Rolling)
        self._settings = settings
        self._file = directory / 'ecs.json'
        self._record = record.read(self._file)
        self._account = Account(find_access(settings.region, env))
        self._register = Register(self._account, settings, environment, read)
        self._clock = clock
        self._sight: tuple[float, Sight] | None = None  # until when it is good

    # --- looking

    async def look(self) -> Sight:
        if self._sight is None or self._clock() >= self._sight[0]:
            seen = await self._look()
            quiet = seen.settled or bool(seen.failed)
            self._sight = (self._clock() + (_LATER if quiet else _SOON), seen)
        return self._sight[1]

    async def _look(self) -> Sight:
        """Not at the answer to one question with another in mind: `apply` may come in between."""
        while True:
            asked = self._record.asked
            seen = await self._look_after(asked)
            now = self._record.asked
            if now == asked or (now and asked and now == asked._replace(settled=True)):
                return seen

    async def _look_after(self, asked: Asked | None) -> Sight:
        service = await self._service()
        instances = await self._instances(service)
        if asked is None:
            return await self._look_at_unknown(service, instances)
        verdict = judgement.judge(service, asked)
        if verdict.settled and not asked.settled and asked == self._record.asked:
            self._write(asked=asked._replace(settled=True))
        if not verdict.in_effect and not verdict.failed:
            seen = await self._look_at_unknown(service, instances)
            return seen._replace(message=verdict.message)
        why = await self._reasons(service, asked) if _is_ill(service, verdict) else ''
        failed = f'{verdict.failed}: {why}' if verdict.failed and why else verdict.failed
        message = f'{verdict.message}: {why}' if why and not failed else verdict.message
        return Sight(
            instances, revision=asked.revision, settled=verdict.settled,
            failed=failed, message=message,
        )  # fmt: skip

    async def _look_at_unknown(
        self, service: Mapping[str, Any], instances: tuple[Instance, ...]
    ) -> Sight:
        """It was asked for by somebody else, or by a Liftlock that has lost its memory."""
        arn = judgement.definition(service)
        revision = await self._revision(arn)
        verdict = judgement.judge(service, Asked(revision, arn))
        message = f'{judgement.short(arn)}: {verdict.message or verdict.failed}'
        return Sight(instances, revision=revision, settled=verdict.settled, message=message)

    async def _reasons(self, service: Mapping[str, Any], asked: Asked) -> str:
        ended = await tasks.read(
            self._account, self._settings.cluster, self._settings.service, 'STOPPED'
        )
        ours = [task for task in ended if task.get('taskDefinitionArn') == asked.definition]
        return judgement.reasons(judgement.events_since(service, asked.event), ours)

    async def _instances(self, service: Mapping[str, Any]) -> tuple[Instance, ...]:
        if not service.get('runningCount') and not service.get('pendingCount'):
            return ()
        running = await tasks.read(
            self._account, self._settings.cluster, self._settings.service, 'RUNNING'
        )
        arns = {str(task.get('taskDefinitionArn', '')) for task in running}
        names = {arn: await self._revision(arn) for arn in arns}
        return tuple(tasks.make(task, names.__getitem__) for task in running)

    async def _revision(self, arn: str) -> str:
        return self._record.revision(arn) or (await self._register.revision(arn) if arn else '')

    async def _service(self) -> Mapping[str, Any]:
        """Raises Trouble where it is not there, or is not for us to update."""
        place = self._settings
        told = await self._account.call(
            'ecs', 'describe_services', cluster=place.cluster, services=[place.service]
        )
        found = next(iter(told.get('services') or ()), None)
        if found is None or found.get('status') != 'ACTIVE':
            raise Trouble(
                f'cluster {place.cluster} has no active service {place.service}',
                'Liftlock updates services; make it first, with `aws ecs create-service` or the '
                'tool that makes the cluster',
            )
        controller = (found.get('deploymentController') or {}).get('type', 'ECS')
        if controller != 'ECS':
            raise Trouble(
                f'service {place.service} is deployed by {controller}, not by ECS itself',
                'A service whose deploymentController is ECS is needed; else take the target '
                '`command`, with commands of your own',
            )
        return dict(found)

    # --- changing

    async def adopt(self) -> Version | None:
        """What runs though Liftlock has never deployed it, from now on known as revision r0: it
        can be gone back to. None where Liftlock has deployed what runs, or nothing does."""
        if BEFORE not in self._record.definitions:
            if self._record.asked is not None:
                return None
            arn = judgement.definition(await self._service())
            if not arn or await self._register.revision(arn):
                return None
            self._write(revision=BEFORE, arn=arn)
        arn = self._record.definitions[BEFORE]
        found = await self._register.describe(arn)
        return Version(
            judgement.short(arn), image=definition.image_of(found, self._settings.container)
        )

    async def prepare(self, revision: Revision) -> str:
        service = await self._service()
        await self.adopt()
        arn = self._record.definitions.get(revision.name, '')
        if arn:
            arn = await self._register.revive(arn)
        else:
            made = await self._register.make(revision, judgement.definition(service))
            arn = await self._register.register(made)
        if arn != self._record.definitions.get(revision.name):
            self._write(revision=revision.name, arn=arn)
        return f'task definition {judgement.short(arn)}'

    async def apply(self, revision: Revision, *, back: bool) -> str:
        service = await self._service()
        arn = await self._find(revision, judgement.definition(service), back)
        asked, present = self._record.asked, judgement.primary(service)
        again = asked is not None and (asked.revision, asked.definition) == (revision.name, arn)
        unheard = again and not (back and asked and asked.deployment)  # a person may try once more
        if asked and unheard and (failed := judgement.judge(service, asked).failed):
            raise Trouble(failed, 'The events of the service say more')
        there = judgement.definition(service) == arn
        gave_up = there and present.get('rolloutState') == 'FAILED'
        if there and not gave_up and self._is_enough(service):
            return self._answered(asked if again and asked else Asked(revision.name, arn), present)
        before, event = str(present.get('id', '')), judgement.newest_event(service)
        asked = Asked(revision.name, arn, before=before, event=event)
        self._write(asked=asked)
        told = await self._update(arn, force=gave_up)
        return self._answered(asked, judgement.primary(told))

    def _answered(self, asked: Asked, deployment: Mapping[str, Any]) -> str:
        """AWS's id, if it is the deployment that was asked for."""
        fits = deployment.get('taskDefinition') == asked.definition
        id = str(deployment.get('id', '')) if fits else ''
        self._write(asked=asked._replace(deployment=id))
        return id

    async def _find(self, revision: Revision, present: str, back: bool) -> str:
        """Its definition; going back, also an older one of the same version."""
        known = self._record.definitions.get(revision.name)
        if known:
            return await self._register.revive(known) if back else known
        family = str((await self._register.describe(present))['family'])
        arn = await self._register.find(family, definition.REVISION, revision.name)
        if not arn and back:
            arn = await self._register.find(family, definition.VERSION, revision.version.id)
        if not arn:
            raise Trouble(
                f'no task definition of {revision.name} ({revision.version.name}) is known',
                f'`aws ecs list-task-definitions --family-prefix {family}` shows those there are',
            )
        return arn

    def _is_enough(self, service: Mapping[str, Any]) -> bool:
        wanted = self._settings.instances
        return wanted is None or service.get('desiredCount') == wanted

    async def _update(self, arn: str, *, force: bool) -> Mapping[str, Any]:
        """`force`: ECS has given up on this very definition, and would not try again."""
        more: dict[str, Any] = {'forceNewDeployment': True} if force else {}
        if self._settings.instances is not None:
            more['desiredCount'] = self._settings.instances
        told = await self._account.call(
            'ecs', 'update_service', cluster=self._settings.cluster,
            service=self._settings.service, taskDefinition=arn, **more,
        )  # fmt: skip
        service: Mapping[str, Any] = told['service']
        return service

    def _write(self, *, revision: str = '', arn: str = '', asked: Asked | None = None) -> None:
        made = self._record.knows(revision, arn) if revision else self._record
        made = made if asked is None else made._replace(asked=asked)
        if made != self._record:
            self._sight = None
            record.write(self._file, made)
            self._record = made

    # --- the rest

    async def logs(self, revision: str, *, follow: bool, previous: bool) -> AsyncIterator[str]:
        arn = self._record.definitions.get(revision) or judgement.definition(await self._service())
        source = lines.find_source(await self._register.describe(arn), self._settings.container)
        status = 'STOPPED' if previous else 'RUNNING'
        shown = lines.Reader(self._account, source)
        while True:
            found = await tasks.read(
                self._account, self._settings.cluster, self._settings.service, status
            )
            async for line in shown.read(
                task for task in found if task.get('taskDefinitionArn') == arn
            ):
                yield line
            if not follow:
                return
            await lines.pause()

    async def close(self) -> None:
        self._account.close()


def _is_ill(service: Mapping[str, Any], verdict: judgement.Verdict) -> bool:
    return bool(verdict.failed or judgement.primary(service).get('failedTasks'))
