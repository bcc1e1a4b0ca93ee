"""Argo CD's Application as an environment: which revision, what is applied, where, and how it is
kept in line."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from yaml.nodes import MappingNode, Node, ScalarNode

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.manifests import words
from liftlock.language.manifests.draft import Tree, without_nothing
from liftlock.language.manifests.objects import Object
from liftlock.language.manifests.part import ASSUMED, MISTAKE, UNSUPPORTED, Part

Exists: TypeAlias = Callable[[str], bool]  # whether the repository has a file of that path

HERE: Final = ('https://kubernetes.default.svc', '')
OPTIONS: Final = ('CreateNamespace', 'PruneLast', 'PrunePropagationPolicy', 'ServerSideApply',
                  'Validate', 'ApplyOutOfSyncOnly', 'RespectIgnoreDifferences')  # fmt: skip
VERSION: Final = re.compile(r'v?\d+(\.\d+){1,2}([-+].*)?')
PATTERN: Final = re.compile(r'v?\d+(\.\d+)?\.\*')
CONSTRAINT: Final = re.compile(r'.*[<>=^~|, ].*|\d+\.x|v?\d+')


def read(one: Object, exists: Exists) -> Tree:
    spec = one.spec()
    source = spec.part('source')
    if 'sources' in spec:
        spec.tell('sources', UNSUPPORTED, 'one source makes an environment: the first is taken')
        source = (spec.parts('sources') or [source])[0]
    sync, automated = _sync(spec.part('syncPolicy'))
    target = {**_source(source, exists), **_destination(spec.part('destination'))}
    target['sync_options'] = _options(spec.part('syncPolicy')) or None
    tree: Tree = {
        'on': _trigger(source) if automated else 'manual',
        'target': {'kubernetes': target},
        'sync': sync,
    }
    if not automated:
        spec.tell('syncPolicy', ASSUMED, 'Argo CD syncs it by hand only: on: manual')
    _rest(one, spec)
    return without_nothing(tree)  # type: ignore[no-any-return]


def _rest(one: Object, spec: Part) -> None:
    metadata = one.part.part('metadata')
    for node in metadata.items('finalizers'):
        message = f'finalizer {getattr(node, "value", "")}: nothing is deleted by itself when an'
        hint = 'delete what carries the label liftlock.dev/environment by kubectl'
        metadata.notes.tell(node, UNSUPPORTED, f'{message} environment is given up', hint)
    if spec.text('project') not in ('', 'default'):
        hint = 'say who may deploy in protection:'
        spec.tell('project', UNSUPPORTED, 'what a project restricts has no counterpart', hint)
    spec.unsupported(('ignoreDifferences',), 'what drifts is shown as it is')
    spec.pass_over('info', 'revisionHistoryLimit', 'sources')
    spec.part('syncPolicy').unsupported(('managedNamespaceMetadata',))
    spec.finish(('source', 'destination', 'syncPolicy', 'project'))


# --- what


def _trigger(source: Part) -> Any:
    revision = source.text('targetRevision')
    if re.fullmatch(r'[0-9a-f]{40}', revision):
        hint = 'deploy it by `liftlock deploy`'
        source.tell('targetRevision', UNSUPPORTED, 'a fixed commit is deployed by hand only', hint)
        return 'manual'
    if VERSION.fullmatch(revision) or PATTERN.fullmatch(revision):
        return {'tags': [revision]}
    if revision in ('', 'HEAD'):
        source.tell('targetRevision', ASSUMED, 'the default branch is taken to be main')
        return {'branches': ['main']}
    if CONSTRAINT.fullmatch(revision):
        message = f'"{revision}" chooses among versions: every tag like v* is deployed'
        source.tell('targetRevision', ASSUMED, message)
        return {'tags': ['v*']}
    return {'branches': [revision]}


def _source(source: Part, exists: Exists) -> Tree:
    if 'repoURL' in source:
        message = f'{source.text("repoURL")} is taken to be this repository'
        source.tell('repoURL', ASSUMED, message)
    path = source.text('path').strip('/') or '.'
    source.pass_over('targetRevision', 'ref', 'name')
    source.unsupported(('plugin',))
    made = _made_of(source, path, exists)
    source.finish(('repoURL', 'path', 'helm', 'kustomize', 'directory', 'chart'))
    return made


def _made_of(source: Part, path: str, exists: Exists) -> Tree:
    if 'chart' in source:
        hint = 'put it into the repository, or name it as helm: {chart: oci://…}'
        source.tell('chart', UNSUPPORTED, 'charts of a Helm repository are not supported', hint)
    if 'helm' in source or exists(f'{path}/Chart.yaml'):
        return {'helm': _helm(source.part('helm'), path)}
    kustomized = any(exists(f'{path}/{name}') for name in KUSTOMIZATIONS)
    if 'kustomize' in source or kustomized:
        kustomize = source.part('kustomize')
        kustomize.unsupported(list(kustomize.keys()), 'say it in the kustomization')
        return {'kustomize': path}
    directory = source.part('directory')
    directory.unsupported(('recurse', 'jsonnet', 'include', 'exclude'))
    return {'manifests': [path]}


KUSTOMIZATIONS: Final = ('kustomization.yaml', 'kustomization.yml', 'Kustomization')


def _helm(helm: Part, path: str) -> Tree:
    values = [_inside(path, one) for one in helm.texts('valueFiles')]
    made: Tree = {
        'chart': path,
        'release': helm.text('releaseName') or None,
        'values': values or None,
    }
    inline = _inline(helm)
    for one in helm.parts('parameters'):
        inline[one.text('name')] = one.text('value')
        one.pass_over('forceString')
        one.finish(('name', 'value'))
    made['set'] = inline or None
    helm.unsupported(
        ('fileParameters', 'version', 'skipCrds', 'passCredentials', 'ignoreMissingValueFiles',
         'kubeVersion', 'apiVersions', 'namespace', 'skipTests', 'skipSchemaValidation')
    )  # fmt: skip
    helm.finish(('values', 'valuesObject', 'valueFiles', 'parameters', 'releaseName'))
    return made


def _inside(path: str, name: str) -> str:
    """Value files are named from the chart."""
    parts: list[str] = []
    for word in f'{path}/{name}'.split('/'):
        if word == '..' and parts:
            parts.pop()
        elif word not in ('', '.'):
            parts.append(word)
    return name if '://' in name else '/'.join(parts)


def _inline(helm: Part) -> dict[str, str]:
    """`values` is YAML in a text, `valuesObject` the same as a mapping; both as single values."""
    made: dict[str, str] = {}
    node = helm.value('values')
    if isinstance(node, ScalarNode):
        root = yaml.compose(helm.notes.file, node.value)
        if isinstance(root, Diagnostic):
            helm.tell('values', MISTAKE, f'these values cannot be read: {root.message}')
        elif not isinstance(root, MappingNode):
            helm.tell('values', MISTAKE, 'these values are no mapping')
        else:
            _flatten(root, '', made, helm, 'values')
    block = helm.value('valuesObject')
    if isinstance(block, MappingNode):
        _flatten(block, '', made, helm, 'valuesObject')
    return made


def _flatten(node: Node, path: str, made: dict[str, str], helm: Part, key: str) -> None:
    """a: {b: 1} is a.b: 1. A list has no such path."""
    if isinstance(node, MappingNode):
        for name, value in node.value:
            word = str(name.value).replace('.', '\\.')
            _flatten(value, f'{path}.{word}'.lstrip('.'), made, helm, key)
    elif isinstance(node, ScalarNode):
        made[path] = node.value
        if node.style and looks_typed(node.value):
            message = f'{path} is a text that looks like a number or truth value: it becomes one'
            helm.tell(key, ASSUMED, message, 'put it into a values file to keep it a text')
    else:
        hint = 'put it into a file, and name that: helm: {values: […]}'
        helm.tell(key, UNSUPPORTED, f'{path} is a list, which has no single value', hint)


def looks_typed(text: str) -> bool:
    return bool(re.fullmatch(r'-?(0|[1-9]\d*)|true|false|null', text))


# --- where


def _destination(destination: Part) -> Tree:
    server, name = destination.text('server'), destination.text('name')
    if server not in HERE or name not in ('', 'in-cluster'):
        message = f'{server or name} becomes the current context of kubectl'
        destination.tell('server' if server else 'name', ASSUMED, message, 'or say context: …')
    namespace = destination.text('namespace')
    destination.finish(('server', 'name'))
    return {'namespace': namespace or None}


# --- in line


def _sync(policy: Part) -> tuple[Tree | None, bool]:
    """`sync:`, and whether Argo CD does anything by itself."""
    automated = policy.part('automated')
    there = 'automated' in policy.keys() and automated.flag('enabled') is not False  # noqa: SIM118
    made: Tree = {}
    if there:
        flags = {key: automated.flag(key) for key in ('prune', 'selfHeal', 'allowEmpty')}
        made['automated'] = without_nothing(flags)
    automated.finish(('prune', 'selfHeal', 'allowEmpty', 'enabled'))
    if 'retry' in policy:
        made['retry'] = _retry(policy.part('retry'))
    policy.pass_over('syncOptions')
    policy.read.add('managedNamespaceMetadata')
    policy.finish(('automated', 'retry', 'syncOptions'))
    return made or None, there


def _retry(retry: Part) -> Tree:
    limit = retry.whole('limit')
    if limit is not None and limit < 0:
        retry.tell('limit', UNSUPPORTED, 'without a limit nothing is retried: 1000 times it is')
        limit = 1000
    backoff = retry.part('backoff')
    pauses = {
        'duration': _time(backoff, 'duration'),
        'factor': backoff.whole('factor'),
        'maxDuration': _time(backoff, 'maxDuration'),
    }
    made = {
        'limit': limit,
        'backoff': without_nothing(pauses) or None,
    }
    backoff.finish(('duration', 'factor', 'maxDuration'))
    retry.pass_over('refresh')
    retry.finish(('limit', 'backoff'))
    return without_nothing(made)  # type: ignore[no-any-return]


def _time(part: Part, key: str) -> str | None:
    text = part.text(key)
    found = words.duration(text) if text else None
    if text and found is None:
        part.tell(key, MISTAKE, f'"{text}" is no duration', 'for example: 30s, 5m or 1h')
    return found


def _options(policy: Part) -> list[str]:
    found = []
    for node in policy.items('syncOptions'):
        word = str(getattr(node, 'value', ''))
        if word.partition('=')[0] in OPTIONS:
            found.append(word)
        else:
            policy.notes.tell(node, UNSUPPORTED, f'the sync option {word} is not supported')
    return found
