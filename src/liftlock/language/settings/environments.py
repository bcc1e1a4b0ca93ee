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
    Kinds,
    Named,
    Number,
    Record,
    Share,
    Text,
    Whole,
)

# --- targets

TARGET: Final = Kinds(
    'target',
    {
        'process': Field(
            Record(
                model.Process,
                {
                    'command': Field(COMMAND, 'Starts one instance, on `$PORT`.', required=True),
                    'instances': Field(Whole(1), 'How many run at once.'),
                    'env': Field(ENV, 'Environment variables.'),
                    'artifact': Field(TEXT, "The run's artifact that holds the application."),
                    'prepare': Field(COMMAND, 'Run once a version, before its first start.'),
                },
            ),
            'Programs on this machine.',
        ),
        'compose': Field(
            Record(
                model.Compose,
                {
                    'service': Field(TEXT, 'The service to deploy.', required=True),
                    'file': Field(TEXT, 'The compose file.'),
                    'port': Field(PORT, "The service's port inside its container."),
                    'instances': Field(Whole(1), 'How many run at once.'),
                },
            ),
            'Containers of a compose file.',
        ),
        'ecs': Field(
            Record(
                model.Ecs,
                {
                    'cluster': Field(TEXT, 'The cluster.', required=True),
                    'service': Field(TEXT, 'The service to update.', required=True),
                    'region': Field(TEXT, 'The region, when the environment does not say it.'),
                    'container': Field(TEXT, 'The container whose image is replaced.'),
                },
            ),
            'A service on Amazon ECS.',
        ),
        'kubernetes': Field(
            Record(
                model.Kubernetes,
                {
                    'deployment': Field(TEXT, 'The deployment to update.', required=True),
                    'namespace': Field(TEXT, 'Its namespace.'),
                    'context': Field(TEXT, 'The context of kubectl.'),
                    'container': Field(TEXT, 'The container whose image is replaced.'),
                    'manifests': Field(TEXTS, 'Files that are applied first.'),
                },
            ),
            'A deployment on Kubernetes.',
        ),
        'command': Field(
            Record(
                model.Command,
                {
                    'deploy': Field(COMMAND, 'Deploys `$VERSION`.', required=True),
                    'rollback': Field(COMMAND, 'Goes back to `$VERSION`.'),
                    'status': Field(COMMAND, 'Prints the version that is there.'),
                },
            ),
            'Commands of your own.',
        ),
    },
)


# --- strategies

SCALE_DOWN: Final = {
    'scaleDownDelaySeconds': Field(Whole(), 'How long the old version is kept, ready to go back.'),
    'abortScaleDownDelaySeconds': Field(Whole(), 'The same for a version that was taken back.'),
}
BLUE_GREEN: Final = Record(
    model.BlueGreen,
    SCALE_DOWN
    | {
        'autoPromotionEnabled': Field(Flag(), 'false: somebody has to promote.'),
        'autoPromotionSeconds': Field(Whole(), 'Promote after so long.'),
        'previewReplicaCount': Field(Whole(1), 'Instances before the switch.'),
        'prePromotionAnalysis': Field(NAMES, 'Analyses that must succeed before the switch.'),
        'postPromotionAnalysis': Field(NAMES, 'Analyses whose failure takes the switch back.'),
    },
)
CANARY_STEP: Final = Kinds(
    'step',
    {
        'setWeight': Field(Whole(0, 100), 'Percent of the traffic for the new version.'),
        'pause': Field(
            Record(model.Pause, {'duration': Field(Duration(), 'How long to wait.')}),
            'Wait; without a duration, until somebody promotes.',
        ),
        'analysis': Field(NAMES, 'Analyses that must succeed before the next step.'),
    },
    make={
        'setWeight': model.SetWeight,
        'analysis': lambda names, span: model.Analyse(names),
    },
)
STRATEGY: Final = Kinds(
    'strategy',
    {
        'direct': Field(Record(model.Direct, {}), 'Stop the old version, start the new one.'),
        'rolling': Field(
            Record(
                model.Rolling,
                {
                    'maxUnavailable': Field(Share(), 'Instances that may be missing meanwhile.'),
                    'maxSurge': Field(Share(), 'Instances that may be there in addition.'),
                },
            ),
            'Replace instances a few at a time.',
        ),
        'blueGreen': Field(BLUE_GREEN, 'Start the new version beside the old one, then switch.'),
        'canary': Field(
            Record(
                model.Canary,
                SCALE_DOWN
                | {
                    'steps': Field(Items(CANARY_STEP), 'What happens, in this order.'),
                    'analysis': Field(NAMES, 'Analyses that run beside all steps.'),
                },
            ),
            'Give the new version more and more of the traffic.',
        ),
    },
    words={'direct': model.Direct(), 'rolling': model.Rolling(), 'blueGreen': model.BlueGreen()},
)


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
        'url': Field(URL, 'A URL to ask.'),
        'command': Field(COMMAND, 'A command that must succeed.'),
        'address': Field(URL, 'Of Prometheus.'),
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
    },
)
ON: Final = Either(
    Choice(('manual',)),
    Record(
        model.Trigger,
        {
            'branches': Field(TEXTS, 'Patterns of branches.'),
            'tags': Field(TEXTS, 'Patterns of tags.'),
        },
    ),
)


def _rollback(on: tuple[model.Condition, ...] = (), window: int = 0) -> model.Rollback:
    return model.Rollback(on, window)


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
        'tests': Field(NAMES, 'Analyses that must succeed after a deployment.'),
        'protection': Field(PROTECTION, 'Who and what must agree before a deployment.'),
        'secrets': Field(Items(SECRET_NAME, lone=True), 'Secrets that deployments here may read.'),
        'target': Field(TARGET, 'Where it lives. Without one, workflow jobs deploy.'),
        'strategy': Field(STRATEGY, 'How a new version takes over.'),
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
                    'window': Field(
                        Record(
                            lambda revisions=0: revisions,
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
