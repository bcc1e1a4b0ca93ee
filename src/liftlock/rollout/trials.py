"""Analyses of a deployment: which measurement is due, and what they come to together."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from liftlock.language.records import NamedTuple
from liftlock.rollout import analysis as analyses
from liftlock.rollout import facts as f
from liftlock.rollout.decisions import Decision, Hold, Measure, Record
from liftlock.rollout.deployment import Deployment, Trial

if TYPE_CHECKING:
    from liftlock.rollout.steps import Scene

RUNNING = 'running'
GOOD = 'successful'
UNSURE = 'inconclusive'


class Outcome(NamedTuple):
    """`failed` and `unsure` say which analysis and why; `unsure` until somebody promotes."""

    decisions: tuple[Decision, ...] = ()
    good: bool = False
    failed: str = ''
    unsure: str = ''
    message: str = ''


def run(scene: 'Scene', stage: str, names: tuple[str, ...]) -> Outcome:
    """All of them at once; the worst decides."""
    decisions: list[Decision] = []
    told: dict[str, tuple[str, str]] = {}
    for name in names:
        trial = scene.deployment.trials.get((stage, name))
        if trial is None:
            decisions.append(Record(f.AnalysisStarted(scene.number, stage, name)))
        elif trial.phase:
            told[name] = _heeded(scene.deployment, trial), trial.message
        else:
            decisions.extend(_go_on(scene, stage, name, trial))
    failed = [name for name, (phase, _) in told.items() if phase not in (GOOD, UNSURE)]
    unsure = [name for name, (phase, _) in told.items() if phase == UNSURE]
    return Outcome(
        tuple(decisions),
        good=len(told) == len(names) and not failed and not unsure,
        failed=_told(failed, told),
        unsure=_told(unsure, told),
        message=_told(list(told), told),
    )


def _heeded(one: Deployment, trial: Trial) -> str:
    """What somebody promoted since is good enough."""
    return GOOD if trial.phase == UNSURE and one.promoted_at > trial.finished else trial.phase


def _told(names: list[str], told: dict[str, tuple[str, str]]) -> str:
    return '; '.join(
        f'{name}: {told[name][1]}' if told[name][1] else f'{name}: {told[name][0]}'
        for name in names
    )


def _go_on(scene: 'Scene', stage: str, name: str, trial: Trial) -> Iterator[Decision]:
    analysis = scene.terms.analyses.get(name)
    if analysis is None:
        message = f'there is no analysis "{name}"'
        yield Record(f.AnalysisFinished(scene.number, stage, name, 'error', message))
        return
    judged = analyses.judge(analysis, trial.tally, trial.started, scene.now)
    if judged.phase != RUNNING:
        ended = f.AnalysisFinished(scene.number, stage, name, judged.phase, judged.message)
        yield Record(ended)
    elif scene.now < judged.next_at:
        yield Hold(judged.next_at, f'analysis {name}: {judged.message or "goes on"}')
    elif f'measure:{stage}:{name}' not in scene.seen.underway:
        yield Measure(stage, name)
    else:
        yield Hold(0.0, f'analysis {name} measures')


def stop(deployment: Deployment, stages: frozenset[str] | None = None) -> Iterator[Decision]:
    """Nobody needs those that still go on (of these stages; None: of any)."""
    for (stage, name), trial in deployment.trials.items():
        if not trial.phase and (stages is None or stage in stages):
            ended = f.AnalysisFinished(deployment.number, stage, name, 'stopped')
            yield Record(ended)


def conclude(scene: 'Scene', stage: str) -> Iterator[Decision]:
    """The deployment has got to its end: those that still go on vote with what they have. One
    that never measured anything is no reason to call a version good."""
    for (at, name), trial in scene.deployment.trials.items():
        analysis = scene.terms.analyses.get(name)
        if at == stage and not trial.phase and analysis is not None:
            judged = analyses.conclude(analysis, trial.tally)
            ended = f.AnalysisFinished(scene.number, stage, name, judged.phase, judged.message)
            yield Record(ended)
