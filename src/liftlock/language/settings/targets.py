"""`target:` of an environment: where it lives."""

from typing import Final

from liftlock.language.settings import model
from liftlock.language.settings.shapes import (
    COMMAND,
    ENV,
    PORT,
    SECRET_NAME,
    TEXT,
    TEXTS,
    Duration,
    Field,
    Kinds,
    Named,
    Record,
    Template,
    Whole,
)

ROUTED: Final = {
    'listen': Field(PORT, 'The public port; without it a free one, which is kept.'),
    'preview': Field(PORT, 'The port of the version that is not public yet.'),
    'grace': Field(Duration(), 'Time to end by itself after SIGTERM.'),
}
VALUES: Final = ('environment', 'version', 'vars', 'secrets')
HELM: Final = Record(
    model.Helm,
    {
        'chart': Field(TEXT, 'The directory of the chart.', required=True),
        'release': Field(TEXT, "The release's name."),
        'values': Field(TEXTS, 'Files with values, the last one wins.'),
        'set': Field(
            Named(Template(VALUES), r'[^\s=]+', 'value'),
            'Single values, by their path: backend.image.tag.',
        ),
    },
)
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
                }
                | ROUTED,
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
                }
                | ROUTED,
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
                    'task_definition': Field(TEXT, "A file; else the service's present one."),
                    'image': Field(TEXT, 'The repository of the image, without a tag.'),
                    'secrets': Field(
                        Named(TEXT, SECRET_NAME.pattern, 'environment variable'),
                        'ARNs of secrets, by the variable that they become.',
                    ),
                    'instances': Field(Whole(1), 'How many run at once.'),
                },
            ),
            'A service on Amazon ECS.',
        ),
        'kubernetes': Field(
            Record(
                model.Kubernetes,
                {
                    'deployment': Field(TEXT, 'The deployment to update.'),
                    'namespace': Field(TEXT, 'Its namespace.'),
                    'context': Field(TEXT, 'The context of kubectl.'),
                    'container': Field(TEXT, 'The container whose image is replaced.'),
                    'image': Field(TEXT, 'The repository of the image, without a tag.'),
                    'manifests': Field(TEXTS, 'Files or directories that are applied.'),
                    'kustomize': Field(TEXT, 'A directory for `kubectl apply -k`.'),
                    'helm': Field(HELM, 'A chart that is installed.'),
                    'service': Field(TEXT, 'The Service whose selector is switched.'),
                    'preview_service': Field(TEXT, 'The same for the new version.'),
                    'virtual_service': Field(TEXT, 'The Istio VirtualService with the weights.'),
                    'destination_rule': Field(TEXT, 'The DestinationRule with its subsets.'),
                    'http_route': Field(TEXT, 'The Gateway API HTTPRoute with the weights.'),
                    'rollout': Field(TEXT, 'The Argo Rollout to patch.'),
                    'instances': Field(Whole(1), 'How many run at once.'),
                    'sync_options': Field(TEXTS, "Argo CD's: CreateNamespace=true …"),
                },
            ),
            'A deployment on Kubernetes.',
        ),
        'command': Field(
            Record(
                model.Command,
                {
                    'deploy': Field(COMMAND, 'Deploys `$VERSION`.', required=True),
                    'verify': Field(COMMAND, 'Succeeds once `$VERSION` is there.'),
                    'rollback': Field(COMMAND, 'Goes back to `$VERSION`.'),
                    'status': Field(COMMAND, 'Prints the version that is there.'),
                },
            ),
            'Commands of your own.',
        ),
    },
)
