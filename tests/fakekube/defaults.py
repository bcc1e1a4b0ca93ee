"""What the server fills in that nobody wrote."""

from typing import Any


def fill(doc: dict[str, Any]) -> None:
    spec = doc.get('spec')
    match doc['kind']:
        case 'Deployment':
            spec.setdefault('replicas', 1)
            spec.setdefault('revisionHistoryLimit', 10)
            spec.setdefault('progressDeadlineSeconds', 600)
            _strategy(spec.setdefault('strategy', {}))
            _pod(spec['template']['spec'])
        case 'ReplicaSet' | 'StatefulSet':
            spec.setdefault('replicas', 1)
            _pod(spec['template']['spec'])
        case 'DaemonSet':
            _pod(spec['template']['spec'])
        case 'Service':
            spec.setdefault('type', 'ClusterIP')
            spec.setdefault('sessionAffinity', 'None')
            for one in spec.get('ports') or []:
                one.setdefault('protocol', 'TCP')
                one.setdefault('targetPort', one['port'])
        case 'HTTPRoute':
            for rule in spec.get('rules') or []:
                _rule(rule)
        case 'Secret':
            doc.setdefault('type', 'Opaque')


def _rule(rule: dict[str, Any]) -> None:
    for one in rule.get('backendRefs') or []:
        one.setdefault('group', '')
        one.setdefault('kind', 'Service')
        one.setdefault('weight', 1)
    for match in rule.get('matches') or []:
        for header in match.get('headers') or []:
            header.setdefault('type', 'Exact')
    if not rule.get('matches'):
        rule['matches'] = [{'path': {'type': 'PathPrefix', 'value': '/'}}]


def _strategy(strategy: dict[str, Any]) -> None:
    if strategy.setdefault('type', 'RollingUpdate') == 'RollingUpdate':
        rolling = strategy.setdefault('rollingUpdate', {})
        rolling.setdefault('maxSurge', '25%')
        rolling.setdefault('maxUnavailable', '25%')


def _pod(spec: dict[str, Any]) -> None:
    spec.setdefault('restartPolicy', 'Always')
    spec.setdefault('terminationGracePeriodSeconds', 30)
    spec.setdefault('dnsPolicy', 'ClusterFirst')
    spec.setdefault('schedulerName', 'default-scheduler')
    spec.setdefault('securityContext', {})
    for one in spec.get('containers') or []:
        tag = one['image'].rpartition('/')[2].partition(':')[2]
        one.setdefault('imagePullPolicy', 'Always' if tag in ('', 'latest') else 'IfNotPresent')
        one.setdefault('resources', {})
        one.setdefault('terminationMessagePath', '/dev/termination-log')
        one.setdefault('terminationMessagePolicy', 'File')
        for port in one.get('ports') or []:
            port.setdefault('protocol', 'TCP')
