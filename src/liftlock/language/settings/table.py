"""Every key of `liftlock.yml`, what may stand under it, and what it means. The only such place.

What belongs to one environment stands in `environments.py`, because it is half of everything.
"""

from typing import Final

from liftlock.language.settings import model
from liftlock.language.settings.environments import ENVIRONMENT
from liftlock.language.settings.sandbox import Sandbox
from liftlock.language.settings.shapes import (
    CONDITION,
    NAMES,
    PERCENT,
    PLACE,
    TEXT,
    TEXTS,
    URL,
    VARIABLE,
    Choice,
    Comparison,
    Duration,
    Field,
    Flag,
    Items,
    Name,
    Named,
    Record,
    Reference,
    Shape,
    Size,
    Whole,
)

DECISION: Final = Choice(('block', 'approval', 'report', 'ignore'))
CHANNELS: Final = ('slack', 'teams', 'email', 'pagerduty', 'webhook')

# --- gates

SEVERITIES: Final = {
    level: Field(DECISION, f'What happens to a {level} finding.')
    for level in ('critical', 'high', 'medium', 'low')
}
COVERAGE: Final = Record(
    model.Coverage,
    {
        'minimum': Field(PERCENT, 'Least share of lines covered, in percent.'),
        'suites': Field(Named(PERCENT, noun='suite'), 'The same, by suite of tests.'),
        'patch': Field(PERCENT, 'Least share of the changed lines.'),
    },
    some_of=('minimum', 'suites', 'patch'),
)
DEPENDENCIES: Final = Record(
    model.Findings,
    SEVERITIES
    | {
        'advisories_max_age': Field(
            Duration(), 'Older advisories than this prove nothing: the gate cannot be evaluated.'
        )
    },
    some_of=tuple(SEVERITIES),
)
CONTAINER: Final = Record(
    model.Findings,
    SEVERITIES | {'user': Field(Choice(('nonroot', 'any')), 'Whom the image may run as.')},
    some_of=(*SEVERITIES, 'user'),
)
LICENSES: Final = Record(
    model.Licenses,
    {
        'deny': Field(TEXTS, 'SPDX identifiers that no dependency may have.'),
        'allow': Field(TEXTS, 'The only SPDX identifiers that dependencies may have.'),
    },
    some_of=('deny', 'allow'),
)
GATES: Final = Record(
    model.Gates,
    {
        'coverage': Field(COVERAGE, 'Coverage by tests.'),
        'tests': Field(
            Record(
                model.Tests,
                {
                    'flaky': Field(
                        Choice(('quarantine', 'report', 'block')),
                        'What happens to a test that fails and passes on the same commit.',
                    )
                },
            ),
            'Results of tests.',
        ),
        'lint': Field(
            Record(model.Lint, {'findings': Field(Whole(), 'Most findings that are tolerated.')}),
            'Findings of linters.',
        ),
        'dependencies': Field(DEPENDENCIES, 'Known vulnerabilities of dependencies.'),
        'code': Field(
            Record(model.Findings, SEVERITIES, some_of=tuple(SEVERITIES)),
            "Findings in the project's own code.",
        ),
        'secrets': Field(DECISION, 'Secrets found in files or history.'),
        'licenses': Field(LICENSES, 'Licences of dependencies.'),
        'container': Field(CONTAINER, 'Findings in images.'),
        'performance': Field(
            Named(Comparison(measured=False), r'\S+', 'measurement'),
            'Limits of measurements, such as `"p95(response_time)": "< 2s"`.',
        ),
        'policy': Field(TEXTS, 'Rego files that must allow the delivery.'),
    },
)


# --- the rest

ALERT: Final = Record(
    model.Alert,
    {
        'name': Field(TEXT, 'Its name.', required=True),
        'condition': Field(CONDITION, 'When it is raised.', required=True),
        'duration': Field(Duration(), 'How long the condition must have held.'),
        'severity': Field(Choice(('critical', 'warning', 'info')), 'How bad it is.'),
        'notify': Field(NAMES, 'Who is told.'),
    },
)
WEBHOOK: Final = Field(Reference(), 'The address, as a secret.', required=True)
NOTIFY: Final[dict[str, Record]] = {
    'slack': Record(model.Channel, {'webhook': WEBHOOK}),
    'teams': Record(model.Channel, {'webhook': WEBHOOK}),
    'email': Record(
        model.Channel,
        {
            'to': Field(TEXTS, 'Addresses.', required=True),
            'from': Field(TEXT, "The sender's address.", attribute='sender'),
            'server': Field(TEXT, 'host:port of the SMTP server.'),
            'password': Field(Reference(), 'Its password, as a secret.'),
        },
    ),
    'pagerduty': Record(
        model.Channel,
        {
            'routing_key': Field(Reference(), 'The integration key, as a secret.', required=True),
            'url': Field(URL, 'Where events are sent to, if not to PagerDuty in the US.'),
        },
    ),
    'webhook': Record(
        model.Channel,
        {
            'url': Field(URL, 'The address.'),
            'webhook': Field(Reference(), 'The address, as a secret.'),
            'secret': Field(Reference(), 'Signs what is sent, as on GitHub.'),
        },
        one_of=('url', 'webhook'),
    ),
}
RETENTION: Final = Record(
    model.Retention,
    {
        'artifacts': Field(Duration(), 'How long artifacts are kept.'),
        'logs': Field(Duration(), 'How long logs are kept.'),
        'runs': Field(Duration(), 'How long the history is kept.'),
    },
)
RETRY: Final = Record(
    model.Retry,
    {
        'on': Field(Items(Choice(('lost-runner', 'failure')), lone=True), 'After what.'),
        'times': Field(Whole(1, 10), 'How often.'),
    },
)
SANDBOX: Final = {
    'network': Field(Flag(), 'Whether there is a network: that of this machine.'),
    'read': Field(Items(PLACE, lone=True), 'Files and directories that jobs may read.'),
    'write': Field(Items(PLACE, lone=True), 'Files and directories that they may change.'),
    'env': Field(Items(VARIABLE, lone=True), 'Variables of your own environment that they get.'),
    'caches': Field(
        Choice(('private', 'shared')),
        "Whether tool cache and package caches are the job's own, or those of all jobs here.",
    ),
    'memory': Field(Size(), 'Most memory that all processes of a job have together.'),
    'processes': Field(Whole(16), 'Most processes and threads of a job.'),
    'disk': Field(Size(), 'Most that a job may write to the disk.'),
}
JOB_ID: Final = r'[A-Za-z_][A-Za-z0-9_-]*'

SETTINGS: Final[Shape] = Record(
    model.Settings,
    {
        'app': Field(TEXT, 'What is delivered.'),
        'gates': Field(GATES, 'What must hold before something is delivered.'),
        'environments': Field(
            Named(ENVIRONMENT, noun='environment'), 'Where it is delivered, in this order.'
        ),
        'alerts': Field(Items(ALERT), 'What somebody is told about.'),
        'notify': Field(
            Record(
                lambda **channels: channels,
                {name: Field(shape, f'Messages by {name}.') for name, shape in NOTIFY.items()},
            ),
            'How people are told.',
        ),
        'retention': Field(RETENTION, 'How long things are kept.'),
        'retry': Field(Named(RETRY, JOB_ID, 'job'), 'Which jobs are started again, by job.'),
        'sandbox': Field(
            Record(
                Sandbox,
                SANDBOX
                | {
                    'jobs': Field(
                        Named(Record(Sandbox, SANDBOX), JOB_ID, 'job'),
                        'The same for single jobs, by job; goes before what is said for all.',
                    )
                },
            ),
            'What jobs in the sandbox may have of this machine.',
        ),
        'deploys': Field(
            Named(Name(), JOB_ID, 'job'), 'Jobs that deploy, and the environment they deploy to.'
        ),
    },
)
