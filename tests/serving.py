"""A real server over a real store, asked as browsers and programs ask it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

LIFTLOCK = (sys.executable, '-m', 'liftlock')
WORKFLOWS = {
    'ci.yml': """
name: CI
on: [push, workflow_dispatch]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: mkdir dist && echo app > dist/app
      - uses: actions/upload-artifact@v4
        with: {name: dist, path: dist}
      - run: |
          echo '## Built <script>alert(1)</script>' >> $GITHUB_STEP_SUMMARY
  test:
    needs: build
    runs-on: ubuntu-latest
    strategy: {fail-fast: false, matrix: {shard: [1, 2]}}
    steps:
      - name: Tests
        run: |
          for i in $(seq 1 1200); do echo "line $i"; done
          printf '\\033[31mred\\033[0m <b>bold</b>\\n'
          if [ ${{ matrix.shard }} = 2 ]; then echo '::error file=a.py,line=3::It broke'; exit 1; fi
""",
    'slow.yml': """
name: Slow
on: workflow_dispatch
jobs:
  slow:
    runs-on: ubuntu-latest
    steps:
      - name: Counts
        run: |
          echo counting
          while [ ! -e /tmp/liftlock-never ]; do echo tick; sleep 0.2; done
""",
}


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Project:
    """A repository with workflows, and homes for everything that liftlock keeps."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / 'project'
        self.homes = {
            name: str(directory / name.lower())
            for name in ('XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME')
        }
        self.directory.mkdir()
        self.git('init', '--quiet', '--initial-branch=main')
        self.git('remote', 'add', 'origin', 'https://github.com/octo/shop.git')
        for name, text in WORKFLOWS.items():
            self.write(f'.github/workflows/{name}', text)
        self.git('add', '--all')
        self.git('commit', '--quiet', '--message', 'Sell things')

    def git(self, *words: str) -> None:
        who = ('-c', 'user.name=Somebody', '-c', 'user.email=somebody@localhost')
        subprocess.run(('git', *who, *words), cwd=self.directory, check=True)

    def write(self, path: str, text: str) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def start(self, *words: str) -> 'subprocess.Popen[str]':
        return subprocess.Popen(
            (*LIFTLOCK, *words),
            cwd=self.directory,
            env={**os.environ, 'NO_COLOR': '1', **self.homes},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def liftlock(self, *words: str) -> str:
        process = self.start(*words)
        out, _ = process.communicate(timeout=120)
        return out


class Server:
    """`liftlock serve` on a port that the kernel gave. `greeting` is what it printed."""

    def __init__(self, project: Project, *words: str) -> None:
        self.project = project
        self._process = project.start('serve', '--port', '0', *words)
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        found = re.search(r'https?://\S+', first)
        if found is None:
            self._process.kill()
            raise AssertionError(first + self._process.communicate(timeout=20)[0])
        self.address = found[0]
        self.greeting = first
        self.rest = ''  # what it has printed besides, when it has ended

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(self, lines: int) -> str:
        assert self._process.stdout is not None
        return ''.join(self._process.stdout.readline() for _ in range(lines))

    def ask(
        self,
        how: str,
        path: str,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=30)
        try:
            connection.request(how, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode('utf-8', 'replace'))
        finally:
            connection.close()

    def person(self, token: str = '') -> 'Person':
        return Person(self, token)

    def events(self, path: str, token: str, last: str = '') -> 'Events':
        headers = {'authorization': f'Bearer {token}', 'last-event-id': last}
        return Events(self.address, path, headers)

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=20)

    def end(self) -> int:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self.rest, _ = self._process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._process.returncode


class Events:
    """A stream of server-sent events, read as they come."""

    def __init__(self, address: str, path: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        self._connection.request('GET', path, None, headers)
        self._answer = self._connection.getresponse()
        self.status = self._answer.status

    def next(self) -> dict[str, str]:
        """The next event that says something; comments are passed over."""
        found: dict[str, str] = {}
        while True:
            line = self._answer.readline().decode().rstrip('\n')
            if not line and 'event' in found:
                return found
            name, _, value = line.partition(': ')
            if name:
                found[name] = value

    def ends(self) -> bool:
        """Whether the server closes it, rather than going on for half a minute."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if not self._answer.readline():
                return True
        return False

    def close(self) -> None:
        self._connection.close()


class Person:
    """Somebody with a browser that keeps cookies, and no scripts."""

    def __init__(self, server: Server, token: str = '') -> None:
        self._server = server
        self.cookies: dict[str, str] = {}
        self.forwarded = ''  # what a proxy says of his address
        if token:
            self.log_in(token)

    def get(self, path: str, **headers: str) -> Answer:
        return self._keep(self._server.ask('GET', path, None, self._headers(**headers)))

    def post(self, path: str, given: dict[str, str], **headers: str) -> Answer:
        told = {'content-type': 'application/x-www-form-urlencoded', **headers}
        return self._keep(self._server.ask('POST', path, urlencode(given), self._headers(**told)))

    def log_in(self, token: str) -> Answer:
        form = self.get('/login')
        return self.post('/login', {'csrf': csrf(form), 'token': token})

    def act(self, page: str, path: str, **given: str) -> Answer:
        """Send a form as the page would."""
        return self.post(path, {'csrf': csrf(self.get(page)), **given})

    def csrf(self, page: Answer) -> str:
        return csrf(page)

    def _headers(self, **more: str) -> dict[str, str]:
        cookies = '; '.join(f'{name}={value}' for name, value in self.cookies.items())
        told = {name.replace('_', '-'): value for name, value in more.items()}
        if self.forwarded:
            told['x-forwarded-for'] = self.forwarded
        return {**told, **({'cookie': cookies} if cookies else {})}

    def _keep(self, answer: Answer) -> Answer:
        for line in answer.headers.get_all('set-cookie') or ():
            name, _, rest = line.partition('=')
            self.cookies[name] = rest.partition(';')[0].strip('"')
        return answer


def csrf(page: Answer) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


class Site(NamedTuple):
    """A server with a red run, number 1; `token` is the admin's, `code` that of his link."""

    server: Server
    token: str
    code: str

    def api(self, how: str, path: str, body: object = None, token: str = '') -> Answer:
        headers = {'authorization': f'Bearer {token or self.token}'}
        text = None if body is None else json.dumps(body)
        return self.server.ask(how, f'/api/v1{path}', text, headers)

    def token_of(self, name: str, role: str) -> str:
        return self.server.project.liftlock('token', 'create', name, '--role', role).strip()

    def tokens(self) -> Any:
        return json.loads(self.server.project.liftlock('token', 'list', '--json'))
