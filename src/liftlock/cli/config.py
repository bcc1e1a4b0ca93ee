"""The user's own settings for this machine: `$XDG_CONFIG_HOME/liftlock/config.yml`.

    labels:                       # runs-on label -> where such jobs run on this machine
      big-machine: host
      ubuntu-22.04: docker:registry.example.org/runner:22.04
      untrusted: sandbox
      untrusted-online: sandbox:network
      big: kubernetes:big         # a pod, by the template of that name
    container-engine: podman      # or docker, or a path; the default is what is there
    actions:                      # where actions are fetched from, instead of github.com
      actions/*: ~/mirrors/{name}
      '*': https://git.example.org/mirrors/{owner}-{name}.git
    tool-cache: ~/.cache/toolcache
    oidc-issuer: https://ci.example.org   # as what ID tokens name their issuer
    forges:                       # what runs at the host of a remote; github.com is known
      git.example.org: gitea      # or github, forgejo, gitlab
      code.example.org: {kind: gitlab, url: https://code.example.org/git, api: …}
    key-file: /run/keys/liftlock  # of the stored secrets; LIFTLOCK_KEY_FILE goes before
    kubernetes:                   # see docs/kubernetes.md
      namespace: builds
      pods: {big: {image: debian:12, container: {resources: {limits: {memory: 8Gi}}}}}
    teams:                        # whom a name under `reviewers:` in liftlock.yml stands for
      ops: [alice, bob]
    log-in:                       # to the server; see docs/server.md
      oidc: {issuer: https://id.example.org, client-id: liftlock}

The file is optional, and so is every key in it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.runner import forge
from liftlock.runner.executors import EXECUTORS
from liftlock.runner.forge import Forge
from liftlock.runner.kubernetes.settings import Pods

KEYS: Final = (
    'labels', 'container-engine', 'actions', 'tool-cache', 'forges', 'oidc-issuer', 'key-file',
    'teams', 'kubernetes', 'log-in',
)  # fmt: skip


class Config(NamedTuple):
    labels: Mapping[str, str] = {}  # lower-case label -> place; beside those of GitHub's Linux
    actions: tuple[tuple[str, str], ...] = ()  # (pattern of owner/name, where instead)
    tool_cache: str = ''  # '' = in the cache directory
    container_engine: str = ''  # '' = docker or podman, whichever answers
    forges: Mapping[str, Forge] = {}  # by host, in lower case
    oidc_issuer: str = ''  # '' = where the job reaches us
    key_file: str = ''  # '' = beside the database
    teams: Mapping[str, tuple[str, ...]] = {}
    pods: Pods | None = None  # None = no cluster is named
    log_in: object = None  # as it stands there: only a server reads it


def read(path: Path) -> Config:
    """The settings in this file; the defaults if there is none. Raises UserError."""
    try:
        text = path.read_text(encoding='utf-8')
    except (FileNotFoundError, NotADirectoryError):  # HOME of services is /dev/null, say
        return Config()
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise UserError(f'{path} cannot be read: {error}') from error
    return parse(text, str(path))


def parse(text: str, path: str) -> Config:
    import yaml

    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f'{path} is no YAML: {" ".join(str(error).split())}') from error
    if content is None:
        return Config()
    if not isinstance(content, dict):
        raise UserError(f'{path} must hold a mapping', f'keys: {", ".join(KEYS)}')
    for key in content:
        if key not in KEYS:
            raise UserError(f'{path}: unknown key "{key}"', f'known keys: {", ".join(KEYS)}')
    labels = dict(_pairs(content.get('labels'), f'{path}: labels'))
    for label, place in labels.items():
        if not _is_place(place):
            raise UserError(
                f'{path}: label "{label}" asks for the place "{place}"',
                'there are: host, sandbox, sandbox:network, docker:IMAGE, kubernetes, '
                'kubernetes:TEMPLATE',
            )
    pods = _pods(content.get('kubernetes'), labels, f'{path}: kubernetes')
    return Config(
        {label.lower(): place for label, place in labels.items()},
        tuple(_pairs(content.get('actions'), f'{path}: actions')),
        str(content.get('tool-cache') or ''),
        str(content.get('container-engine') or ''),
        dict(_forges(content.get('forges'), f'{path}: forges')),
        _address(content.get('oidc-issuer'), f'{path}: oidc-issuer'),
        str(content.get('key-file') or ''),
        dict(_teams(content.get('teams'), f'{path}: teams')),
        pods,
        content.get('log-in'),
    )


def _is_place(text: str) -> bool:
    """Only containers are made from an image, and they need one."""
    executor, _, image = text.partition(':')
    if text == 'sandbox:network' or executor == 'kubernetes':
        return True
    return executor in EXECUTORS and (executor == 'docker') == bool(image)


def _pods(content: object, labels: Mapping[str, str], where: str) -> Pods | None:
    """None where nothing is said of a cluster, and no label asks for one."""
    names = [place.partition(':') for place in labels.values()]
    wanted = {name for executor, _, name in names if executor == 'kubernetes'}
    if content is None and not wanted:
        return None
    from liftlock.cli import pods

    found = pods.read(content, where)
    for name in sorted(wanted):
        if found.template(name) is None:
            raise UserError(f'{where}: a label asks for the pod template "{name}"', 'add it: pods:')
    return found


def _forges(content: object, where: str) -> Iterator[tuple[str, Forge]]:
    """By host. `kind` alone may stand for the mapping."""
    if content is not None and not isinstance(content, dict):
        raise UserError(f'{where} must be a mapping of hosts')
    for host, value in (content or {}).items():
        given = {'kind': value} if isinstance(value, str) else value
        if not isinstance(given, dict) or not set(given) <= {'kind', 'url', 'api'}:
            raise UserError(f'{where}: {host} must be a kind, or have the keys kind, url and api')
        texts = {key: str(text) for key, text in given.items()}
        kind = texts.pop('kind', '')
        if kind not in forge.APIS:
            known = ', '.join(forge.APIS)
            raise UserError(f'{where}: {host} is of the unknown kind "{kind}"', f'kinds: {known}')
        for key, text in texts.items():
            if not text.startswith(('https://', 'http://')):
                raise UserError(f'{where}: {key} of {host} must begin with https://')
        yield str(host).lower(), forge.make(str(host).lower(), kind, **texts)


def _teams(content: object, where: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """One person may stand without a list."""
    if content is not None and not isinstance(content, dict):
        raise UserError(f'{where} must be a mapping of teams to people')
    for team, members in (content or {}).items():
        people = [members] if isinstance(members, str) else members
        if not isinstance(people, list) or not all(isinstance(one, str) for one in people):
            raise UserError(f'{where}: {team} must be a list of people')
        yield str(team), tuple(people)


def _address(content: object, where: str) -> str:
    """OpenID Connect wants an https URL without query and fragment."""
    if not content:
        return ''
    address = str(content)
    if not address.startswith('https://') or '?' in address or '#' in address:
        raise UserError(f'{where} must be an https address, not "{address}"')
    return address


def _pairs(content: object, where: str) -> Iterator[tuple[str, str]]:
    if content is None:
        return
    if not isinstance(content, dict):
        raise UserError(f'{where} must be a mapping')
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise UserError(f'{where}: "{key}: {value}" must be two texts')
        yield key, value
