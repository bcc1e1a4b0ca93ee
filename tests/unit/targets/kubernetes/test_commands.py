import shlex

import pytest

from liftlock.targets.kubernetes import commands
from liftlock.targets.kubernetes.commands import Cluster, Command

HERE = Cluster()
THERE = Cluster('prod', 'shop')


@pytest.mark.parametrize(
    ('command', 'line'),
    [
        pytest.param(
            commands.get(THERE, 'deployment.apps/shop', 'service/shop'),
            'kubectl --context=prod --namespace=shop get deployment.apps/shop service/shop '
            '--ignore-not-found --output json',
            id='objects',
        ),
        pytest.param(
            commands.listing(HERE, ('pods', 'secrets'), 'app=shop'),
            'kubectl --namespace=default get pods,secrets --selector=app=shop --output json',
            id='a list',
        ),
        pytest.param(
            commands.kustomize(THERE, 'overlays/production'),
            'kubectl kustomize overlays/production',
            id='a kustomization needs no cluster',
        ),
        pytest.param(
            commands.apply(HERE),
            'kubectl --namespace=default apply --filename - --output json',
            id='apply',
        ),
        pytest.param(
            commands.apply(HERE, dry=True, options=('--validate=false',)),
            'kubectl --namespace=default apply --dry-run=server --validate=false --filename - '
            '--output json',
            id='apply, only to ask',
        ),
        pytest.param(
            commands.patch(HERE, 'rollouts.argoproj.io/shop', 'merge', 'status'),
            'kubectl --namespace=default patch rollouts.argoproj.io/shop --type=merge '
            '--subresource=status --patch-file=/dev/stdin --output json',
            id='a patch is not for `ps`',
        ),
        pytest.param(
            commands.undo(HERE, 'deployment.apps/shop', 3),
            'kubectl --namespace=default rollout undo deployment.apps/shop --to-revision=3',
            id='undo',
        ),
        pytest.param(
            commands.delete(HERE, 'Service/a', 'Service/b', cascade='foreground'),
            'kubectl --namespace=default delete Service/a Service/b --ignore-not-found '
            '--wait=false --cascade=foreground',
            id='delete',
        ),
        pytest.param(
            commands.mark(HERE, 'pods', 'a=b', 'serving=true'),
            'kubectl --namespace=default label pods --selector=a=b --overwrite serving=true',
            id='label',
        ),
        pytest.param(
            commands.logs(HERE, 'a=b', 'app', follow=True, previous=False),
            'kubectl --namespace=default logs --selector=a=b --container=app --prefix --tail=1000 '
            '--max-log-requests=100 --follow',
            id='logs, followed',
        ),
        pytest.param(
            commands.logs(HERE, 'a=b', '', follow=False, previous=True),
            'kubectl --namespace=default logs --selector=a=b --all-containers --prefix --tail=1000 '
            '--max-log-requests=100 --previous',
            id='logs of those that are gone',
        ),
        pytest.param(
            commands.usage(THERE, 'a=b,c=d'),
            'kubectl --context=prod --namespace=shop get --raw '
            "'/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=a%3Db%2Cc%3Dd'",
            id='usage',
        ),
        pytest.param(
            commands.upgrade(
                THERE, 'shop', 'charts/shop', ('a.yaml', 'b.yaml'), note='liftlock r1 v1'
            ),
            'helm --kube-context=prod --namespace=shop upgrade --install shop charts/shop '
            "--values=a.yaml --values=b.yaml --values=- '--description=liftlock r1 v1' "
            '--output json',
            id='a chart, whose last values are ours',
        ),
        pytest.param(
            commands.template(HERE, 'shop', 'charts/shop', ()),
            'helm --namespace=default template shop charts/shop --values=-',
            id='a chart, only to look at',
        ),
        pytest.param(
            commands.manifest(HERE, 'shop'),
            'helm --namespace=default get manifest shop',
            id='a release',
        ),
    ],
)
def test_a_command_line_is_this(command: Command, line: str) -> None:
    assert shlex.join(command) == line
