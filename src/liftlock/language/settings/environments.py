"""`environments:` of `liftlock.yml`: where something is delivered, how, and when it is taken back.

The words are GitHub's for protection, Argo Rollouts' for strategies and analysis, and Argo CD's for
sync.
"""

from typing import Final

from liftlock.language.settings import model
from liftlock.language.settings.shapes import (
    COMMAND,
    CONDITION,
    ENV,
    FILLED_URL,
    NAMES,
    PORT,
    SECRET_NAME,
    TEXT,
    TEXTS,
    URL,
    Choice,
    Comparison,
    Duration,
    Either,
    Field,
    Flag,
    Items,
    Named,
    Number,
    Record,
    Template,
    Text,
    Whole,
)
from liftlock.language.settings.strategies import STRATEGY
from liftlock.language.settings.targets import TARGET

# --- looking

HEALTH_CHECK: Final = Record(
    model.HealthCheck,
    {
        'endpoint': Field(Text(r'/\S*|https?://\S+', 'a path or URL'), 'A path to ask by HTTP.'),
        'tcp': Field(PORT, 'A port that must accept connections.'),
        'command': Field(COMMAND, 'A command that must succeed.'),
        'interval': Field(Duration(), 'Time between two looks.'),
        'timeout': Field(Duration(), 'How long an answer may take.'),
        'healthy_threshold': Field(Whole(1), 'Good answers in a row that make it healthy.'),
        'unhealthy_threshold': Field(Whole(1), 'Bad answers in a row that make it unhealthy.'),
    },
    one_of=('endpoint', 'tcp', 'command'),
)
ANALYSIS: Final = Record(
    model.Analysis,
    {
        'metric': Field(TEXT, "A metric of the router's: error_rate, success_rate, p95 …"),
        'prometheus': Field(TEXT, 'A query.'),
        'url': Field(FILLED_URL, 'A URL to ask.'),
        'command': Field(COMMAND, 'A command that must succeed.'),
        'address': Field(URL, 'Of Prometheus.'),
        'path': Field(TEXT, "Where the value stands in a URL's JSON: `$.data.ok`."),
        'headers': Field(Named(Template(('secrets', 'vars')), r'\S+', 'header'), 'Of the request.'),
        'baseline': Field(Flag(), 'Compare with the old version in the same time.'),
        'timeout': Field(Duration(), 'How long one measurement may take.'),
        'env': Field(ENV, "The command's environment variables."),
        'failure': Field(Comparison(measured=False), 'A measurement like this has failed.'),
        'success': Field(Comparison(measured=False), 'A measurement like this has succeeded.'),
        'interval': Field(Duration(), 'Time between two measurements.'),
        'count': Field(Whole(1), 'How many measurements.', attribute='measurements'),
        'initialDelay': Field(Duration(), 'Time before the first measurement.'),
        'failureLimit': Field(Whole(), 'Failed measurements that are tolerated.'),
        'inconclusiveLimit': Field(Whole(), 'Inconclusive measurements that are tolerated.'),
        'consecutiveErrorLimit': Field(Whole(), 'Errors in a row that are tolerated.'),
        'min_requests': Field(Whole(), 'With fewer requests a measurement says nothing.'),
        'on_no_data': Field(
            Choice(('inconclusive', 'fail', 'pass')), 'What a measurement without data means.'
        ),
    },
    one_of=('metric', 'prometheus', 'url', 'command'),
)


# --- environments

PROTECTION: Final = Record(
    model.Protection,
    {
        'reviewers': Field(TEXTS, 'People and teams who may approve.'),
        'required': Field(Whole(0, 6), 'How many of them must.'),
        'prevent_self_review': Field(Flag(), 'Whoever started it may not approve it.'),
        'wait': Field(Duration(), 'Time to pass before it goes on.'),
        'branches': Field(TEXTS, 'Patterns of branches that may be deployed.'),
        'tags': Field(TEXTS, 'Patterns of tags that may be deployed.'),
        'expires': Field(Duration(), 'After so long without approval it is rejected.'),
    },
)
FREEZE: Final = Record(
    model.Freeze,
    {
        'from': Field(TEXT, 'A date or time: 2026-12-24, 2026-12-24T18:00.', attribute='begin'),
        'to': Field(TEXT, 'The same; a date is meant with its whole day.', attribute='end'),
        'schedule': Field(TEXT, 'A cron expression: when each one begins.'),
        'duration': Field(Duration(), 'How long each one lasts.'),
        'timezone': Field(TEXT, 'As in Europe/Berlin; else UTC.'),
        'reason': Field(TEXT, 'What people are told.'),
    },
    one_of=('from', 'schedule'),
)
ON: Final = Either(
    Choice(('manual',), {'manual': model.Trigger()}),
    Record(
        model.Trigger,
        {
            'branches': Field(TEXTS, 'Patterns of branches.'),
            'tags': Field(TEXTS, 'Patterns of tags.'),
        },
    ),
)


def _rollback(
    on: tuple[model.Condition, ...] = (), window: int = 5, watch: float = 600.0
) -> model.Rollback:
    return model.Rollback(on, window, watch)


def _retry(limit: int = 5, backoff: model.Backoff | None = None) -> tuple[int, model.Backoff]:
    return limit, backoff or model.Backoff()


def _sync(
    automated: model.Automated | None = None, retry: tuple[int, model.Backoff] | None = None
) -> model.Sync:
    return model.Sync(automated, *(retry or _retry()))


SYNC: Final = Record(
    _sync,
    {
        'automated': Field(
            Record(
                model.Automated,
                {
                    'prune': Field(Flag(), 'Remove what the repository no longer has.'),
                    'selfHeal': Field(Flag(), 'Put back what somebody changed by hand.'),
                    'allowEmpty': Field(Flag(), 'Allow that nothing at all is left.'),
                },
            ),
            'Bring the environment in line by itself.',
        ),
        'retry': Field(
            Record(
                _retry,
                {
                    'limit': Field(Whole(), 'How often to try again.'),
                    'backoff': Field(
                        Record(
                            model.Backoff,
                            {
                                'duration': Field(Duration(), 'The first pause.'),
                                'factor': Field(Number(1.0), 'By which each next one is longer.'),
                                'maxDuration': Field(Duration(), 'The longest.'),
                            },
                        ),
                        'Pauses between tries.',
                    ),
                },
            ),
            'When bringing it in line fails.',
        ),
    },
)
ENVIRONMENT: Final = Record(
    model.Environment,
    {
        'on': Field(ON, 'What is deployed here by itself; `manual`: nothing.'),
        'url': Field(URL, 'Where people find it.'),
        'needs': Field(NAMES, 'Environments in which a version must have succeeded before.'),
        'tests': Field(NAMES, 'Analyses that must succeed after a deployment.'),
        'protection': Field(PROTECTION, 'Who and what must agree before a deployment.'),
        'freeze': Field(Items(FREEZE, lone=True), 'When nothing is deployed.'),
        'env': Field(ENV, 'Environment variables of what is deployed.'),
        'env_file': Field(TEXTS, 'Files with the same, NAME=value a line.'),
        'secrets': Field(Items(SECRET_NAME, lone=True), 'Secrets that deployments here may read.'),
        'target': Field(TARGET, 'Where it lives. Without one, workflow jobs deploy.'),
        'strategy': Field(STRATEGY, 'How a new version takes over.'),
        'progressDeadlineSeconds': Field(Whole(1), 'After so long without progress it is aborted.'),
        'minReadySeconds': Field(Whole(), 'How long an instance must have been ready to count.'),
        'health_checks': Field(Items(HEALTH_CHECK), 'How to see that it is well.'),
        'analysis': Field(Named(ANALYSIS, noun='analysis'), 'How to see that a version is good.'),
        'hooks': Field(
            Record(
                model.Hooks,
                {
                    'before': Field(COMMAND, 'Before anything is started.'),
                    'before_switch': Field(COMMAND, 'Before traffic reaches the new version.'),
                    'after': Field(COMMAND, 'When it has all the traffic.'),
                    'after_rollback': Field(COMMAND, 'When a version was taken back.'),
                },
            ),
            'Commands around a deployment. One that fails takes the version back.',
        ),
        'rollback': Field(
            Record(
                _rollback,
                {
                    'on': Field(Items(CONDITION, lone=True), 'When to go back by itself.'),
                    'watch': Field(Duration(), 'So long after a deployment this is heeded.'),
                    'window': Field(
                        Record(
                            lambda revisions=5: revisions,
                            {'revisions': Field(Whole(), 'So many versions back.')},
                        ),
                        'Going back no further than this skips steps and analysis.',
                    ),
                },
            ),
            'Going back.',
        ),
        'sync': Field(SYNC, 'What happens when the environment is not as the repository says.'),
    },
)
