"""What is said to people who wrote an expression that GitHub cannot read."""

import pytest

from liftlock.language.expressions.text import condition, split
from liftlock.language.grammar import contexts
from liftlock.language.reading.advice import advice


def told(text: str, known: contexts.Known = contexts.STEP) -> str:
    found = split(text, known)
    assert isinstance(found, list)
    return advice(found[0], text, known, condition=False)


def told_of_condition(text: str, known: contexts.Known = contexts.STEP_CONDITION) -> str:
    found = condition(text, known)
    assert isinstance(found, list)
    return advice(found[0], text, known, condition=True)


@pytest.mark.parametrize(
    ('text', 'hint'),
    [
        ('${{ githb.ref }}', 'did you mean "github"?'),
        ('${{ main }}', "a text takes single quotes: 'main'"),
        ('${{ contain(1, 2) }}', 'did you mean "contains"?'),
        ('${{ tojsn(1) }}', 'did you mean "toJSON"?'),
        ('${{ success() }}', 'success() is for conditions (if:) only'),
        ('${{ contains(1) }}', 'contains() takes 2 arguments'),
        ('${{ join(1, 2, 3) }}', 'join() takes 1 to 2 arguments'),
        ('${{ format() }}', 'format() takes 1 or more arguments'),
        ('${{ github.ref == "x y" }}', "strings take single quotes: 'x y'"),
        ("${{ github.ref == 'x }}", 'close it with }}, and look for a quote that is not closed'),
        ('${{ 1 and 2 }}', 'write && for "and"'),
        ('${{ 1 = 2 }}', 'compare with =='),
        ('${{ 1 === 2 }}', 'compare with =='),
        ('${{ github.run_number + 1 }}', 'there is no arithmetic'),
        ('${{ contains(github.ref, ${{ 1 }} }}', 'write no ${{ }} inside of ${{ }}'),
        ('${{ !( }}', 'something is missing at the end, such as a value or a closing bracket'),
    ],
)
def test_a_mistake_is_answered_with_what_was_meant(text: str, hint: str) -> None:
    assert told(text).startswith(hint)


def test_a_secret_in_a_condition_is_put_into_env_by_its_name() -> None:
    assert told_of_condition("secrets.TOKEN == ''") == (
        "map it to env, and test that: env: {TOKEN: '${{ secrets.TOKEN }}'}, if: env.TOKEN != ''"
    )
    assert 'env: {NAME:' in told_of_condition("secrets['x'] == ''")


def test_a_job_has_no_env_to_put_a_secret_into() -> None:
    assert 'another job' in told_of_condition('secrets.TOKEN', contexts.JOB_CONDITION)


def test_a_context_that_comes_later_is_not_called_unknown() -> None:
    assert told('${{ steps.a.outputs.b }}', contexts.WORKFLOW_ENV) == (
        'steps is not available here; there are: github, inputs, secrets, vars'
    )
    assert told('${{ hashFiles(1) }}', contexts.NEEDED).startswith('hashFiles() is for steps only')
