"""Workflows that write to a forge: releases and pull requests, by whole runs.

The forge is a stand-in of these tests (`tests/forge.py`), the repository behind it is real.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from e2e.cli.conftest import Ended, Project
from forge import TOKEN, Forge, open_forge

CONFIG = 'forges: {{{host}: {{kind: {kind}, url: {url}}}}}\n'
STEPS = 'on: push\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n'

Opened = tuple[Project, Forge]


@pytest.fixture
def opened(project: Project, tmp_path: Path) -> Iterator[Callable[[str], Opened]]:
    """A project whose `origin` is at a forge of that kind, which has its first commit."""
    with ExitStack() as stack:

        def open_it(kind: str) -> Opened:
            forge = stack.enter_context(open_forge(kind, tmp_path / 'forge'))
            project.write('a.txt', 'one\n')
            project.commit('First')
            project.git('push', '--quiet', str(forge.bare), 'HEAD:refs/heads/main')
            project.git('remote', 'add', 'origin', f'{forge.url}/acme/shop.git')
            host = forge.url.removeprefix('http://')
            config = Path(project.homes['XDG_CONFIG_HOME'], 'liftlock/config.yml')
            config.parent.mkdir(parents=True)
            config.write_text(CONFIG.format(host=host, kind=kind, url=forge.url))
            return project, forge

        yield open_it


def run(project: Project, *steps: str, token: str = TOKEN, ref: str = '') -> Ended:
    """These steps in one job, with the token that is given, if any."""
    lines = [f'      {line}' for step in steps for line in step.strip('\n').splitlines()]
    project.write('.github/workflows/release.yml', STEPS + '\n'.join(lines) + '\n')
    words = ['run', '-W', 'release', '--verbose']
    if token:
        words += ['-s', f'GITHUB_TOKEN={token}']
    if ref:
        words += ['--ref', ref]
    return project.liftlock(*words)


def outputs(project: Project, name: str = 'outputs') -> dict[str, Any]:
    """What the last step wrote down of the one before."""
    text = project.liftlock('logs', '--raw').out
    found = re.findall(rf'{name}: (\{{.*\}})$', text, re.MULTILINE)
    content = json.loads(found[-1])
    assert isinstance(content, dict)
    return content


TELL = """
- run: |
    echo 'outputs: ${{ toJSON(steps.it.outputs) }}' | tr -d '\\n'; echo
"""
CHECKOUT = '- uses: actions/checkout@v4'

# --- actions/create-release

CREATE = """
- id: it
  uses: actions/create-release@v1
  env: {GITHUB_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}
  with: {tag_name: '${{ github.ref }}', release_name: 'Release ${{ github.ref }}', body_path: NEWS}
"""


@pytest.mark.parametrize('kind', ['github', 'gitea', 'gitlab'])
def test_create_release_makes_a_release(kind: str, opened: Callable[[str], Opened]) -> None:
    project, forge = opened(kind)
    project.write('NEWS', 'What is new\n')
    project.commit('News')
    project.git('push', '--quiet', str(forge.bare), 'HEAD:refs/heads/main')
    ended = run(project, CHECKOUT, CREATE, TELL, ref='refs/tags/v1.0', token=TOKEN)
    assert ended.status == 1  # the workflow itself is not committed, so nobody has this commit
    assert 'the commit of this run, pushed? (`commitish` names another)' in ended.out
    project.commit('Workflow')
    project.git('push', '--quiet', str(forge.bare), 'HEAD:refs/heads/main')
    ended = run(project, CHECKOUT, CREATE, TELL, ref='refs/tags/v1.0')
    assert ended.status == 0, ended.out
    (release,) = forge.releases
    assert (release['tag_name'], release['name']) == ('v1.0', 'Release v1.0')
    assert release.get('body', release.get('description')) == 'What is new\n'
    assert forge.commit('refs/tags/v1.0') == forge.commit('refs/heads/main')
    assert TOKEN not in ended.out


def test_a_release_that_exists_is_refused_in_the_words_of_the_forge(
    opened: Callable[[str], Opened],
) -> None:
    project, _ = opened('github')
    step = CREATE.replace(', body_path: NEWS', ', commitish: main')
    assert run(project, step, ref='refs/tags/v1').status == 0
    ended = run(project, step, ref='refs/tags/v1')
    assert ended.status == 1
    assert 'Validation Failed: {"resource": "Release", "code": "already_exists"' in ended.out
    assert '(422 for POST http://' in ended.out


# --- nobody to write to


def test_without_a_token_it_is_said_how_to_give_one(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('github')
    ended = run(project, CREATE, ref='refs/tags/v1', token='')
    assert ended.status == 1
    assert 'This run has no GITHUB_TOKEN: give one that 127.0.0.1:' in ended.out
    assert not forge.releases


def test_a_wrong_token_is_refused(opened: Callable[[str], Opened]) -> None:
    project, _ = opened('gitea')
    step = CREATE.replace(', body_path: NEWS', '')
    ended = run(project, step, ref='refs/tags/v1', token='a-wrong-token')
    assert ended.status == 1
    assert 'Bad credentials (401 for POST' in ended.out


def test_without_a_remote_there_is_no_forge(project: Project) -> None:
    project.write('a.txt', 'one\n')
    project.commit()
    ended = run(project, CREATE, ref='refs/tags/v1')
    assert ended.status == 1
    assert 'This repository has no remote, so there is no forge to write to' in ended.out


def test_a_host_of_which_nothing_is_known_is_named(project: Project) -> None:
    project.write('a.txt', 'one\n')
    project.commit()
    project.git('remote', 'add', 'origin', 'git@git.example.org:acme/shop.git')
    ended = run(project, CREATE, ref='refs/tags/v1')
    assert ended.status == 1
    assert 'config.yml: forges: {git.example.org: gitea}' in ended.out


def test_actions_are_told_the_api_of_the_forge(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('gitea')
    ended = run(project, '- run: echo "$GITHUB_API_URL ${{ github.api_url }}"')
    assert f'{forge.url}/api/v1 {forge.url}/api/v1' in ended.out


# --- softprops/action-gh-release

FILES = """
- run: mkdir dist && echo wheel > dist/shop.whl && echo notes > 'dist/read me.txt'
"""
RELEASE = """
- id: it
  uses: softprops/action-gh-release@v2
  with:
    token: ${{ secrets.GITHUB_TOKEN }}
    target_commitish: main
    body: New
    append_body: true
    files: |
      dist/*.{whl,tar.gz}
      dist/read*, nothing/*
"""


@pytest.mark.parametrize('kind', ['github', 'gitea'])
def test_a_release_gets_its_files_before_anybody_sees_it(
    kind: str, opened: Callable[[str], Opened]
) -> None:
    project, forge = opened(kind)
    ended = run(project, FILES, RELEASE, TELL, ref='refs/tags/v2')
    assert ended.status == 0, ended.out
    (release,) = forge.releases
    assert (release['name'], release['draft']) == ('v2', False)
    assert forge.files == {'shop.whl': b'wheel\n', 'read me.txt': b'notes\n'}
    posts = [line for line in forge.asked if not line.startswith('GET')]
    assert [line.split('/')[-1] for line in posts] == ['releases', 'assets', 'assets', '1']
    assert "Pattern 'nothing/*' does not match any files." in ended.out
    told = outputs(project)
    assert told['id'] == '1'
    assert told['url'] == release['html_url']


def test_files_that_are_there_are_replaced(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('gitea')
    assert run(project, FILES, RELEASE, ref='refs/tags/v2').status == 0
    again = FILES.replace('echo wheel', 'echo better')
    ended = run(project, again, RELEASE, ref='refs/tags/v2')
    assert ended.status == 0, ended.out
    (release,) = forge.releases
    assert release['body'] == 'New\nNew'
    assert sorted(one['name'] for one in release['assets']) == ['read me.txt', 'shop.whl']
    assert forge.files['shop.whl'] == b'better\n'


def test_a_draft_stays_one_and_a_release_needs_a_tag(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('github')
    ended = run(project, '- uses: softprops/action-gh-release@v1')
    assert 'GitHub Releases requires a tag' in ended.out
    draft = '- {uses: softprops/action-gh-release@v2, with: {tag_name: v3, draft: true}}'
    assert run(project, draft).status == 0
    assert forge.releases[0]['draft'] is True
    assert not forge.git('tag')


def test_a_pattern_without_files_can_fail_before_anything_is_made(
    opened: Callable[[str], Opened],
) -> None:
    project, forge = opened('github')
    strict = RELEASE + '    fail_on_unmatched_files: true\n'
    ended = run(project, FILES, strict, ref='refs/tags/v2')
    assert ended.status == 1
    assert "Pattern 'nothing/*' does not match any files." in ended.out
    assert not forge.releases


# --- peter-evans/create-pull-request

CHANGE = '- run: echo two >> a.txt; echo new > b.txt; echo other > c.log'
PULL = """
- id: it
  uses: peter-evans/create-pull-request@v7
  with:
    token: ${{ secrets.GITHUB_TOKEN }}
    branch: bot/update
    title: Update
    commit-message: |
      Update all

      by a bot
    labels: old, dependencies
    assignees: ada
    reviewers: |
      grace
    milestone: 4
    delete-branch: true
"""


def pushed(forge: Forge, branch: str = 'bot/update') -> Sequence[str]:
    """The commits of the branch that its base has not."""
    return forge.git('log', '--format=%s', f'refs/heads/main..refs/heads/{branch}').splitlines()


@pytest.mark.parametrize('kind', ['github', 'gitea'])
def test_changes_of_the_workspace_become_a_pull_request(
    kind: str, opened: Callable[[str], Opened]
) -> None:
    project, forge = opened(kind)
    state = '- run: git status --short; git branch --show-current; ls'
    ended = run(project, CHECKOUT, CHANGE, PULL, TELL, state)
    assert ended.status == 0, ended.out
    assert pushed(forge) == ['Update all']
    assert forge.git('show', 'refs/heads/bot/update:a.txt') == 'one\ntwo'
    author = forge.git('log', '-1', '--format=%an <%ae> %cn', 'refs/heads/bot/update')
    assert re.fullmatch(r'\S+ <\S+@users.noreply.github.com> github-actions\[bot\]', author)
    (pull,) = forge.pulls
    assert (pull['title'], pull['head']['ref'], pull['base']['ref']) == (
        'Update',
        'bot/update',
        'main',
    )
    assert sorted(pull['labels']) == ['dependencies', 'old']
    assert pull['milestone'] == 4
    assert pull['assignees'] == ['ada']
    assert pull['asked'] == {'reviewers': ['grace']}
    told = outputs(project)
    assert told == {
        'pull-request-number': '7',
        'pull-request-url': pull['html_url'],
        'pull-request-operation': 'created',
        'pull-request-head-sha': forge.commit('refs/heads/bot/update'),
        'pull-request-branch': 'bot/update',
        'pull-request-commits-verified': 'false',
    }
    assert TOKEN not in ended.out


def test_what_the_forge_has_never_seen_is_not_in_the_pull_request(
    opened: Callable[[str], Opened],
) -> None:
    """The workflow file of these tests is not committed, and here a commit is not pushed."""
    project, forge = opened('github')
    project.write('mine.txt', 'not pushed\n')
    project.commit('Mine')
    project.write('secret.txt', 'not committed\n')
    ended = run(project, CHECKOUT, CHANGE, PULL)
    assert ended.status == 0, ended.out
    assert pushed(forge) == ['Update all']
    changed = forge.git('diff', '--name-only', 'refs/heads/main', 'refs/heads/bot/update')
    assert changed.splitlines() == ['a.txt', 'b.txt', 'c.log']
    assert forge.git('for-each-ref', '--format=%(refname)').splitlines() == [
        'refs/heads/bot/update',
        'refs/heads/main',
    ]


def test_nothing_is_written_into_the_users_own_repository(
    opened: Callable[[str], Opened],
) -> None:
    project, forge = opened('github')
    project.git('remote', 'set-url', '--push', 'origin', str(project.directory))
    before = {
        file: file.read_bytes()
        for file in (project.directory / '.git').rglob('*')
        if file.is_file() and 'index' not in file.name
    }
    assert run(project, CHECKOUT, CHANGE, PULL).status == 0
    after = {
        file: file.read_bytes()
        for file in (project.directory / '.git').rglob('*')
        if file.is_file() and 'index' not in file.name
    }
    assert before == after
    assert pushed(forge)


def test_an_open_pull_request_is_brought_up_to_date(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('gitea')
    assert run(project, CHECKOUT, CHANGE, PULL).status == 0
    first = forge.commit('refs/heads/bot/update')
    ended = run(project, CHECKOUT, CHANGE, PULL.replace('title: Update', 'title: Renamed'), TELL)
    assert ended.status == 0, ended.out
    assert forge.commit('refs/heads/bot/update') == first, 'the same changes are no news'
    assert [pull['title'] for pull in forge.pulls] == ['Renamed']
    assert outputs(project)['pull-request-operation'] == 'none'
    other = CHANGE.replace('echo two', 'echo three')
    assert run(project, CHECKOUT, other, PULL, TELL).status == 0
    assert outputs(project)['pull-request-operation'] == 'updated'
    assert forge.git('show', 'refs/heads/bot/update:a.txt') == 'one\nthree'
    assert pushed(forge) == ['Update all']


def test_without_changes_nothing_is_opened_and_an_old_branch_goes(
    opened: Callable[[str], Opened],
) -> None:
    project, forge = opened('github')
    ended = run(project, CHECKOUT, PULL, TELL)
    assert ended.status == 0, ended.out
    assert outputs(project)['pull-request-operation'] == 'none'
    assert not forge.pulls
    assert run(project, CHECKOUT, CHANGE, PULL).status == 0
    assert forge.pulls
    assert run(project, CHECKOUT, PULL, TELL).status == 0
    assert outputs(project)['pull-request-operation'] == 'closed'
    assert forge.git('for-each-ref', 'refs/heads/bot') == ''


def test_chosen_paths_go_and_the_rest_stays(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('github')
    chosen = PULL + '    add-paths: |\n      a.txt\n      b.*\n'
    ended = run(project, CHECKOUT, CHANGE, chosen, '- run: cat c.log; test ! -e b.txt; cat a.txt')
    assert ended.status == 0, ended.out
    changed = forge.git('diff', '--name-only', 'refs/heads/main', 'refs/heads/bot/update')
    assert changed.splitlines() == ['a.txt', 'b.txt']
    assert 'other\n' in ended.out


def test_paths_that_match_nothing_are_no_change(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('github')
    assert run(project, CHECKOUT, CHANGE, PULL + '    add-paths: nowhere/*\n').status == 0
    assert not forge.pulls
    ended = run(project, CHECKOUT, CHANGE, PULL + '    add-paths: a.txt, gone.txt\n')
    assert ended.status == 1
    assert 'git add -- a.txt gone.txt finds no such files' in ended.out


def test_commits_of_the_job_are_taken_too(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('github')
    own = """
- run: |
    git config user.name me; git config user.email me@localhost
    echo x > x; git add x; git commit -qm 'By hand'
"""
    assert run(project, CHECKOUT, own, CHANGE, PULL).status == 0
    assert pushed(forge) == ['Update all', 'By hand']


def test_another_base_gets_the_changes_laid_on_it(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('github')
    project.git('checkout', '--quiet', '-b', 'next')
    project.write('next.txt', 'next\n')
    project.commit('Next')
    project.git('push', '--quiet', str(forge.bare), 'HEAD:refs/heads/next')
    project.git('checkout', '--quiet', 'main')
    ended = run(project, CHECKOUT, CHANGE, PULL + '    base: next\n')
    assert ended.status == 0, ended.out
    assert forge.pulls[0]['base']['ref'] == 'next'
    tree = forge.git('ls-tree', '--name-only', 'refs/heads/bot/update').splitlines()
    assert tree == ['a.txt', 'b.txt', 'c.log', 'next.txt']


@pytest.mark.parametrize(
    ('more', 'message'),
    [
        ('base: bot/update', "The 'base' and 'branch' for a pull request must be different"),
        ('base: gone', "The base branch 'gone' does not exist at http://"),
        ('branch-suffix: moon', "Branch suffix 'moon' is not a valid value"),
        ('committer: nobody', "The format of 'nobody' is not a valid email address"),
        ('base: --upload-pack=x', "'--upload-pack=x' is no name of a branch"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_pushed(
    more: str, message: str, opened: Callable[[str], Opened]
) -> None:
    project, forge = opened('github')
    ended = run(project, CHECKOUT, CHANGE, PULL + f'    {more}\n')
    assert ended.status == 1
    assert message in ended.out
    assert forge.git('for-each-ref', 'refs/heads/bot') == ''


def test_a_merge_request_on_gitlab(opened: Callable[[str], Opened]) -> None:
    project, forge = opened('gitlab')
    plain = re.sub(r'    (assignees|reviewers|milestone)(.*\n)(      .*\n)?', '', PULL)
    ended = run(project, CHECKOUT, CHANGE, plain + '    draft: true\n', TELL)
    assert ended.status == 0, ended.out
    (request,) = forge.pulls
    assert (request['title'], request['source_branch']) == ('Draft: Update', 'bot/update')
    assert request['labels'] == ['old', 'dependencies']
    assert outputs(project)['pull-request-url'] == request['web_url']
    ended = run(project, CHECKOUT, CHANGE, PULL)
    assert 'assignees, reviewers, milestone: not supported on GitLab' in ended.out
