"""Services of jobs that run on the machine itself."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.checks.walk import fixed, keys
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.source import Span
from liftlock.language.template import Literal, Mapping, Token
from liftlock.language.workflow import Job

PORTS: Final = Rule(
    'service-ports',
    Severity.WARNING,
    'A job that runs on the machine itself, without `container:`, has a service without `ports:`.',
    "The service's name is known only to other containers. From the machine it is reached through"
    ' localhost, and without a mapped port there is nothing to connect to.',
    'Map the port: `ports: ["5432:5432"]`, and connect to `localhost:5432`.',
)
RULES: Final = (PORTS,)
USUAL: Final = {
    'postgres': 5432, 'postgis': 5432, 'pgvector': 5432, 'mysql': 3306, 'mariadb': 3306,
    'redis': 6379, 'valkey': 6379, 'mongo': 27017, 'rabbitmq': 5672, 'elasticsearch': 9200,
    'opensearch': 9200, 'memcached': 11211, 'nginx': 80, 'minio': 9000, 'registry': 5000,
}  # fmt: skip


def check(subject: Subject) -> Iterator[Diagnostic]:
    if isinstance(subject.document, Action):
        return
    for job in subject.document.jobs.values():
        if not isinstance(job, Job) or job.container is not None:
            continue
        for name, service in keys(job.services).items():
            given = keys(service)
            if not fixed(service) or 'ports' in given or _publishes(given):
                continue
            yield subject.found(
                PORTS,
                _key(job.services, name) or service.span,
                f'service "{name}" maps no port, so the steps of this job cannot reach it',
                _remedy(given.get('image')),
            )


def _publishes(given: dict[str, Token]) -> bool:
    options = given.get('options')
    if options is None:
        return False
    if not isinstance(options, Literal):
        return True  # who knows
    return any(word in str(options.value) for word in ('-p ', '--publish', '--network', '--net'))


def _remedy(image: Token | None) -> str:
    text = str(image.value) if isinstance(image, Literal) else ''
    name = text.split('@')[0].rpartition('/')[2].partition(':')[0]
    port = USUAL.get(name)
    return f'add: ports: ["{port}:{port}"]' if port else 'add ports:'


def _key(services: Token | None, name: str) -> Span | None:
    entries = services.entries if isinstance(services, Mapping) else ()
    return next(
        (key.span for key, _ in entries if isinstance(key, Literal) and key.value == name), None
    )
