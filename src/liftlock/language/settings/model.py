"""The nouns of `liftlock.yml`. Durations are seconds, percentages numbers from 0 to 100.

A name that must stand for something elsewhere is a `Word`: it remembers where it was written.
"""

from collections.abc import Mapping
from typing import TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.settings.destinations import Command as Command
from liftlock.language.settings.destinations import Compose as Compose
from liftlock.language.settings.destinations import Ecs as Ecs
from liftlock.language.settings.destinations import Helm as Helm
from liftlock.language.settings.destinations import Kubernetes as Kubernetes
from liftlock.language.settings.destinations import Process as Process
from liftlock.language.settings.destinations import Target as Target
from liftlock.language.settings.sandbox import Sandbox
from liftlock.language.source import NOWHERE, Span


class Word(NamedTuple):
    """A text and its place."""

    text: str
    span: Span = NOWHERE


class Secret(NamedTuple):
    """`secret:NAME`: the value is looked up when it is needed, and is never in the file."""

    name: str
    span: Span = NOWHERE


class Condition(NamedTuple):
    """`error_rate > 5%`, or the lone word `unhealthy` (then `operator` is empty).

    `metric` is empty where the place already says what is measured. `value` stands in `unit` as
    written: `%`, `ms`, `s`, `MB` …, or '' for a plain number.
    """

    metric: str
    operator: str
    value: float
    unit: str
    span: Span = NOWHERE


# --- gates


class Coverage(NamedTuple):
    """In percent of lines. `patch` is for the lines that a change touches."""

    minimum: float | None = None
    suites: Mapping[str, float] = {}
    patch: float | None = None


class Tests(NamedTuple):
    flaky: str = 'report'


class Lint(NamedTuple):
    findings: int = 0


class Findings(NamedTuple):
    """What happens to a finding of each severity: block, approval, report or ignore."""

    critical: str = ''
    high: str = ''
    medium: str = ''
    low: str = ''
    advisories_max_age: float | None = None
    user: str = ''  # of a container: nonroot


class Licenses(NamedTuple):
    """SPDX identifiers. With `allow`, everything else is denied."""

    deny: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


class Gates(NamedTuple):
    """A gate that is None is not evaluated."""

    coverage: Coverage | None = None
    tests: Tests | None = None
    lint: Lint | None = None
    dependencies: Findings | None = None
    code: Findings | None = None
    secrets: str = ''
    licenses: Licenses | None = None
    container: Findings | None = None
    performance: Mapping[str, Condition] = {}
    policy: tuple[str, ...] = ()


# --- environments


class Trigger(NamedTuple):
    """What is deployed by itself. `manual` alone means: only when somebody says so."""

    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Protection(NamedTuple):
    reviewers: tuple[str, ...] = ()
    required: int = 1
    prevent_self_review: bool = False
    wait: float = 0.0
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    expires: float = 30 * 86400.0  # what nobody has approved by then is rejected, as on GitHub


class Freeze(NamedTuple):
    """Nothing is deployed from `begin` to `end` (dates or times, ISO 8601), or for `duration`
    seconds from every slot of `schedule`, in this time zone."""

    begin: str = ''
    end: str = ''
    schedule: str = ''
    duration: float = 0.0
    timezone: str = 'UTC'
    reason: str = ''
    span: Span = NOWHERE


class Direct(NamedTuple):
    """Stop the old version, start the new one."""


class BlueGreen(NamedTuple):
    auto_promotion_enabled: bool = True
    auto_promotion_seconds: int | None = None
    scale_down_delay_seconds: int = 30
    abort_scale_down_delay_seconds: int = 30
    preview_replica_count: int | None = None
    pre_promotion_analysis: tuple[Word, ...] = ()
    post_promotion_analysis: tuple[Word, ...] = ()
    span: Span = NOWHERE


class SetWeight(NamedTuple):
    percent: int
    span: Span = NOWHERE


class Pause(NamedTuple):
    """Without a duration, until somebody promotes."""

    duration: float | None = None


class Analyse(NamedTuple):
    names: tuple[Word, ...]


class HeaderMatch(NamedTuple):
    """Exactly one of `exact`, `prefix` and `regex`."""

    header: str
    exact: str = ''
    prefix: str = ''
    regex: str = ''


class SetHeaderRoute(NamedTuple):
    """Requests with all these headers go to the new version. Without any, the route is removed."""

    name: str
    match: tuple[HeaderMatch, ...] = ()
    span: Span = NOWHERE


class SetMirrorRoute(NamedTuple):
    """Without a percentage, the mirror is removed."""

    name: str
    percentage: int = 0
    span: Span = NOWHERE


CanaryStep: TypeAlias = SetWeight | Pause | Analyse | SetHeaderRoute | SetMirrorRoute


class Canary(NamedTuple):
    """`analysis` runs beside all steps."""

    steps: tuple[CanaryStep, ...] = ()
    analysis: tuple[Word, ...] = ()
    scale_down_delay_seconds: int = 30
    abort_scale_down_delay_seconds: int = 30
    span: Span = NOWHERE


class Amount(NamedTuple):
    """So many instances, or so many percent of them."""

    value: int
    percent: bool = False


class Rolling(NamedTuple):
    max_unavailable: Amount = Amount(25, percent=True)
    max_surge: Amount = Amount(25, percent=True)
    span: Span = NOWHERE


Strategy: TypeAlias = Direct | BlueGreen | Canary | Rolling


class HealthCheck(NamedTuple):
    """Exactly one of `endpoint` (HTTP, 200 to 399 is healthy), `tcp` (a port) and `command`."""

    endpoint: str = ''
    tcp: int | None = None
    command: str = ''
    interval: float = 10.0
    timeout: float = 5.0
    healthy_threshold: int = 2
    unhealthy_threshold: int = 3
    span: Span = NOWHERE


class Analysis(NamedTuple):
    """Exactly one of `metric` (of the router), `prometheus` (a query), `url` and `command`.

    `measurements` 0: one, or with an interval as many as there is time for. `on_no_data` is
    inconclusive, fail or pass. Limits as in Argo: one more than the limit fails, -1 is no limit.
    With `baseline`, the new version is compared with the old one in the same time. `path` finds
    the value in a URL's JSON: `$.data.ok`.
    """

    metric: str = ''
    prometheus: str = ''
    url: str = ''
    command: str = ''
    address: str = ''  # of Prometheus
    path: str = ''
    headers: Mapping[str, str] = {}
    baseline: bool = False
    env: Mapping[str, str] = {}
    failure: Condition | None = None
    success: Condition | None = None
    interval: float | None = None
    measurements: int = 0
    initial_delay: float = 0.0
    failure_limit: int = 0
    inconclusive_limit: int = 0
    consecutive_error_limit: int = 4
    min_requests: int = 100
    timeout: float = 30.0
    on_no_data: str = 'inconclusive'
    span: Span = NOWHERE


class Hooks(NamedTuple):
    """Commands around a deployment. One that fails takes the version back."""

    before: str = ''
    before_switch: str = ''
    after: str = ''
    after_rollback: str = ''


class Rollback(NamedTuple):
    """`revisions`: going back no further than this skips steps and analysis. `watch`: so long
    after a deployment the conditions are still heeded."""

    on: tuple[Condition, ...] = ()
    revisions: int = 5
    watch: float = 600.0


class Backoff(NamedTuple):
    duration: float = 5.0
    factor: float = 2.0
    max_duration: float = 180.0


class Sync(NamedTuple):
    """`automated` None: drift is shown and left alone."""

    automated: 'Automated | None' = None
    retry_limit: int = 5
    backoff: Backoff = Backoff()


class Automated(NamedTuple):
    prune: bool = False
    self_heal: bool = False
    allow_empty: bool = False


class Environment(NamedTuple):
    name: Word = Word('')  # its key
    on: Trigger = Trigger()
    url: str = ''
    needs: tuple[Word, ...] = ()
    tests: tuple[Word, ...] = ()
    protection: Protection = Protection()
    freeze: tuple[Freeze, ...] = ()
    env: Mapping[str, str] = {}
    env_file: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    target: Target | None = None
    strategy: Strategy = Direct()
    progress_deadline_seconds: int = 600
    min_ready_seconds: int = 0
    health_checks: tuple[HealthCheck, ...] = ()
    analysis: Mapping[str, Analysis] = {}
    hooks: Hooks = Hooks()
    rollback: Rollback | None = None
    sync: Sync | None = None
    span: Span = NOWHERE


# --- the rest


class Alert(NamedTuple):
    name: str
    condition: Condition
    duration: float = 0.0
    severity: str = 'warning'
    notify: tuple[Word, ...] = ()
    span: Span = NOWHERE


class Channel(NamedTuple):
    """Where messages go. Which fields count depends on the kind, which is its key in `notify`."""

    webhook: Secret | None = None
    url: str = ''
    secret: Secret | None = None
    routing_key: Secret | None = None
    to: tuple[str, ...] = ()
    sender: str = ''
    server: str = ''
    password: Secret | None = None
    span: Span = NOWHERE


class Retention(NamedTuple):
    artifacts: float | None = None
    logs: float | None = None
    runs: float | None = None


class Retry(NamedTuple):
    """`on` holds lost-runner, failure or both."""

    on: tuple[str, ...] = ('lost-runner',)
    times: int = 1


class Settings(NamedTuple):
    """One file. `deploys` binds jobs that name no environment to one."""

    path: str = ''
    app: str = ''
    gates: Gates | None = None
    environments: Mapping[str, Environment] = {}
    alerts: tuple[Alert, ...] = ()
    notify: Mapping[str, Channel] = {}
    retention: Retention = Retention()
    retry: Mapping[str, Retry] = {}
    deploys: Mapping[str, Word] = {}
    sandbox: Sandbox = Sandbox()
