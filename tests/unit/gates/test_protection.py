"""What lets a deployment through, what holds it, and for how long."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.gates.protection import (
    DAY,
    Allowed,
    Approval,
    Asked,
    Bypass,
    Judgement,
    Known,
    Refused,
    Rejection,
    Said,
    Waiting,
    judge,
    policy,
)
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.language.settings.model import Freeze, Protection

AT = datetime(2026, 12, 1, 12, tzinfo=UTC).timestamp()
ASKED = Asked('c0ffee', 'refs/heads/main', 'text', AT, by='alice')
FREE = Protection()
OPS = Protection(reviewers=('ops',))
KNOWN = Known(teams={'ops': ('alice', 'bob', 'carol', 'dave')}, authors=('carol',))
MONTH = Freeze('2026-12-01', '2026-12-31', reason='year end')
NEXT_YEAR = datetime(2027, 1, 1, tzinfo=UTC).timestamp()


def approvals(*people: str, commit: str = 'c0ffee', settings: str = 'text') -> Said:
    return Said(tuple(Approval(by, commit, settings) for by in people))


def answer(
    protection: Protection = FREE,
    said: Said = Said(),  # noqa: B008 - a record
    *,
    asked: Asked = ASKED,
    freezes: tuple[Freeze, ...] = (),
    known: Known = KNOWN,
    after: float = 0.0,
) -> Judgement:
    return judge(protection, freezes, asked, said, known, AT + after)


def reason(*rules: object, **more: object) -> str:
    waiting = answer(*rules, **more)  # type: ignore[arg-type]
    assert isinstance(waiting, Waiting), waiting
    return waiting.reason


def test_an_environment_without_protection_lets_everything_through() -> None:
    assert answer() == Allowed('')


# --- approvals


def test_one_of_a_team_is_enough_and_is_named() -> None:
    assert answer(OPS, approvals('dave')) == Allowed('approved by dave')


def test_without_an_approval_it_waits_until_it_expires() -> None:
    assert answer(OPS) == Waiting(('waits for an approval of ops',), 0.0, 1, AT + 30 * DAY)


@pytest.mark.parametrize(
    ('protection', 'said', 'told'),
    [
        (OPS, approvals('mallory'), 'waits for an approval of ops'),
        (
            OPS._replace(required=2),
            approvals('bob', 'bob', 'BOB'),
            'waits for 2 approvals of ops, has bob',
        ),
        (
            OPS._replace(required=3),
            approvals('bob', 'dave'),
            'waits for 3 approvals of ops, has bob and dave',
        ),
        (
            OPS,
            approvals('bob', commit='other'),
            'waits for an approval of ops; bob approved another commit or other settings',
        ),
        (
            OPS,
            approvals('bob', settings='other'),
            'waits for an approval of ops; bob approved another commit or other settings',
        ),
        (
            OPS._replace(prevent_self_review=True),
            approvals('alice'),
            'waits for an approval of ops',
        ),
        (
            OPS._replace(prevent_self_review=True),
            approvals('Carol'),
            'waits for an approval of ops',
        ),
        (
            Protection(reviewers=('alice', '@Carol'), prevent_self_review=True),
            approvals('alice'),
            'waits for an approval of alice or @Carol; nobody of them may approve what is not'
            ' their own',
        ),
        (
            Protection(reviewers=('alice', 'erin', 'ops'), required=6),
            Said(),
            'waits for 6 approvals of alice, erin or ops; 5 of them may approve what is not'
            ' their own',
        ),
    ],
)
def test_what_does_not_count_leaves_it_waiting(
    protection: Protection, said: Said, told: str
) -> None:
    assert reason(protection, said) == told


@pytest.mark.parametrize(
    ('protection', 'said'),
    [
        (OPS, approvals('DAVE')),
        (OPS, approvals('alice')),  # her own, and nothing is said against that
        (OPS._replace(required=2), approvals('bob', 'mallory', 'dave')),
        (OPS._replace(prevent_self_review=True), approvals('alice', 'bob')),
        (Protection(reviewers=('@bob',)), approvals('bob')),
        (Protection(reviewers=('acme/ops',)), approvals('bob')),
        (Protection(reviewers=('nobody-knows-this-team', 'bob')), approvals('bob')),
        (OPS._replace(required=0), Said()),
        (Protection(required=2), Said()),  # of whom?
    ],
)
def test_enough_approvals_let_it_through(protection: Protection, said: Said) -> None:
    assert isinstance(answer(protection, said), Allowed)


def test_who_approved_something_else_first_still_counts_once_the_right_thing_is_approved() -> None:
    both = Said((Approval('bob', 'other', 'text'), Approval('bob', 'c0ffee', 'text')))
    assert answer(OPS, both) == Allowed('approved by bob')
    assert 'other settings' not in reason(OPS._replace(required=2), both)


def test_one_rejection_is_more_than_all_approvals() -> None:
    said = approvals('bob', 'dave')._replace(rejection=Rejection('erin', 'not on a Friday'))
    assert answer(OPS, said) == Refused('erin rejected it: not on a Friday')
    assert answer(FREE, Said(rejection=Rejection('erin'))) == Refused('erin rejected it')


def test_what_nobody_approved_expires() -> None:
    assert isinstance(answer(OPS, after=30 * DAY - 1), Waiting)
    expired = 'nobody let it through by 2026-12-31 12:00 UTC: waits for an approval of ops'
    assert answer(OPS, after=30 * DAY) == Refused(expired)
    assert isinstance(answer(OPS._replace(expires=60.0), after=60.0), Refused)
    assert isinstance(answer(OPS, approvals('bob'), after=31 * DAY), Allowed)


# --- time


def test_the_wait_timer_runs_from_the_request() -> None:
    wait = Protection(wait=600.0)
    told = ('its wait timer runs until 2026-12-01 12:10 UTC',)
    assert answer(wait) == Waiting(told, AT + 600)
    assert isinstance(answer(wait, after=599.9), Waiting)
    assert answer(wait, after=600.0) == Allowed('')


def test_what_waits_for_a_time_only_does_not_expire() -> None:
    assert answer(Protection(expires=60.0), freezes=(MONTH,), after=120.0) == Waiting(
        ('frozen until 2027-01-01 00:00 UTC: year end',), NEXT_YEAR
    )


def test_all_reasons_are_told_and_the_first_change_is_when_to_look_again() -> None:
    waiting = answer(OPS._replace(wait=600.0), freezes=(MONTH,))
    assert isinstance(waiting, Waiting)
    assert waiting.reasons == (
        'waits for an approval of ops',
        'its wait timer runs until 2026-12-01 12:10 UTC',
        'frozen until 2027-01-01 00:00 UTC: year end',
    )
    assert waiting.until == AT + 600
    assert waiting.expires == AT + 30 * DAY


# --- branches and tags


@pytest.mark.parametrize(
    ('branches', 'tags', 'ref', 'told'),
    [
        ((), (), 'refs/heads/anything', ''),
        (('main',), (), 'refs/heads/main', ''),
        (('release/*',), (), 'refs/heads/release/1', ''),
        (('**', '!wip/**'), (), 'refs/heads/a/b', ''),
        ((), ('v*',), 'refs/tags/v1.0', ''),
        (('refs/pull/*/merge',), (), 'refs/pull/7/merge', ''),
        (('main',), (), 'refs/heads/dev', 'branch "dev" may not be deployed here, only main'),
        (
            ('main', 'release/*'),
            (),
            'refs/heads/release/1/2',
            'branch "release/1/2" may not be deployed here, only main, release/*',
        ),
        (('main',), (), 'refs/tags/main', 'tag "main" may not be deployed here, no tag at all'),
        ((), ('v*',), 'refs/heads/v1', 'branch "v1" may not be deployed here, no branch at all'),
        (
            ('*',),
            (),
            'refs/pull/7/merge',
            'branch "refs/pull/7/merge" may not be deployed here, only *',
        ),
        (('**', '!wip/**'), (), 'refs/heads/wip/a',
         'branch "wip/a" may not be deployed here, only **, !wip/**'),
    ],
)  # fmt: skip
def test_only_the_branches_and_tags_that_are_named_are_deployed(
    branches: tuple[str, ...], tags: tuple[str, ...], ref: str, told: str
) -> None:
    protection = Protection(branches=branches, tags=tags)
    assert policy(protection, ref) == told
    expected = Refused(told) if told else Allowed('')
    assert answer(protection, asked=ASKED._replace(ref=ref)) == expected


# --- gates, and what comes before


def test_a_gate_that_failed_refuses_and_one_that_could_not_be_evaluated_blocks() -> None:
    passed = Verdict('tests', Outcome.PASS)
    failed = Verdict('coverage', Outcome.FAIL, '71 % of 75 %')
    unknown = Verdict('secrets', Outcome.UNDECIDED, 'no report')
    assert answer(known=Known(verdicts=(passed,))) == Allowed('')
    assert answer(known=Known(verdicts=(passed, failed, unknown))) == Refused(
        'the gate "coverage" failed: 71 % of 75 %'
    )
    waiting = answer(known=Known(verdicts=(passed, unknown)))
    assert waiting == Waiting(
        ('the gate "secrets" could not be evaluated: no report',), 0.0, 0, AT + 30 * DAY
    )


def test_a_gate_that_asks_for_an_approval_is_content_with_one_of_the_reviewers() -> None:
    asking = Known(KNOWN.teams, verdicts=(Verdict('code', Outcome.PASS, '2 high', approval=True),))
    assert reason(known=asking) == (
        'the gate "code" asks for an approval: 2 high, and nobody is set to give one (reviewers:)'
    )
    assert reason(OPS, known=asking) == (
        'waits for an approval of ops; the gate "code" asks for an approval: 2 high'
    )
    approved = Said((Approval('bob', 'c0ffee', 'text'),))
    assert answer(OPS, approved, known=asking) == Allowed('approved by bob')


def test_a_version_goes_through_the_environments_that_come_before() -> None:
    known = Known(missing=('staging',))
    assert reason(known=known) == 'waits for this version to succeed in staging'


# --- bypass


BYPASS = Said(bypass=Bypass('alice', 'the shop is down'))


def test_a_bypass_lets_through_what_waits_and_tells_what_it_passed_over() -> None:
    known = Known(missing=('staging',), verdicts=(Verdict('code', Outcome.UNDECIDED),))
    allowed = answer(OPS._replace(wait=600.0), BYPASS, freezes=(MONTH,), known=known)
    assert allowed == Allowed(
        'alice bypassed this: waits for an approval of ops; waits for this version to succeed in'
        ' staging; the gate "code" could not be evaluated; its wait timer runs until'
        ' 2026-12-01 12:10 UTC; frozen until 2027-01-01 00:00 UTC: year end (the shop is down)'
    )


@pytest.mark.parametrize(
    ('protection', 'said', 'known'),
    [
        (Protection(branches=('release',)), BYPASS, KNOWN),
        (FREE, BYPASS._replace(rejection=Rejection('bob')), KNOWN),
        (FREE, BYPASS, Known(verdicts=(Verdict('code', Outcome.FAIL),))),
    ],
)
def test_a_bypass_lets_nothing_through_that_is_refused(
    protection: Protection, said: Said, known: Known
) -> None:
    assert isinstance(answer(protection, said, known=known), Refused)


def test_a_bypass_that_passes_over_nothing_is_not_told() -> None:
    assert answer(FREE, BYPASS) == Allowed('')


# --- whatever is said


people = st.sampled_from(['alice', 'Bob', 'carol', 'dave', 'mallory'])
given_approvals = st.lists(
    st.builds(Approval, people, st.sampled_from(['c0ffee', 'x']), st.sampled_from(['text', 'y']))
)


@given(given_approvals, st.integers(1, 4), st.booleans())
def test_nothing_passes_with_fewer_different_people_than_required(
    found: list[Approval], required: int, own: bool
) -> None:
    protection = OPS._replace(required=required, prevent_self_review=own)
    good = {
        one.by.lower()
        for one in found
        if (one.commit, one.settings) == ('c0ffee', 'text') and one.by != 'mallory'
    }
    if own:
        good -= {'alice', 'carol'}
    judgement = answer(protection, Said(tuple(found)))
    assert isinstance(judgement, Allowed) == (len(good) >= required)
    if isinstance(judgement, Waiting):
        assert judgement.approvals == required - len(good)


@given(given_approvals, st.floats(0, 40 * DAY))
def test_until_is_later_than_now(found: list[Approval], after: float) -> None:
    protection = OPS._replace(required=2, wait=3600.0)
    judgement = answer(protection, Said(tuple(found)), freezes=(MONTH,), after=after)
    if isinstance(judgement, Waiting):
        times = (judgement.until, judgement.expires)
        assert all(moment == 0 or moment > AT + after for moment in times)
        assert any(times)


@given(st.lists(given_approvals, min_size=1, max_size=3))
def test_another_approval_never_holds_anything_up(batches: list[list[Approval]]) -> None:
    found: list[Approval] = []
    allowed = False
    for batch in batches:
        found += batch
        now = isinstance(answer(OPS._replace(required=2), Said(tuple(found))), Allowed)
        assert now or not allowed
        allowed = now
