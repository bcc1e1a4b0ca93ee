"""The description says what is told: a field that somebody adds must be described."""

import pytest
from pydantic import BaseModel

from liftlock.engine import trend
from liftlock.gates import flakes
from liftlock.language.records import NamedTuple
from liftlock.rollout.version import Version
from liftlock.server.rest.shapes import (
    deployments,
    figures,
    logs,
    members,
    people,
    repositories,
    runs,
    sections,
)
from liftlock.store import (
    access,
    artifacts,
    audit,
    deliveries,
    hooks,
    intakes,
    schedules,
    settings,
    statuses,
)
from liftlock.store import logs as stored
from liftlock.store import people as accounts
from liftlock.store import repositories as registered
from liftlock.store import runs as rows
from liftlock.store import scopes as known
from liftlock.store import secrets as safe

HIDDEN = {
    rows.Run: {'request', 'owner', 'token'},
    schedules.Past: {'schedule'},
    flakes.Outcome: {'message', 'seconds'},
}
ADDED = {
    runs.Run: {'interrupted'},
    deployments.Version: {'id'},
    deployments.Deployment: {'repository', 'took', 'rollback'},
    repositories.Schedule: {'slots', 'missed', 'coming'},
    repositories.Status: {'name'},
    members.User: {'grants'},
}


@pytest.mark.parametrize(
    ('record', 'shape'),
    [
        (rows.Run, runs.Run),
        (artifacts.Artifact, runs.Artifact),
        (stored.Line, logs.Line),
        (Version, deployments.Version),
        (deliveries.Deployment, deployments.Deployment),
        (access.Token, people.Token),
        (audit.Entry, people.Entry),
        (registered.Repository, repositories.Repository),
        (intakes.Intake, repositories.Event),
        (intakes.Decision, repositories.Decision),
        (hooks.Hook, repositories.Delivery),
        (schedules.Schedule, repositories.Schedule),
        (schedules.Past, repositories.Slot),
        (settings.Settings, repositories.Settings),
        (statuses.Row, repositories.Status),
        (accounts.User, members.User),
        (accounts.Grant, people.Grant),
        (access.Visit, members.Session),
        (trend.Trend, sections.Trend),
        (trend.Day, figures.Day),
        (flakes.Outcome, sections.Outcome),
    ],
)
def test_every_field_is_described(record: type[NamedTuple], shape: type[BaseModel]) -> None:
    fields = set(record._fields) - HIDDEN.get(record, set()) | ADDED.get(shape, set())
    assert set(shape.model_fields) == fields


def test_secrets_have_no_field_for_what_they_are() -> None:
    from liftlock.server.rest.shapes import secrets

    assert set(secrets.Secret.model_fields) == set(safe.Entry._fields)
    assert set(secrets.Variable.model_fields) == {*safe.Entry._fields, 'value'}


def test_every_scope_can_be_asked_for() -> None:
    assert set(people.Scope.__args__) == set(known.SCOPES)
