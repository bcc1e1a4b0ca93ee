"""Artifacts of real actions, as a user of the whole sees them: listed, fetched, and never twice."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.cli.conftest import Project

# Uploads its input as an artifact of one file, in two blocks, by nothing but the protocol. Where
# there is a file `….half`, it sends only the first, and waits to be killed.
UPLOAD = """
const fs = require('fs')
const env = process.env, seen = env.INPUT_SEEN, text = env.INPUT_TEXT
const call = async (method, fields) => {
  const answer = await fetch(
    `${env.ACTIONS_RESULTS_URL}twirp/github.actions.results.api.v1.ArtifactService/${method}`,
    { method: 'POST', headers: { Authorization: `Bearer ${env.ACTIONS_RUNTIME_TOKEN}` },
      body: JSON.stringify(
        { workflow_run_backend_id: env.GITHUB_RUN_ID, name: env.INPUT_NAME, ...fields }) })
  const told = await answer.json()
  if (answer.ok) return told
  console.log('::error::' + told.msg)
  process.exit(1)
}
;(async () => {
  fs.appendFileSync(seen, env.ACTIONS_RUNTIME_TOKEN + '\\n')
  const url = (await call('CreateArtifact', { mime_type: 'text/plain' })).signed_upload_url
  const put = (query, body) => fetch(`${url}&comp=${query}`, { method: 'PUT', body })
  await put('block&blockid=MA==', text.slice(0, 4))
  if (fs.existsSync(seen + '.half')) {
    fs.renameSync(seen + '.half', seen + '.sent')
    setTimeout(() => {}, 60000)
    return
  }
  await put('block&blockid=MQ==', text.slice(4))
  await put('blocklist', '<BlockList><Latest>MA==</Latest><Latest>MQ==</Latest></BlockList>')
  console.log('kept as', (await call('FinalizeArtifact', { size: `${text.length}` })).artifact_id)
})()
"""
ACTION = """
name: upload
inputs: {name: {required: true}, text: {required: true}, seen: {required: true}}
runs: {using: node24, main: main.js}
"""


@pytest.fixture
def seen(project: Project, tmp_path: Path) -> Path:
    """Where the action notes its tokens; the project has the action, and a node to run it."""
    node = shutil.which('node')
    if node is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('install Node.js')
        pytest.skip('install Node.js to run this')
    place = Path(project.homes['XDG_CACHE_HOME'], 'liftlock/externals/node24/bin')
    place.mkdir(parents=True)
    (place / 'node').symlink_to(node)
    project.write('upload/action.yml', ACTION)
    project.write('upload/main.js', UPLOAD)
    project.workflow(f"""
on: push
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./upload
        with: {{name: page.txt, text: some text, seen: {tmp_path}/seen}}
      - run: test ! -e {tmp_path}/seen.wait || sleep 60
  read:
    needs: make
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
      - run: cat page.txt/page.txt
""")
    return tmp_path / 'seen'


def unfinished(project: Project) -> list[Path]:
    new = Path(project.homes['XDG_STATE_HOME'], 'liftlock/blobs/new')
    return [path for path in new.rglob('*') if path.is_file() and path.suffix != '.lock']


def test_what_a_real_action_uploads_is_listed_fetched_and_seen_by_later_jobs(
    project: Project, seen: Path, tmp_path: Path
) -> None:
    ended = project.liftlock('run', '-v')
    assert ended.status == 0, ended.out + ended.err
    assert '| kept as 1' in ended.out
    assert '| some text' in ended.out, 'the stand-in has downloaded it'
    assert 'page.txt' in ended.out.partition('Artifacts')[2]
    (kept,) = json.loads(project.liftlock('artifacts', '--json').out)
    (shown,) = json.loads(project.liftlock('show', '--json').out)['artifacts']
    assert shown['digest'] == f'sha256:{kept["digest"]}'
    assert (kept['name'], kept['size'], kept['mime']) == ('page.txt', 9, 'text/plain')
    fetched = project.liftlock('artifacts', '-d', 'page.txt', '--to', str(tmp_path / 'out'))
    assert fetched.status == 0, fetched.err
    assert (tmp_path / 'out' / 'page.txt').read_text() == 'some text'
    assert unfinished(project) == []
    logs = '\n'.join(
        path.read_text() for path in Path(project.homes['XDG_STATE_HOME']).rglob('*.log')
    )
    assert seen.read_text().strip() not in logs


def test_a_killed_upload_leaves_nothing_and_is_made_again_under_another_token(
    project: Project, seen: Path, eventually: Callable[[Callable[[], object]], None]
) -> None:
    seen.with_name('seen.half').touch()
    running = project.start('run')
    eventually(seen.with_name('seen.sent').exists)
    assert len(unfinished(project)) == 1
    running.send_signal(signal.SIGKILL)
    running.communicate()
    ended = project.liftlock('resume')
    assert ended.status == 0, ended.out + ended.err
    assert unfinished(project) == []
    first, second = seen.read_text().split()
    assert first != second
    (kept,) = json.loads(project.liftlock('artifacts', '--json').out)
    assert kept['name'] == 'page.txt'


def test_an_artifact_of_a_lost_job_is_forgotten_and_made_again(
    project: Project, seen: Path, eventually: Callable[[Callable[[], object]], None]
) -> None:
    """It was kept before the engine died, and its name must be free for the next attempt."""
    seen.with_name('seen.wait').touch()
    running = project.start('run')
    eventually(seen.exists)
    eventually(lambda: '"page.txt"' in project.liftlock('show', '--json').out)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    seen.with_name('seen.wait').unlink()
    ended = project.liftlock('resume')
    assert ended.status == 0, ended.out + ended.err
    assert len(json.loads(project.liftlock('artifacts', '--json').out)) == 1
