"""What the user's repository is and holds. Everything here only reads.

A spawn of git costs about three milliseconds, so the questions that every command asks are
asked side by side, and what only some need is asked when it is needed.
"""

import re
from pathlib import Path
from subprocess import Popen

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan.event import NO_COMMIT, Commit, RepositoryFacts
from liftlock.runner import git

_REMEMBERED = 50  # commits told in a push; GitHub tells up to 2,048, hardly anybody reads them
_FORMAT = '%H%x00%P%x00%T%x00%an%x00%ae%x00%aI%x00%cI%x00%D%x00%B%x1e'
_WANTED = r'^(remote\..*\.url|user\.(name|email)|github\.user|init\.defaultbranch)$'


class Entry(NamedTuple):
    """One commit of the history, newest first."""

    commit: Commit
    parents: tuple[str, ...]
    committed: str  # ISO 8601
    decoration: tuple[str, ...]  # refs/heads/main, tag: refs/tags/v1


class Repository(NamedTuple):
    """The user's repository as it stands. Paths are absolute."""

    top: Path  # of the work tree
    private: Path  # the git directory of this work tree
    common: Path  # the git directory that all its work trees share
    objects: Path
    hash: str  # sha1 or sha256
    shallow: bool
    branch: str  # '' on a detached HEAD
    unborn: bool
    log: tuple[Entry, ...]
    upstream: str  # refs/remotes/origin/main, or ''
    ahead: int
    settings: dict[str, str]
    default_branch: str
    touched: tuple[str, ...]  # paths that differ from HEAD, untracked ones included

    @property
    def head(self) -> str:
        return '' if self.unborn else self.log[0].commit.sha

    @property
    def url(self) -> str:
        return self.settings.get('remote.origin.url') or _only_remote(self.settings)


def begin(directory: Path) -> 'list[Popen[bytes]]':
    """Ask git what `look` wants to know, and don't wait: a command has modules to import."""
    return [
        git.start(*question, cwd=directory)
        for question in (
            ('rev-parse', '--path-format=absolute', '--show-toplevel', '--git-dir',
             '--git-common-dir', '--git-path', 'objects', '--show-object-format',
             '--is-shallow-repository'),
            ('status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all',
             '--no-renames'),
            ('log', '-z', f'-{_REMEMBERED}', '--decorate=full', '--no-show-signature',
             f'--format={_FORMAT}'),
            ('config', '-z', '--get-regexp', _WANTED),
            ('for-each-ref', '--format=%(refname) %(symref)', 'refs/heads/main',
             'refs/heads/master', 'refs/remotes/origin/HEAD'),
        )
    ]  # fmt: skip


def look(directory: Path, begun: 'list[Popen[bytes]] | None' = None) -> Repository:
    """Read what every run needs. UserError where there is no repository.

    `begun` is what `begin` gave for the same directory.
    """
    place, status, log, settings, defaults = map(git.finish, begun or begin(directory))
    if place.code:
        raise _no_repository(directory, place)
    if status.code:
        raise UserError(f'git cannot read the work tree: {status.last}')
    head, touched = _parse_status(status.text)
    branch = '' if head.get('head') == '(detached)' else head.get('head', '')
    configured = _parse_settings(settings.text)
    top, private, common, objects, algorithm, shallow = place.text.splitlines()
    return Repository(
        Path(top),
        Path(private),
        Path(common),
        Path(objects),
        algorithm,
        shallow == 'true',
        branch,
        head.get('oid') == '(initial)',
        _parse_log(log.text),
        f'refs/remotes/{head["upstream"]}' if head.get('upstream') else '',
        int(head.get('ab', '+0 -0').split()[0]),
        configured,
        _default_branch(defaults.text, branch, configured),
        touched,
    )


def describe(repository: Repository, sha: str = '', *, changed: bool = True) -> RepositoryFacts:
    """Facts for the event, as if everything that is here were pushed now.

    `sha` is the snapshot's commit, if it isn't HEAD. `changed` costs a spawn of git or two: ask
    for it only where a workflow filters by paths.
    """
    before = read_before(repository)
    owner, name = identity(repository)
    return RepositoryFacts(
        owner=owner,
        name=name,
        branch=repository.branch,
        sha=sha or repository.head or NO_COMMIT,
        before=before or NO_COMMIT,
        commits=(*_since(repository, before), *_uncommitted(repository, sha)),
        remote_url=repository.url,
        default_branch=repository.default_branch,
        user_name=repository.settings.get('user.name', ''),
        user_email=repository.settings.get('user.email', ''),
        actor=repository.settings.get('github.user', ''),
        changed=read_changed(repository, before) if changed else None,
        tags=_tags(repository),
    )


def identity(repository: Repository) -> tuple[str, str]:
    """Owner and name, by which the store knows it."""
    return _parse_url(repository.url) or ('local', repository.top.name)


def _uncommitted(repository: Repository, sha: str) -> tuple[Commit, ...]:
    """The snapshot's commit, where it isn't HEAD: what a push of it would end with."""
    if not sha or sha == repository.head:
        return ()
    name = repository.settings.get('user.name', '')
    return (
        Commit(sha, told_uncommitted(repository), name, repository.settings.get('user.email', '')),
    )


def told_uncommitted(repository: Repository) -> str:
    """The message of the commit that holds what isn't committed."""
    if repository.unborn:
        return 'Uncommitted changes'
    subject = repository.log[0].commit.message.partition('\n')[0]
    return f'Uncommitted changes on top of: {subject}'


def read_before(repository: Repository) -> str:
    """The commit that a push would start from: the remote's, where this branch left the default
    branch, HEAD itself for uncommitted changes, or the commit before HEAD. '' if there is none.
    """
    if repository.unborn:
        return ''
    base = ''
    if repository.ahead and repository.upstream:
        base = _merge_base(repository, repository.upstream)
    elif not repository.upstream and repository.branch != repository.default_branch:
        base = _merge_base(
            repository,
            f'refs/remotes/origin/{repository.default_branch}',
        ) or _merge_base(repository, f'refs/heads/{repository.default_branch}')
    if base and base != repository.head:
        return base
    if repository.touched:
        return repository.head
    parents = repository.log[0].parents
    return parents[0] if parents else ''


def read_changed(repository: Repository, before: str) -> tuple[str, ...] | None:
    """Paths that differ between that commit and the work tree; None when git cannot tell."""
    if not before:
        return None
    if before == repository.head:
        return repository.touched
    answer = git.ask(
        'diff', '--name-only', '--no-renames', '-z', before, repository.head, cwd=repository.top
    )
    if answer.code:
        return None  # the parent of a shallow clone's last commit isn't here
    return tuple(dict.fromkeys((*answer.text.split('\0')[:-1], *repository.touched)))


def _tags(repository: Repository) -> tuple[str, ...]:
    if repository.unborn:
        return ()
    return tuple(
        word.removeprefix('tag: refs/tags/')
        for word in repository.log[0].decoration
        if word.startswith('tag: refs/tags/')
    )


def _merge_base(repository: Repository, other: str) -> str:
    answer = git.ask('merge-base', repository.head, other, cwd=repository.top)
    return '' if answer.code else answer.text.strip()


def _since(repository: Repository, before: str) -> tuple[Commit, ...]:
    newest_first = []
    for entry in repository.log:
        if entry.commit.sha == before:
            break
        newest_first.append(entry.commit)
    return tuple(reversed(newest_first))


def _parse_status(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The headers without `# branch.`, and the paths. Fields before the path are fixed in number:
    8 for an ordinary change, 10 for an unmerged one."""
    head: dict[str, str] = {}
    paths = []
    for line in text.split('\0'):
        match line[:2]:
            case '# ':
                key, _, value = line[2:].partition(' ')
                head[key.removeprefix('branch.')] = value
            case '1 ':
                paths.append(line.split(' ', 8)[8])
            case 'u ':
                paths.append(line.split(' ', 10)[10])
            case '? ':
                paths.append(line[2:])
    return head, tuple(paths)


def _parse_log(text: str) -> tuple[Entry, ...]:
    return tuple(_entry(item.lstrip('\0')) for item in text.split('\x1e') if item.strip('\0\n'))


def _entry(item: str) -> Entry:
    sha, parents, tree, name, email, authored, committed, refs, message = item.split('\0', 8)
    commit = Commit(sha, message.rstrip('\n'), name, email, authored, tree)
    return Entry(commit, tuple(parents.split()), committed, tuple(refs.split(', ')))


def _parse_settings(text: str) -> dict[str, str]:
    """Later settings win, as git has it: the repository's own come last."""
    pairs = (item.partition('\n') for item in text.split('\0') if item)
    return {key: value for key, _, value in pairs}


def _default_branch(text: str, branch: str, settings: dict[str, str]) -> str:
    found = dict(line.partition(' ')[::2] for line in text.splitlines())
    pointed = found.get('refs/remotes/origin/HEAD', '')
    if pointed:
        return pointed.removeprefix('refs/remotes/origin/')
    for name in ('main', 'master'):
        if f'refs/heads/{name}' in found:
            return name
    return branch or settings.get('init.defaultbranch', 'main')


def _only_remote(settings: dict[str, str]) -> str:
    urls = [value for key, value in settings.items() if key.startswith('remote.')]
    return urls[0] if len(urls) == 1 else ''


def _parse_url(url: str) -> tuple[str, str] | None:
    """Owner and name of a remote on whatever host; None for a bare path."""
    found = re.match(r'(?:\w[\w+.-]*://[^/]*/|[^/:]+:)(.+?)(?:\.git)?/*$', url)
    parts = [part for part in found[1].split('/') if part not in ('', '.', '~')] if found else []
    return (parts[-2], parts[-1]) if len(parts) > 1 else None


def _no_repository(directory: Path, answer: git.Answer) -> UserError:
    if 'dubious ownership' in answer.error:
        return UserError(
            f'git does not trust {directory}: it belongs to another user',
            f'git config --global --add safe.directory {directory}',
        )
    if 'must be run in a work tree' in answer.error:
        return UserError(
            f'{directory} is a repository without a work tree', 'clone it and run there'
        )
    return UserError(
        f'{directory} is not in a git repository',
        'change to a project, or make it one: git init && git add -A && git commit',
    )
