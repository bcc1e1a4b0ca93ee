"""Steps of a canary. What has no counterpart is named and left out."""

from liftlock.language.manifests import words
from liftlock.language.manifests.analyses import Analyses
from liftlock.language.manifests.draft import Tree, without_nothing
from liftlock.language.manifests.part import MISTAKE, UNSUPPORTED, Part


def read(step: Part, analyses: Analyses) -> Tree | None:
    if 'setWeight' in step:
        weight = step.whole('setWeight')
        return None if weight is None else {'setWeight': weight}
    if 'pause' in step.keys():  # noqa: SIM118 - `pause: {}` is one, too
        return {'pause': without_nothing({'duration': _pause(step.part('pause'))})}
    if 'analysis' in step:
        names = analyses.use(step.part('analysis'))
        return {'analysis': names} if names else None
    if 'setHeaderRoute' in step:
        return {'setHeaderRoute': header_route(step.part('setHeaderRoute'))}
    if 'setMirrorRoute' in step:
        return {'setMirrorRoute': _mirror(step.part('setMirrorRoute'))}
    step.unsupported(('setCanaryScale', 'experiment', 'plugin', 'replicaProgressThreshold'))
    step.finish(('setWeight', 'pause', 'analysis', 'setHeaderRoute', 'setMirrorRoute'))
    return None


def _pause(pause: Part) -> str | None:
    text = pause.text('duration')
    pause.finish(('duration',))
    found = words.duration(text) if text else None
    if text and found is None:
        pause.tell('duration', MISTAKE, f'"{text}" is no duration', 'for example: 30s, 5m or 1h')
    return found


def header_route(part: Part) -> Tree:
    made: Tree = {'name': part.text('name')}
    matches = []
    for one in part.parts('match'):
        value = one.part('headerValue')
        kinds = {kind: value.text(kind) for kind in ('exact', 'prefix', 'regex') if kind in value}
        matches.append({'headerName': one.text('headerName'), 'headerValue': kinds})
        one.finish(('headerName', 'headerValue'))
    if matches:
        made['match'] = matches
    part.finish(('name', 'match'))
    return made


def _mirror(part: Part) -> Tree:
    if 'match' in part:
        part.tell('match', UNSUPPORTED, 'all requests are mirrored, whatever match says')
    made = {'name': part.text('name'), 'percentage': part.whole('percentage')}
    part.pass_over('match')
    part.finish(('name', 'percentage'))
    return without_nothing(made)  # type: ignore[no-any-return]
