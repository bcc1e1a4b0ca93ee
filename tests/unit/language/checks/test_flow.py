import pytest

from liftlock.language.checks.flow import texts
from liftlock.language.checks.injection import untrusted
from liftlock.language.expressions.grammar import parse

TITLE = 'github.event.issue.title'


@pytest.mark.parametrize(
    'expression',
    [
        TITLE,
        f'format("{{0}}", {TITLE})'.replace('"', "'"),
        f'toJSON({TITLE})',
        f"{TITLE} || 'none'",
        f'github.event.issue && {TITLE}',
        f"case(true, {TITLE}, 'none')",
        "github.event.issue['title']",
        'github.EVENT.Issue.Title',
        'github.event.commits[0].message',
        'github.event.commits.*.author.name',
        'toJSON(github.event)',
        'toJSON(github.event.pull_request.head)',
        'github.head_ref',
    ],
)
def test_what_strangers_write_comes_through(expression: str) -> None:
    assert any(untrusted(path) for path in texts(parse(expression).tree))


@pytest.mark.parametrize(
    'expression',
    [
        f"contains({TITLE}, 'x')",
        f"{TITLE} == 'x'",
        f"{TITLE} && 'yes' || 'no'",
        f'!{TITLE}',
        f"case({TITLE} == 'x', 'yes', 'no')",
        'github.event.issue.number',
        'github.event.pull_request.head.sha',
        'github.event.pull_request.head.repo.full_name',
        'github.event_name',
        'github.ref_name',
        'github.token',
        'env.TITLE',
    ],
)
def test_what_strangers_do_not_write_is_left_alone(expression: str) -> None:
    assert not any(untrusted(path) for path in texts(parse(expression).tree))
