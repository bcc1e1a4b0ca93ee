"""What the hook of a bare repository tells of a push."""

import json

import pytest

from liftlock.cli.hooks.sender.letters import Change, changes, merge_group, push
from liftlock.cli.hooks.sender.receiving import gated, options, pusher
from liftlock.cli.hooks.sender.showing import green, over, verdict

OLD, NEW, NOTHING = 'a' * 40, 'b' * 40, '0' * 40
MAIN = Change(OLD, NEW, 'refs/heads/main')


def test_branches_and_tags_are_told_and_nothing_else() -> None:
    lines = [
        f'{OLD} {NEW} refs/heads/main',
        f'{NOTHING} {NEW} refs/tags/v1',
        f'{OLD} {NEW} refs/notes/commits',
        '',
    ]
    assert changes(lines) == [MAIN, Change(NOTHING, NEW, 'refs/tags/v1')]


def test_a_push_is_told_in_the_words_of_github() -> None:
    letter = push(MAIN, 'mona', 'octo/shop')
    assert letter.event == 'push'
    assert json.loads(letter.body) == {
        'ref': 'refs/heads/main',
        'before': OLD,
        'after': NEW,
        'created': False,
        'deleted': False,
        'pusher': {'name': 'mona'},
        'sender': {'login': 'mona'},
        'repository': {'full_name': 'octo/shop'},
    }


def test_a_branch_that_is_new_or_gone_is_told_as_such() -> None:
    assert json.loads(push(MAIN._replace(old=NOTHING), 'm', 'o/s').body)['created'] is True
    assert json.loads(push(MAIN._replace(new=NOTHING), 'm', 'o/s').body)['deleted'] is True


def test_the_same_push_later_is_another_letter() -> None:
    assert push(MAIN, 'm', 'o/s').delivery != push(MAIN, 'm', 'o/s').delivery


def test_a_gate_asks_for_a_merge_group_of_the_new_commit() -> None:
    letter = merge_group(MAIN, 'mona', 'octo/shop')
    told = json.loads(letter.body)
    assert (letter.event, told['action']) == ('merge_group', 'checks_requested')
    assert told['merge_group'] == {
        'head_sha': NEW,
        'head_ref': f'refs/heads/gh-readonly-queue/main/{NEW[:12]}',
        'base_sha': OLD,
        'base_ref': 'refs/heads/main',
    }


@pytest.mark.parametrize(
    ('ref', 'patterns', 'waits'),
    [
        ('refs/heads/main', ['main'], True),
        ('refs/heads/topic', ['main'], False),
        ('refs/heads/release/1', ['main', 'release/*'], True),
        ('refs/tags/main', ['main'], False),
        ('refs/heads/main', [], False),
    ],
)
def test_a_gate_stands_before_the_branches_that_were_named(
    ref: str, patterns: list[str], waits: bool
) -> None:
    assert gated(MAIN._replace(ref=ref), patterns) is waits


def test_removing_a_branch_needs_no_green() -> None:
    assert gated(MAIN._replace(new=NOTHING), ['main']) is False


def test_push_options_are_read_as_git_gives_them() -> None:
    env = {'GIT_PUSH_OPTION_COUNT': '2', 'GIT_PUSH_OPTION_0': 'ci.wait', 'GIT_PUSH_OPTION_1': 'x=y'}
    assert options(env) == ['ci.wait', 'x=y']
    assert options({}) == []


def test_whoever_hosts_the_repository_says_who_pushed() -> None:
    assert pusher({'USER': 'git', 'GL_USER': 'mona'}) == 'mona'
    assert pusher({'USER': 'git'}) == 'git'
    assert pusher({}) == 'git'


def told(*conclusions: str, state: str = 'decided', failed: bool = False) -> dict[str, object]:
    runs = [{'workflow': f'W{n}', 'conclusion': one} for n, one in enumerate(conclusions)]
    return {'state': state, 'failed': failed, 'said': '', 'runs': runs}


def test_green_is_what_is_decided_and_has_ended_well() -> None:
    assert green(told('success', 'skipped'))
    assert green(told())
    assert not green(told('success', ''))
    assert not green(told('success', 'cancelled'))
    assert not green(told('success', state='waiting'))
    assert not green(told(failed=True))
    assert not over(told('success', ''))
    assert verdict(told('success', 'failure')) == 'is red: W1 failure'
