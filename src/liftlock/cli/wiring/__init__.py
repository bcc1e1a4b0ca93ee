"""Introduces the rooms to one another: only here is every concrete class named. What delivers
stands in `delivery.py`: it is much, and runs need none of it.

Nothing of the user's environment reaches a step but what `host_env` lets through, so that a
workflow finds here what it would find on GitHub, and no credential by accident.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liftlock import VERSION
from liftlock.cli import config, databases
from liftlock.cli.config import Config
from liftlock.engine import confinement
from liftlock.engine.inline import Inline
from liftlock.engine.submission import Hands, Submission
from liftlock.errors import UserError
from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.language.settings.sandbox import Sandbox
from liftlock.plan import trust
from liftlock.plan.event import Event
from liftlock.runner import forge, job, pruning
from liftlock.runner.actions.builtin import BUILTINS
from liftlock.runner.actions.resolve import GitActions
from liftlock.runner.executors import EXECUTORS, files, find
from liftlock.runner.kubernetes.settings import Pods
from liftlock.runner.ports import World
from liftlock.runner.snapshot import SOURCES, object_places, open_snapshot
from liftlock.runner.sources import SnapshotSources
from liftlock.store.artifacts import RunArtifacts
from liftlock.store.caches import RunCaches
from liftlock.store.database import Store, open_store
from liftlock.store.paths import KEY
from liftlock.store.reports import RunReports

if TYPE_CHECKING:
    from liftlock.engine.delivery.proof import Eyes
    from liftlock.engine.intake.bench import Bench
    from liftlock.store.attestations import RunAttestations
    from liftlock.toolkit.services import RunServices, Services

# How to reach the network, and whom to trust there. Both spellings of a proxy are in use.
PASSED: Final = (
    'PATH',
    'LANG',
    'LC_ALL',
    'LC_CTYPE',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'all_proxy',
    'no_proxy',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'REQUESTS_CA_BUNDLE',
    'CURL_CA_BUNDLE',
    'NODE_EXTRA_CA_CERTS',
    'GIT_SSL_CAINFO',
    'PIP_CERT',
    'PYENV_ROOT',
)
# Where packages come from. Passed unless somebody's name and password stand inside.
INDEXES: Final = (
    'PIP_INDEX_URL',
    'PIP_EXTRA_INDEX_URL',
    'PIP_FIND_LINKS',
    'UV_DEFAULT_INDEX',
    'UV_INDEX_URL',
    'NPM_CONFIG_REGISTRY',
    'npm_config_registry',
)
ROOT: Final = Path(__file__).parents[2] / 'runner' / 'root'  # holds a sudo
PATH: Final = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'


class Place(NamedTuple):
    """Where things are on this machine, and the user's settings for it."""

    state: Path
    cache: Path
    config: Config
    database: str = ''  # its URL; '' is SQLite in `state`
    bucket: str = ''  # the URL of where blobs are; '' is in `state`


class Beside:
    """The services of this process: neither made nor imported before a job needs them."""

    def __init__(self, where: Place) -> None:
        self._where = where
        self._services: Services | None = None

    def of(self, run: int, event: Event) -> 'RunServices':
        from liftlock.store.shelves import StoreShelves
        from liftlock.toolkit.services import RunServices, Services

        if self._services is None:
            where = self._where
            shelves = partial(StoreShelves, where.state, where.database, where.bucket)
            self._services = Services(shelves, where.state / 'oidc', where.config.oidc_issuer)
        return RunServices(self._services, run, event)

    def close(self) -> None:
        if self._services is not None:
            self._services.close()


class Works(NamedTuple):
    """An open store, the engine on it, and the services beside it."""

    place: Place
    store: Store
    engine: Inline
    beside: Beside

    def close(self) -> None:
        self.beside.close()
        self.store.close()


def place(state: str | None, env: Mapping[str, str] = os.environ) -> Place:
    """`state` is what `--state` said; the rest is where the XDG base directories are."""
    settings = config.read(_base(env, 'XDG_CONFIG_HOME', '.config') / 'liftlock/config.yml')
    kept = Path(state) if state else _base(env, 'XDG_STATE_HOME', '.local/state') / 'liftlock'
    cache = _base(env, 'XDG_CACHE_HOME', '.cache') / 'liftlock'
    bucket = env.get('LIFTLOCK_BLOBS', '')
    return Place(kept.expanduser().absolute(), cache, settings, databases.named(env), bucket)


def opened(where: Place) -> Store:
    """Its store. UserError."""
    return open_store(where.state, where.database, where.bucket)


def has_store(where: Place) -> bool:
    """Whether there is something to ask: opening would make it."""
    return bool(where.database) or (where.state / 'liftlock.db').exists()


def _base(env: Mapping[str, str], name: str, default: str) -> Path:
    given = env.get(name, '')
    if given.startswith('/'):  # the specification says to ignore relative ones
        return Path(given)
    home = env.get('HOME') or str(Path.home())
    return Path(home, default)


def host_env(env: Mapping[str, str] = os.environ, user: int = os.geteuid()) -> dict[str, str]:
    """What the environment of a step on this host begins with."""
    found = {name: env[name] for name in PASSED if env.get(name)}
    found |= {name: env[name] for name in INDEXES if env.get(name) and '@' not in env[name]}
    found['PATH'] = _with_sudo(found.get('PATH', PATH), user)
    if 'LANG' not in found and 'LC_ALL' not in found:
        found['LANG'] = 'C.UTF-8'
    return found


def _with_sudo(path: str, user: int) -> str:
    """Containers run as root and have no sudo; workflows written for GitHub's machines use it."""
    if user or any(os.access(f'{folder}/sudo', os.X_OK) for folder in path.split(':')):
        return path
    return f'{path}:{ROOT}'


def key_file(where: Place, env: Mapping[str, str] = os.environ) -> Path:
    """Where the key of the stored secrets is, or would be."""
    named = env.get('LIFTLOCK_KEY_FILE') or where.config.key_file
    if not named:
        return where.state / KEY
    path = Path(named).expanduser()
    if not path.is_absolute():
        raise UserError(f'the file of a key must be an absolute path, not "{named}"')
    return path


def open_works(where: Place, *, slots: int = 0) -> Works:
    """Open the store and stand the engine on it. UserError when the store can't be opened."""
    store = opened(where)
    beside = Beside(where)

    def world(run: int, submission: Submission) -> World:
        services = partial(beside.of, run, submission.request.event)
        return _world(where, store, run, submission)._replace(services=services)

    def prune(before: float, kept: Callable[[], Iterable[Mapping[str, Value]]]) -> None:
        def needed() -> set[tuple[str, str]]:
            return {(str(keep.get('sources')), str(keep.get('commit'))) for keep in kept()}

        pruning.prune(where.state / SOURCES, needed, before)

    def eyes() -> 'Eyes':
        from liftlock.cli.wiring import delivery

        return delivery.eyes(where, store)

    hands = Hands(
        world=world,
        run_job=job.run,
        end_leftovers=partial(end_leftovers, where),
        prune=prune,
        eyes=eyes,
    )
    given = where.config
    engine = Inline(store, hands, slots=slots, labels=given.labels, teams=given.teams)
    return Works(where, store, engine, beside)


def end_leftovers(where: Place, tracking_id: str) -> None:
    """End what an attempt at a job left running, wherever it was."""
    from liftlock.runner import services
    from liftlock.runner.kubernetes import leftovers

    for name in EXECUTORS:
        find(name).end_leftovers(tracking_id)
    services.end_leftovers(tracking_id)
    if where.config.pods is not None:
        leftovers.end(where.config.pods, tracking_id)


def bench(works: Works) -> 'Bench':
    """What events of registered repositories are taken in with."""
    from liftlock.engine.intake.bench import Bench

    where = works.place
    return Bench(
        store=works.store,
        engine=works.engine,
        state=where.state,
        key_file=key_file(where),
        remote=partial(read_remote, where),
    )


def read_remote(where: Place, reference: str, pins: Mapping[str, str] | None) -> str:
    """The text of a workflow in another repository, `owner/repo/path@ref`."""
    import asyncio

    from liftlock.language.reference import parse

    found = parse(reference)
    if found is None or not found.is_workflow:
        raise UserError(f'{reference} names no workflow file')
    actions = GitActions(where.cache, where.config.actions, pins=pins)
    placed = asyncio.run(actions.find(f'{found.owner}/{found.repo}', found.ref, lambda _: None))
    try:
        there = files.Within(str(placed.directory))  # a link in it may lead to anything of ours
        return files.read(there, str(placed.directory / found.path)).decode()
    except OSError as error:
        raise UserError(f'{reference}: there is no such file ({placed.source})') from error


def _world(where: Place, store: Store, run: int, submission: Submission) -> World:
    event, keep = submission.request.event, submission.keep
    snapshot = open_snapshot(Path(str(keep['sources'])), str(keep['commit']))
    pins = _texts(keep.get('pins'))
    sandbox = confinement.load(keep.get('sandbox'))
    return World(
        sources=SnapshotSources(snapshot, event.ref, event.head_ref, event.default_branch),
        artifacts=RunArtifacts(store, run),
        reports=RunReports(store, run),
        attestations=partial(attestations, store, run, submission),
        caches=RunCaches(store, event.repository, trust.scopes(event)),
        actions=GitActions(where.cache, where.config.actions, pins=pins, stand_ins=(*BUILTINS,)),
        tool_cache=tool_cache(where),
        cache_home=where.cache / 'tools',
        container_engine=where.config.container_engine,
        pods=where.config.pods or Pods(),
        externals=where.cache / 'externals',
        shared=(*object_places(snapshot), str(where.cache / 'actions')),
        repositories=(str(snapshot.store), str(snapshot.source)),
        closed=(
            str(where.state),
            str(_base(os.environ, 'XDG_CONFIG_HOME', '.config') / 'liftlock'),
            str(key_file(where)),
        ),
        sandbox=sandbox,
        named_env=_named(sandbox),
        home=forge.locate(snapshot.url, where.config.forges),
        real_actions=bool(keep.get('real_actions')),
        pins=pins,
        images=_texts(keep.get('images')),
        host_env=host_env(),
    )


def _named(sandbox: Sandbox, env: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """The variables of the user's environment that some job in the sandbox may have."""
    names = {name for one in (sandbox, *sandbox.jobs.values()) for name in one.env or ()}
    return {name: env[name] for name in names if name in env}


def attestations(store: Store, run: int, submission: Submission) -> 'RunAttestations':
    """What signs statements about what the run has made."""
    from liftlock.store.attestations import RunAttestations, Source

    keep = submission.keep
    source = Source(
        submission.request,
        str(keep.get('repository', '')),
        bool(keep.get('uncommitted')),
        _texts(keep.get('pins')),
        VERSION,
    )
    return RunAttestations(store, run, source)


def _texts(locked: Value) -> Mapping[str, str] | None:
    if not isinstance(locked, dict):
        return None
    return {name: str(recorded) for name, recorded in locked.items()}


def tool_cache(where: Place, env: Mapping[str, str] = os.environ) -> Path:
    """RUNNER_TOOL_CACHE: the user's setting, a runner image's own, or ours."""
    named = (
        where.config.tool_cache or env.get('RUNNER_TOOL_CACHE') or env.get('AGENT_TOOLSDIRECTORY')
    )
    if not named:
        return where.cache / 'toolcache'
    path = Path(named).expanduser()
    if not path.is_absolute():
        raise UserError(f'tool-cache must be an absolute path, not "{named}"')
    return path
