"""All objects together as environments."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from liftlock.language.diagnostics import Diagnostic
from liftlock.language.manifests import applications, objects, rollouts, virtual_services
from liftlock.language.manifests.analyses import Analyses, Builtin
from liftlock.language.manifests.applications import Exists
from liftlock.language.manifests.draft import Tree, merge
from liftlock.language.manifests.objects import Object, of_kind
from liftlock.language.manifests.part import ASSUMED, UNSUPPORTED
from liftlock.language.records import NamedTuple

KNOWN: Final = {
    'production': 'production', 'prod': 'production', 'live': 'production', 'staging': 'staging',
    'stage': 'staging', 'development': 'development', 'dev': 'development', 'test': 'test',
    'testing': 'test', 'qa': 'qa', 'demo': 'demo', 'preview': 'preview', 'uat': 'uat',
}  # fmt: skip
TEMPLATES: Final = ('AnalysisTemplate', 'ClusterAnalysisTemplate')


class Around(NamedTuple):
    """What must be known besides the files: built-in analyses, and which paths the repository has.

    `within` turns the path of a manifest into its path from the root of the repository.
    """

    builtin: Builtin
    exists: Exists
    within: Callable[[str], str]


class Imported(NamedTuple):
    environments: Mapping[str, Tree]
    diagnostics: tuple[Diagnostic, ...]


def read(files: Mapping[str, str], around: Around, name: str = '') -> Imported:
    """`files` are texts by path. `name` is for the only environment that comes of them."""
    everything: list[Object] = []
    told: list[Diagnostic] = []
    for path, text in files.items():
        found, wrong = objects.read(path, text)
        everything += found
        told += wrong
    environments = dict(_environments(everything, around, name))
    _unused(everything)
    told += [each for one in _notes(everything) for each in one]
    unique = sorted({*told}, key=lambda one: (one.file, one.span, one.code, one.message))
    return Imported(environments, tuple(unique))


def _notes(everything: Sequence[Object]) -> Iterator[list[Diagnostic]]:
    for notes in {id(one.part.notes): one.part.notes for one in everything}.values():
        yield notes.found


def _environments(
    everything: Sequence[Object], around: Around, name: str
) -> Iterator[tuple[str, Tree]]:
    taken: set[str] = set()
    routed = set()
    for one in of_kind(everything, 'Application'):
        tree = applications.read(one, around.exists)
        yield _free(name or environment_name(one), taken, one), tree
    templates = of_kind(everything, *TEMPLATES)
    for one in of_kind(everything, 'Rollout'):
        analyses = Analyses(templates, around.builtin)
        tree = rollouts.read(one, around.within(one.file), analyses, everything)
        routed.add(tree['target']['kubernetes'].get('virtual_service'))
        yield _free(name or one.name, taken, one), _complete(tree, one)
    for one in of_kind(everything, 'VirtualService'):
        if one.name not in routed:
            tree = virtual_services.read(one, everything)
            if tree:
                yield _free(name or one.name, taken, one), _complete(tree, one)


def _complete(tree: Tree, one: Object) -> Tree:
    """A manifest without an Application says nothing of when it is deployed."""
    message = f'nothing says when {one.name} is deployed: on: manual'
    one.part.tell('kind', ASSUMED, message, 'say branches or tags: on: {branches: [main]}')
    return merge({'on': 'manual'}, tree)


def environment_name(one: Object) -> str:
    """shop-production is production; what says no environment is called as it is."""
    last = one.name.rpartition('-')[2]
    if last in KNOWN:
        return KNOWN[last]
    namespace = one.spec().part('destination').text('namespace').rpartition('-')[2]
    return KNOWN.get(namespace, one.name)


def _free(name: str, taken: set[str], one: Object) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f'{name}-{number}'
    if free != name:
        message = f'there is an environment {name} already: this one is called {free}'
        one.part.tell('metadata', ASSUMED, message)
    taken.add(free)
    return free


def _unused(everything: Sequence[Object]) -> None:
    """Templates that nobody uses are told: perhaps their Rollout was not given."""
    if of_kind(everything, 'Rollout'):
        return
    for one in of_kind(everything, *TEMPLATES):
        hint = 'give the file of the Rollout, too'
        one.part.tell('kind', UNSUPPORTED, f'{one.name} is not used by any Rollout here', hint)
