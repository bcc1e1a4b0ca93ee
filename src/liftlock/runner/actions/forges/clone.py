"""A job's own clone, and the repository on a forge that it is to write to.

In a job every address of the run's repository leads to a copy that nobody else sees (see
`runner/origin.py`): what steps push by themselves stays there. Only here is the forge meant itself.
Its address is written with a slash at the end and stands for itself, so that the longest match
wins over every redirection; and nothing is ever said to `origin`, which may be the user's own
directory.
"""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from liftlock.runner import git
from liftlock.runner.actions.forges.place import Place
from liftlock.runner.workbench import StepFailed, Workbench

_NAMES: Final = {'gitlab': 'oauth2'}  # who logs in; elsewhere any name will do


class Clone:
    """git in one directory of the workspace, as the job would run it."""

    def __init__(self, bench: Workbench, folder: Path, options: Sequence[str] = ()) -> None:
        self._bench = bench
        self._folder = folder
        self._options = tuple(options)
        self._env = {'GIT_TERMINAL_PROMPT': '0', 'LC_ALL': 'C'}

    async def tell(self, *arguments: str) -> str:
        """What git answers. StepFailed if it fails; the log then has what it said."""
        command = ('git', *self._options, *arguments)
        answer = await self._bench.capture(*command, cwd=self._folder, env=self._env)
        return answer.rstrip('\n')

    async def holds(self, *arguments: str) -> bool:
        """Whether git exits with 0; what it says goes to nobody."""
        command = ('sh', '-c', 'exec "$@" >/dev/null 2>&1', 'git', 'git', *self._options)
        status = await self._bench.run(
            *command, *arguments, cwd=self._folder, env=self._env, check=False
        )
        return status == 0

    async def find(self, ref: str) -> str:
        """The commit that this means; '' if there is none."""
        if not await self.holds('rev-parse', '--verify', '--quiet', f'{ref}^{{commit}}'):
            return ''
        return await self.tell('rev-parse', '--verify', f'{ref}^{{commit}}')

    async def branch(self) -> str:
        """The one that is checked out; '' for a bare commit."""
        if not await self.holds('symbolic-ref', '--quiet', 'HEAD'):
            return ''
        return await self.tell('symbolic-ref', '--short', 'HEAD')

    async def setting(self, key: str) -> str:
        """'' where there is none."""
        if not await self.holds('config', '--get', key):
            return ''
        return await self.tell('config', '--get', key)

    async def count(self, since: str, until: str) -> int:
        return int(await self.tell('rev-list', '--count', f'{since}..{until}'))

    def towards(self, place: Place) -> 'Remote':
        """The same clone, with the forge's repository at its other end."""
        return Remote(self._bench, self._folder, self._options, place)


class Remote(Clone):
    """git with an address and a log-in, which stand in no file and on no command line."""

    def __init__(
        self, bench: Workbench, folder: Path, options: Sequence[str], place: Place
    ) -> None:
        super().__init__(bench, folder, options)
        self.url = f'{place.git_url}/'
        name = _NAMES.get(place.forge.kind, 'x-access-token')
        bench.mask(b64encode(f'{name}:{place.token}'.encode()).decode())
        own = (f'url.{self.url}.insteadOf', self.url)
        left = (f'http.{place.forge.url}/.extraheader', '')  # by a checkout
        self._env |= git.login(self.url, name, place.token, own, left)

    async def tips(self, *branches: str) -> dict[str, str]:
        """The commits of these branches there, as far as they exist."""
        refs = [f'refs/heads/{branch}' for branch in branches]
        lines = (await self.tell('ls-remote', self.url, *refs)).splitlines()
        known = {ref: commit for commit, _, ref in (line.partition('\t') for line in lines)}
        return {
            branch: known[ref] for branch, ref in zip(branches, refs, strict=True) if ref in known
        }

    async def fetch(self, branch: str, commit: str, depth: int) -> None:
        """Bring the commit here; a clone that has all of its history stays one that has."""
        if await self.holds('cat-file', '-e', f'{commit}^{{commit}}'):
            return
        shallow = await self.tell('rev-parse', '--is-shallow-repository') == 'true'
        cut = (f'--depth={depth}',) if shallow else ()
        await self.tell('fetch', '--quiet', '--no-tags', *cut, self.url, f'refs/heads/{branch}')

    async def push(self, branch: str, commit: str, before: str) -> None:
        """Let the branch be that commit ('' removes it), unless it is no longer at `before`."""
        ref = f'refs/heads/{branch}'
        await self.tell(
            'push', '--quiet', f'--force-with-lease={ref}:{before}', self.url, f'{commit}:{ref}'
        )


def refuse_options(*names: str) -> None:
    """A name that begins with a dash would be an option to git."""
    for name in names:
        if name.startswith('-') or any(character in name for character in ' \t\n~^:?*[\\'):
            raise StepFailed(f"'{name}' is no name of a branch")
