"""The mirrors of one server: fetched, and what of them an intake reads."""

import asyncio

from liftlock.engine import declared, workflows
from liftlock.engine.intake.bench import Bench
from liftlock.engine.intake.finding import Found
from liftlock.engine.intake.mirror import Mirror, Mirrors
from liftlock.errors import UserError
from liftlock.plan.event import Event
from liftlock.runner import snapshot
from liftlock.runner.snapshot import Snapshot
from liftlock.store import repositories
from liftlock.store.repositories import Repository


class Sources:
    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._mirrors = Mirrors(bench.state)

    def mirror(self, repository: Repository) -> Mirror:
        """As it was fetched last."""
        token = repositories.token(self._bench.store, repository.id, self._bench.key_file)
        return self._mirrors.of(repository, token)

    async def fetch(self, repository: Repository, spec: str = '') -> Mirror:
        """Branches, tags and what `spec` names; and which branch is the default one, where nobody
        has told it yet. UserError."""
        mirror = self.mirror(repository)
        async with self._mirrors.lock(mirror):
            if not repository.branch:
                branch = await mirror.head()
                if branch:
                    repositories.learn_branch(self._bench.store, repository.id, branch)
            problem = await mirror.fetch(spec) if spec else ''
            if problem or not spec:
                problem = await mirror.fetch()
                if spec and not problem:  # the ref of a pull request may be gone
                    await mirror.drop(spec.rpartition(':')[2])
        if problem:
            raise UserError(f'git cannot fetch {repository.name}: {problem}')
        return mirror

    async def read(
        self, mirror: Mirror, repository: Repository, commit: str
    ) -> tuple[Snapshot, dict[str, str]]:
        """The snapshot of a commit, and its workflow files and `liftlock.yml` by path."""

        def read() -> tuple[Snapshot, dict[str, str]]:
            taken = snapshot.keep(mirror.directory, commit, repository.url, self._bench.state)
            files = snapshot.read_files(taken, workflows.FOLDER, declared.FILE)
            return taken, {_as_text(path): text for path, text in files.items()}

        return await asyncio.to_thread(read)

    async def settings_of_base(
        self, mirror: Mirror, repository: Repository, event: Event
    ) -> dict[str, str]:
        """`liftlock.yml` of the base: whoever comes from outside does not say what he may do."""
        base = await mirror.commit(f'refs/heads/{event.base_ref or repository.default_branch}')
        if not base:
            return {declared.FILE: ''}
        _, files = await self.read(mirror, repository, base)
        return {declared.FILE: files.get(declared.FILE, '')}

    async def as_approved(self, mirror: Mirror, event: Event, head: str) -> Found:
        """The event as it was when somebody looked at it."""
        if not await mirror.commit(event.sha):
            return Found(event, head, said='what was approved is not here any more')
        log = await mirror.log('', head)
        return Found(event, head, log[-1].message if log else '')


def _as_text(path: str) -> str:
    """Git's names are bytes; one that is no text can be kept nowhere."""
    return path.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
