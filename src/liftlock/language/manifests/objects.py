"""The objects of manifests, each with its file and place."""

from collections.abc import Iterable, Iterator
from typing import Final

from yaml.nodes import MappingNode, Node

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.manifests.part import MISTAKE, UNSUPPORTED, Notes, Part
from liftlock.language.records import NamedTuple
from liftlock.language.settings.read import empty

GROUPS: Final = {  # kind -> what its apiVersion must begin with
    'Rollout': 'argoproj.io/',
    'AnalysisTemplate': 'argoproj.io/',
    'ClusterAnalysisTemplate': 'argoproj.io/',
    'Application': 'argoproj.io/',
    'VirtualService': 'networking.istio.io/',
    'DestinationRule': 'networking.istio.io/',
    'Service': 'v1',
}
BESIDES: Final = {  # kind -> why it is left out
    'ApplicationSet': 'an ApplicationSet makes Applications: give those',
    'AppProject': 'what an AppProject restricts has no counterpart: see protection:',
    'AnalysisRun': 'an AnalysisRun is a result, not a setting',
    'Experiment': 'experiments are not supported',
    'Canary': "Flagger's Canary is not supported",
}


class Object(NamedTuple):
    kind: str
    name: str
    file: str
    part: Part

    def spec(self) -> Part:
        return self.part.part('spec')


def read(path: str, text: str) -> tuple[list[Object], list[Diagnostic]]:
    """Every object of a file that may say something; what is wrong with the others is told."""
    roots = yaml.compose_all(path, text)
    if isinstance(roots, Diagnostic):
        return [], [roots]
    notes = Notes(path)
    found = [one for root in roots for one in _objects(root, path, notes)]
    return found, notes.found


def _objects(root: Node, path: str, notes: Notes) -> Iterator[Object]:
    if empty(root):
        return
    part = Part(root, notes)
    if not isinstance(root, MappingNode):
        return
    kind, api = part.text('kind'), part.text('apiVersion')
    if kind.endswith('List') and 'items' in part:
        for node in part.items('items'):
            yield from _objects(node, path, notes)
        return
    if not kind or not api:
        lacking = 'kind' if not kind else 'apiVersion'
        notes.tell(root, MISTAKE, f'this is no object of Kubernetes: it has no {lacking}')
        return
    name = part.part('metadata').text('name')
    if kind in GROUPS and api.startswith(GROUPS[kind]):
        yield Object(kind, name, path, part)
    else:
        _left_out(part, kind, api, notes)


def _left_out(part: Part, kind: str, api: str, notes: Notes) -> None:
    if kind in GROUPS:
        message = f'a {kind} has an apiVersion of {GROUPS[kind].rstrip("/")}, not {api}'
        notes.tell(part.key('apiVersion'), MISTAKE, message)
    elif kind in ('ConfigMap', 'Secret') and api != 'v1':
        message = f'a {kind} has the apiVersion v1, not {api}: kubectl will refuse it'
        notes.tell(part.key('apiVersion'), UNSUPPORTED, message)
    else:
        why = BESIDES.get(kind, 'it is applied as it is where manifests: name its file')
        notes.tell(part.key('kind'), UNSUPPORTED, f'{kind}: says nothing of how to deliver', why)


def of_kind(objects: Iterable[Object], *kinds: str) -> list[Object]:
    return [one for one in objects if one.kind in kinds]
