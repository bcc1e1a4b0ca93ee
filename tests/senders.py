"""Forges as a server hears them: a real bare repository, and signed deliveries about it.

The bodies have the fields that the forges send; what nobody reads is left out.
"""

import base64
import hashlib
import hmac
import json
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

from serving import Answer, Project, Server

ZERO = '0' * 40
WORKFLOWS = {
    'ci.yml': """
name: CI
on:
  push: {branches: [main]}
  pull_request:
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [low, high], default: low}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "told: ${{ github.event.head_commit.message }} by ${{ github.actor }}"
          echo "number: ${{ github.event.pull_request.number }} at ${{ github.ref }}"
          test -n "${{ secrets.PASSWORD }}" && echo 'it has secrets' || echo 'it has none'
          echo "home: $LIFTLOCK_TESTS_HOME"
""",
    'docs.yml': """
name: Docs
on: {push: {paths: ['docs/**']}}
jobs: {build: {runs-on: ubuntu-latest, steps: [{run: echo docs}]}}
""",
}


class Sent(NamedTuple):
    """A delivery, ready to be sent."""

    body: bytes
    headers: dict[str, str]


class Sender:
    """One repository on one forge. `secret` is that of its webhook, `number` how the server calls
    the repository."""

    def __init__(self, project: Project, directory: Path, forge: str, *words: str) -> None:
        self.project = project
        self.forge = forge
        self.work = directory / 'work'
        self.bare = directory / 'shop.git'
        self.work.mkdir(parents=True)
        self.git('init', '--quiet', '--initial-branch=main')
        for name, text in WORKFLOWS.items():
            self.write(f'.github/workflows/{name}', text)
        self.first = self.commit('Sell things')
        subprocess.run(
            ('git', 'clone', '--quiet', '--bare', str(self.work), str(self.bare)), check=True
        )
        self.name = f'octo/{forge}'
        # `--trusted`: whoever runs the tests may have no bubblewrap.
        told = project.liftlock(
            'repository', 'add', self.name, '--url', str(self.bare), '--forge', forge, *words
        )
        assert 'registered' in told, told
        self.secret = told.partition('secret')[2].split()[0]
        self.number = told.partition('number ')[2].partition('.')[0]

    # --- the repository

    def git(self, *words: str) -> str:
        who = ('-c', 'user.name=Mona', '-c', 'user.email=mona@localhost')
        done = subprocess.run(
            ('git', *who, *words), cwd=self.work, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        file = self.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message: str) -> str:
        self.git('add', '--all')
        self.git('commit', '--quiet', '--allow-empty', '--message', message)
        return self.git('rev-parse', 'HEAD')

    def push(self, *refs: str) -> None:
        self.git('push', '--quiet', '--force', str(self.bare), *refs)

    def propose(self, number: int, path: str, text: str) -> str:
        """A commit on a branch of somebody's, as the head of a pull request; not merged."""
        self.git('checkout', '--quiet', '-B', f'proposal-{number}', 'main')
        self.write(path, text)
        head = self.commit(f'Better {path}')
        self.git('checkout', '--quiet', 'main')
        kind = 'merge-requests' if self.forge == 'gitlab' else 'pull'
        self.push(f'{head}:refs/{kind}/{number}/head')
        return head

    # --- deliveries

    def pushed(self, before: str, after: str, ref: str = 'refs/heads/main') -> Sent:
        message = self.git('log', '-1', '--format=%B', after) if after != ZERO else ''
        if self.forge == 'gitlab':
            return self.sign('Push Hook', self._gitlab_push(before, after, ref, message))
        told: dict[str, Any] = {'ref': ref, 'before': before, 'after': after}
        head = {'id': after, 'message': message} if message else None
        told |= {'commits': [head] if head else [], 'head_commit': head, **self._place('mona')}
        if self.forge == 'github':
            told |= {'created': before == ZERO, 'deleted': after == ZERO, 'forced': False}
        return self.sign('push', told)

    def proposed(
        self, number: int, head: str, action: str = 'opened', who: str = 'mallory', **more: Any
    ) -> Sent:
        """From the fork of `who`."""
        base = self.git('rev-parse', 'main')
        if self.forge == 'gitlab':
            return self.sign('Merge Request Hook', self._gitlab_merge(number, head, action, who))
        request = {
            'number': number,
            'title': 'Better',
            'draft': False,
            'user': {'login': who},
            'labels': [],
            'head': {'ref': 'topic', 'sha': head, 'repo': {'full_name': f'{who}/shop'}},
            'base': {'ref': 'main', 'sha': base, 'repo': {'full_name': self.name}},
            **more,
        }
        told = {'action': action, 'number': number, 'pull_request': request, **self._place(who)}
        return self.sign('pull_request', told)

    def sign(self, event: str, payload: dict[str, Any], delivery: str = '') -> Sent:
        body = json.dumps(payload).encode()
        delivery = delivery or str(uuid.uuid4())
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {'content-type': 'application/json', 'user-agent': 'tests'}
        match self.forge:
            case 'github':
                headers |= {'X-GitHub-Event': event, 'X-GitHub-Delivery': delivery}
                headers |= {'X-Hub-Signature-256': f'sha256={digest}'}
            case 'gitea':
                headers |= {'X-Gitea-Event': event, 'X-GitHub-Event': event}
                headers |= {'X-Gitea-Delivery': delivery, 'X-Gitea-Signature': digest}
            case 'forgejo':
                headers |= {'X-Forgejo-Event': event, 'X-Gitea-Event': event}
                headers |= {'X-Forgejo-Delivery': delivery, 'X-Forgejo-Signature': digest}
            case 'gitlab':
                moment = str(int(time.time()))
                key = base64.b64decode(self.secret.removeprefix('whsec_'))
                signed = f'{delivery}.{moment}.'.encode() + body
                made = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
                headers |= {'X-Gitlab-Event': event, 'webhook-id': delivery}
                headers |= {'webhook-timestamp': moment, 'webhook-signature': f'v1,{made}'}
        return Sent(body, headers)

    def send(self, server: Server, sent: Sent) -> Answer:
        return server.ask('POST', f'/hooks/{self.number}', sent.body, sent.headers)

    def _place(self, who: str) -> dict[str, Any]:
        place = {'name': self.forge, 'full_name': self.name, 'default_branch': 'main'}
        return {'repository': place, 'sender': {'login': who}, 'pusher': {'login': who}}

    def _project(self, path: str) -> dict[str, Any]:
        return {
            'id': 1,
            'path_with_namespace': path,
            'default_branch': 'main',
            'visibility_level': 0,
            'web_url': f'https://gitlab.example/{path}',
        }

    def _gitlab_push(self, before: str, after: str, ref: str, message: str) -> dict[str, Any]:
        return {
            'object_kind': 'tag_push' if ref.startswith('refs/tags/') else 'push',
            'ref': ref,
            'before': before,
            'after': after,
            'checkout_sha': after if message else None,
            'user_username': 'mona',
            'user_name': 'Mona',
            'user_id': 4,
            'project': self._project(self.name),
            'commits': [{'id': after, 'message': message, 'author': {}}] if message else [],
        }

    def _gitlab_merge(self, number: int, head: str, action: str, who: str) -> dict[str, Any]:
        verbs = {'opened': 'open', 'synchronize': 'update', 'closed': 'close'}
        given = {
            'id': 100 + number,
            'iid': number,
            'author_id': 9,
            'action': verbs[action],
            'state': 'opened',
            'title': 'Better',
            'source_branch': 'topic',
            'target_branch': 'main',
            'source': self._project(f'{who}/shop'),
            'target': self._project(self.name),
            'last_commit': {'id': head},
            'oldrev': ZERO if action == 'synchronize' else None,
        }
        return {
            'object_kind': 'merge_request',
            'user': {'id': 9, 'username': who, 'name': who},
            'project': self._project(self.name),
            'object_attributes': given,
        }
