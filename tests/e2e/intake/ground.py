"""A store, a repository that is registered in it, and an intake, without a server."""

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from liftlock.cli import wiring
from liftlock.engine.intake.intake import Intake
from liftlock.engine.intake.outcome import Outcome
from liftlock.plan.event import Event, RepositoryFacts, from_payload
from liftlock.store import intakes, repositories, runs, served
from liftlock.store.intakes import Intake as Row
from liftlock.store.repositories import Repository

JOBS = 'jobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n'
FILES = {
    'a.yml': 'on: push\n' + JOBS,
    'b.yml': 'on: push\n' + JOBS,
    'c.yml': 'on: pull_request\n' + JOBS,
    'hand.yml': 'name: By hand\non:\n  workflow_dispatch:\n    inputs:\n'
    '      level: {type: choice, options: [low, high], required: true}\n'
    '      count: {type: number, default: 3}\n'
    '      sure: {type: boolean}\n'
    '      where: {type: environment}\n' + JOBS,
}


class Place:
    """A store, a repository that is registered in it, and an intake."""

    def __init__(self, directory: Path, **more: Any) -> None:
        """`more` is what is registered beside the name and the address."""
        self.work = directory / 'work'
        folder = self.work / '.github/workflows'
        folder.mkdir(parents=True)
        for name, text in FILES.items():
            (folder / name).write_text(text)
        (self.work / 'liftlock.yml').write_text('environments: {staging: {}, production: {}}\n')
        self.git('init', '--quiet', '--initial-branch=main')
        self.git('add', '--all')
        self.git('commit', '--quiet', '--message', 'one')
        self.head = self.git('rev-parse', 'HEAD')
        self.works = wiring.open_works(wiring.place(str(directory / 'state')))
        self.store = self.works.store
        draft = repositories.Draft('octo/shop', str(self.work), **more)
        key = wiring.key_file(self.works.place)
        self.repository: Repository = repositories.add(self.store, draft, 'mona', key)
        self.carried: list[int] = []
        self.deliveries = 0

    def git(self, *words: str) -> str:
        who = ('-c', 'user.name=Mona', '-c', 'user.email=mona@localhost')
        done = subprocess.run(
            ('git', *who, *words), cwd=self.work, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def intake(self) -> Intake:
        """A new one, as after a start."""

        def carry(run: int, who: str) -> None:
            served.note(self.store, run, who)
            self.carried.append(run)

        return Intake(wiring.bench(self.works), carry)

    def take(self) -> None:
        payload: dict[str, Any] = {'before': '0' * 40, 'after': self.head}
        event = Event('push', payload, 'refs/heads/main', '', 'octo/shop', 'mona')
        asyncio.run(self.intake().take(self.repository, event, 'hook:1:push'))

    def made(self) -> list[str]:
        """The workflows of the runs."""
        return sorted(run.workflow.rpartition('/')[2] for run in runs.unfinished(self.store))

    # --- from outside

    def propose(self, number: int, files: Mapping[str, str], onto: str = 'main') -> str:
        """A commit with these files as the head of a pull request."""
        self.git('checkout', '--quiet', '--detach', onto)
        for path, text in files.items():
            file = self.work / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.git('add', '--all')
        self.git('commit', '--quiet', '--message', f'Better {number}')
        head = self.git('rev-parse', 'HEAD')
        self.git('checkout', '--quiet', 'main')
        self.git('update-ref', f'refs/pull/{number}/head', head)
        return head

    def about(
        self,
        number: int,
        commit: str,
        action: str = 'opened',
        *,
        name: str = 'pull_request',
        sender: str = 'mallory',
        **more: Any,
    ) -> Event:
        """An event about a pull request of mallory's fork."""
        request = {
            'number': number,
            'user': {'login': 'mallory'},
            'head': {'ref': 'topic', 'sha': commit, 'repo': {'full_name': 'mallory/shop'}},
            'base': {'ref': 'main', 'repo': {'full_name': 'octo/shop'}},
            **more,
        }
        payload = {'action': action, 'number': number, 'pull_request': request}
        here = RepositoryFacts('octo', 'shop', 'main', '', default_branch='main', actor=sender)
        event = from_payload(here, name, {**payload, 'sender': {'login': sender}})
        return event._replace(sha='', actor=sender)

    def proposed(self, number: int, commit: str, action: str = 'opened', **more: Any) -> Outcome:
        """What comes of such an event; each is a delivery of its own."""
        event = self.about(number, commit, action, **more)
        self.deliveries += 1
        delivery = f'hook:{self.deliveries}:{event.name}'
        return asyncio.run(self.intake().take(self.repository, event, delivery))

    def row(self, outcome: Outcome) -> Row:
        return intakes.of(self.store, outcome.intake)
