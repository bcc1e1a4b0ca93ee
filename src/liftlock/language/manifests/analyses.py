"""AnalysisTemplates, and the places that use them: names, arguments, metrics.

Each metric of a template becomes an analysis of the environment; used again with other arguments it
becomes another one. A template that is only named is looked for among the built-in ones. One that
nobody knows becomes an analysis that fails, and says so: a deployment must not be let through
because a file was not given.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from liftlock.language.manifests import words
from liftlock.language.manifests.draft import Tree, without_nothing
from liftlock.language.manifests.objects import Object
from liftlock.language.manifests.part import ASSUMED, MISTAKE, UNSUPPORTED, Part

Builtin: TypeAlias = Callable[[str, Mapping[str, str]], Tree | None]
# The definition of a built-in analysis with these arguments; {} where it needs none of its own.

ARGUMENT: Final = re.compile(r'\{\{\s*args\.([A-Za-z0-9_.-]+)\s*\}\}')
PROVIDERS: Final = (
    'datadog', 'newRelic', 'wavefront', 'kayenta', 'cloudWatch', 'graphite', 'influxdb',
    'skywalking', 'plugin',
)  # fmt: skip
LIMITS: Final = ('failureLimit', 'inconclusiveLimit', 'consecutiveErrorLimit')


class Analyses:
    """Those of one environment. `trees` are its definitions, by name."""

    def __init__(self, templates: Iterable[Object], builtin: Builtin) -> None:
        self.templates = {one.name: one for one in templates}
        self.builtin = builtin
        self.trees: dict[str, Tree] = {}
        self._bare: set[str] = set()  # built-in ones that need no definition

    def use(self, usage: Part) -> list[str]:
        """Names of the analyses that a place asks for."""
        given = arguments(usage)
        found = []
        for one in usage.parts('templates'):
            name = one.text('templateName')
            one.pass_over('clusterScope')
            one.finish()
            if name:
                found += self._named(name, given, one)
        old = usage.text('templateName')  # as Argo had it before 0.7
        if old:
            found += self._named(old, given, usage)
        usage.unsupported(('dryRun', 'measurementRetention'))
        usage.pass_over('analysisRunMetadata')
        if usage.whole('startingStep'):
            usage.tell('startingStep', UNSUPPORTED, 'the analysis begins with the first step')
        usage.finish(('templates', 'args'))
        return list(dict.fromkeys(found))

    def _named(self, name: str, given: Mapping[str, str], where: Part) -> list[str]:
        template = self.templates.get(name)
        if template is not None:
            return self._of_template(template, given, where)
        try:
            tree = self.builtin(name, given)
        except ValueError as error:
            where.tell('templateName', MISTAKE, f'analysis {name}: {error}')
            tree = {}
        if tree is None:
            return [self._unknown(name, where)]
        if 'prometheus' not in tree:
            message = f'{name} counts what a router of Liftlock sees; on Kubernetes it has none'
            hint = (
                'give the address of Prometheus, which asks for what Istio counts: --prometheus URL'
            )
            where.tell('templateName', UNSUPPORTED, message, hint)
        return [self._keep(name, tree, bare=not tree)]

    def _unknown(self, name: str, where: Part) -> str:
        hint = 'give its file, too; until then the analysis fails'
        where.tell('templateName', UNSUPPORTED, f'no AnalysisTemplate "{name}" is here', hint)
        return self._keep(name, _failing(name))

    def _keep(self, name: str, tree: Tree, *, bare: bool = False) -> str:
        """Under its name, or under a numbered one where that means something else already."""
        number, free = 1, name
        while free in self.trees or free in self._bare:
            same = free in self._bare if bare else self.trees.get(free) == tree
            if same:
                return free
            number += 1
            free = f'{name}-{number}'
        if bare:
            self._bare.add(free)
        else:
            self.trees[free] = tree
        return free

    # --- templates

    def _of_template(self, template: Object, given: Mapping[str, str], where: Part) -> list[str]:
        spec = Part(template.part.node, template.part.notes).part('spec')
        known = {**_defaults(spec), **given}
        metrics = spec.parts('metrics')
        names = []
        for one in metrics:
            own = one.text('name')
            name = template.name if len(metrics) == 1 else f'{template.name}-{own}'
            names.append(self._keep(name, self._metric(one, known) or _failing(name)))
        if not metrics:
            spec.tell('metrics', MISTAKE, f'template {template.name} measures nothing')
        spec.unsupported(('dryRun', 'measurementRetention', 'templates'))
        spec.finish(('metrics', 'args'))
        return names

    def _metric(self, metric: Part, known: Mapping[str, str]) -> Tree | None:
        provider = metric.part('provider')
        found = _provider(provider, known)
        if found is None:
            return None
        tree = {**found, **_verdict(metric, known), **_course(metric, known)}
        metric.unsupported(('consecutiveSuccessLimit',))
        metric.finish(('interval', 'successCondition', 'failureCondition', 'provider'))
        return without_nothing(tree)  # type: ignore[no-any-return]


def _failing(name: str) -> Tree:
    """Until somebody says how it is measured."""
    return {'command': f'echo "analysis {name} is not defined"; exit 1'}


def arguments(usage: Part) -> dict[str, str]:
    found = {}
    for one in usage.parts('args'):
        name = one.text('name')
        value = _from(one, name) if 'valueFrom' in one else one.text('value')
        if name and (value or 'value' in one):
            found[name] = value
        one.finish(('name', 'value', 'valueFrom'))
    return found


def _from(one: Part, name: str) -> str:
    """A secret is named; what only Argo knows cannot be."""
    source = one.part('valueFrom')
    secret = source.part('secretKeyRef')
    if 'key' in secret:
        key, owner = secret.text('key'), secret.text('name')
        word = re.sub(r'[^A-Z0-9_]', '_', key.upper()) or 'SECRET'
        message = f'argument {name}: key {key} of Secret {owner} becomes the secret {word}'
        one.tell('valueFrom', ASSUMED, message, f'liftlock secret set {word}')
        return f'${{{{ secrets.{word} }}}}'
    one.tell('valueFrom', UNSUPPORTED, f'argument {name} has a value that only Argo knows')
    return ''


def _defaults(spec: Part) -> dict[str, str]:
    return {name: value for name, value in arguments(spec).items() if value}


def _filled(part: Part, key: str, known: Mapping[str, str]) -> str:
    """The text, with its arguments in it."""
    text = part.text(key)
    for name in ARGUMENT.findall(text):
        if name not in known:
            part.tell(key, MISTAKE, f'argument {name} has no value')
    return ARGUMENT.sub(lambda found: known.get(found[1], found[0]), text)


# --- providers


def _provider(provider: Part, known: Mapping[str, str]) -> Tree | None:
    if 'prometheus' in provider:
        return _prometheus(provider.part('prometheus'), known)
    if 'web' in provider:
        return _web(provider.part('web'), known)
    named = next((one for one in (*PROVIDERS, 'job') if one in provider), '')
    word = f'provider {named}' if named else 'a metric without a provider'
    hint = 'take prometheus:, url: or command:; until then the analysis fails'
    if named == 'job':
        hint = 'run what the Job runs by command:; until then the analysis fails'
    provider.tell(named, UNSUPPORTED, f'{word} is not supported', hint)
    return None


def _prometheus(part: Part, known: Mapping[str, str]) -> Tree:
    tree: Tree = {'prometheus': ' '.join(_filled(part, 'query', known).split())}
    tree['address'] = _filled(part, 'address', known) or None
    timeout = part.whole('timeout')
    tree['timeout'] = words.of_seconds(timeout) if timeout else None
    tree['headers'] = _headers(part, known)
    part.unsupported(('authentication', 'insecure', 'rangeQuery'))
    part.finish(('query', 'address', 'headers', 'timeout'))
    return tree


def _web(part: Part, known: Mapping[str, str]) -> Tree:
    tree: Tree = {'url': _filled(part, 'url', known)}
    path = _filled(part, 'jsonPath', known)
    tree['path'] = re.sub(r'^\{(.*)\}$', r'\1', path) or None
    timeout = part.whole('timeoutSeconds')
    tree['timeout'] = words.of_seconds(timeout) if timeout else None
    tree['headers'] = _headers(part, known)
    if part.text('method') not in ('', 'GET'):
        part.tell('method', UNSUPPORTED, 'a URL is asked by GET only', 'take command: curl …')
    part.unsupported(('body', 'jsonBody', 'authentication', 'insecure'))
    part.finish(('url', 'jsonPath', 'headers', 'timeoutSeconds', 'method'))
    return tree


def _headers(part: Part, known: Mapping[str, str]) -> Tree | None:
    found = {one.text('key'): _filled(one, 'value', known) for one in part.parts('headers')}
    return found or None


# --- verdicts


def _verdict(metric: Part, known: Mapping[str, str]) -> Tree:
    made: Tree = {}
    for key, ours in (('successCondition', 'success'), ('failureCondition', 'failure')):
        text = _filled(metric, key, known)
        if not text:
            continue
        found = words.limit(text)
        if found is None:
            hint = 'one comparison is: result[0] >= 0.95'
            metric.tell(key, UNSUPPORTED, f'the condition "{text}" is not supported', hint)
            continue
        if found.text:
            made[ours] = found.text
        if found.without_data is not None:
            passes = found.without_data is (ours == 'success')
            made['on_no_data'] = 'pass' if passes else 'fail'
    return made


def _course(metric: Part, known: Mapping[str, str]) -> Tree:
    made: Tree = {}
    for key in ('interval', 'initialDelay'):
        text = _filled(metric, key, known)
        if text:
            made[key] = _duration(metric, key, text)
    for key in ('count', *LIMITS):
        text = _filled(metric, key, known)
        if text == '-1':
            message = f'{key}: -1 (no limit) is not supported'
            metric.tell(key, UNSUPPORTED, message, 'a high number does nearly the same')
            made[key] = 1000
        elif text:
            made[key] = _number(metric, key, text)
    if made.get('count') == 0:
        made.pop('count')
    return made


def _duration(part: Part, key: str, text: str) -> str | None:
    found = words.duration(text)
    if found is None:
        part.tell(key, MISTAKE, f'"{text}" is no duration', 'for example: 30s, 5m or 1h')
    return found


def _number(part: Part, key: str, text: str) -> int | None:
    if re.fullmatch(r'\d{1,9}', text):
        return int(text)
    part.tell(key, MISTAKE, f'a whole number is expected, not "{text}"')
    return None
