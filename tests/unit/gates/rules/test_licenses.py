"""Licenses: expressions, names that stand for them, and what is denied."""

import pytest

from liftlock.gates.evidence import Evidence, Seen
from liftlock.gates.reports.read import Read
from liftlock.gates.reports.records import Licenses, Package
from liftlock.gates.rules import licenses
from liftlock.gates.rules.spdx import Either, Every, Id, parse
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.language.settings import model


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('MIT', Id('MIT')),
        ('MIT License', Id('MIT')),
        ('License :: OSI Approved :: MIT License'.rpartition(':: ')[2], Id('MIT')),
        ('(MIT OR Apache-2.0)', Either((Id('MIT'), Id('Apache-2.0')))),
        (
            'MIT AND (BSD-3-Clause or ISC)',
            Every((Id('MIT'), Either((Id('BSD-3-Clause'), Id('ISC'))))),
        ),
        (
            'A OR B AND C WITH x',
            Either((Id('A'), Every((Id('B'), Id('C', 'x'))))),
        ),
        ('BSD License', Every((Id('BSD-2-Clause'), Id('BSD-3-Clause')))),
        ('see the file', Id('see the file')),
        ('(' * 60 + 'MIT' + ')' * 60, Id('(' * 60 + 'MIT' + ')' * 60)),
        ('MIT OR', Id('MIT OR')),
    ],
)
def test_an_expression_is_read(text: str, expected: object) -> None:
    assert parse(text) == expected


def judged(settings: model.Licenses, *told: str) -> Verdict:
    packages = (Package('shop 1', told),)
    return licenses.judge(settings, Seen((Evidence(Read('r', (Licenses('x', packages),))),)))


DENY = model.Licenses(deny=('AGPL-3.0-only', 'GPL-2.0'))
ALLOW = model.Licenses(allow=('MIT', 'BSD-3-Clause', 'GPL-2.0-only WITH Classpath-exception-2.0'))


@pytest.mark.parametrize(
    ('settings', 'told', 'outcome'),
    [
        (DENY, 'MIT', 'pass'),
        (DENY, 'AGPL-3.0-only', 'fail'),
        (DENY, 'AGPL-3.0', 'fail'),
        (DENY, 'agpl-3.0-or-later', 'fail'),
        (DENY, 'GNU Affero General Public License v3 or later (AGPLv3+)', 'fail'),
        (DENY, 'MIT OR AGPL-3.0-only', 'pass'),
        (DENY, 'MIT AND AGPL-3.0-only', 'fail'),
        (DENY, 'GPL-2.0-only WITH Classpath-exception-2.0', 'fail'),
        (DENY, 'GPL', 'fail'),
        (DENY, 'LGPL-2.1-only', 'pass'),
        (DENY, 'public-domain', 'pass'),
        (ALLOW, 'MIT', 'pass'),
        (ALLOW, 'ISC', 'fail'),
        (ALLOW, 'ISC OR MIT', 'pass'),
        (ALLOW, 'BSD License', 'fail'),
        (ALLOW, 'GPL-2.0-only WITH Classpath-exception-2.0', 'pass'),
        (ALLOW, 'GPL-2.0-only', 'fail'),
        (model.Licenses(allow=('GPL-2.0-only',)), 'GPL-2.0-or-later', 'pass'),
        (model.Licenses(allow=('GPL-2.0-or-later',)), 'GPL-2.0-only', 'fail'),
        (model.Licenses(deny=('GPL',)), 'GPL-3.0-or-later', 'fail'),
        (
            model.Licenses(deny=('GPL-2.0-only',), allow=('GPL-2.0-only WITH x',)),
            'GPL-2.0+ WITH x',
            'fail',
        ),
    ],
)
def test_what_is_denied_is_denied(settings: model.Licenses, told: str, outcome: str) -> None:
    assert judged(settings, told).outcome.value == outcome


def test_several_licenses_of_a_package_all_count() -> None:
    verdict = judged(DENY, 'MIT', 'AGPL-3.0-only')
    assert verdict.outcome is Outcome.FAIL
    assert (verdict.findings[0].subject, verdict.findings[0].message) == (
        'shop 1',
        'MIT and AGPL-3.0-only',
    )


def test_a_license_that_nobody_tells_may_be_any() -> None:
    verdict = judged(DENY)
    assert (verdict.outcome, verdict.message) == (
        Outcome.UNDECIDED,
        '1 package, 0 under a licence that is denied, 1 under one that is not known',
    )


def test_what_one_report_does_not_tell_another_may() -> None:
    silent = Licenses('x', (Package('Shop_it 1'),))
    telling = Licenses('y', (Package('shop-it 1', ('MIT',)),))
    given = Seen((Evidence(Read('r', (silent, telling))),))
    assert licenses.judge(DENY, given).outcome is Outcome.PASS
