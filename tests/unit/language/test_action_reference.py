import pytest

from liftlock.language.reference import Reference, parse
from liftlock.runner.actions.majors import NEWEST, major


@pytest.mark.parametrize(
    ('uses', 'expected'),
    [
        ('actions/checkout@v4', Reference('actions', 'checkout', '', 'v4')),
        ('Actions/Cache/save@v4', Reference('Actions', 'Cache', 'save', 'v4')),
        ('o/r/a/b@feature/x@2', Reference('o', 'r', 'a/b', 'feature/x@2')),
        (
            'o/r/.github/workflows/x.yml@main',
            Reference('o', 'r', '.github/workflows/x.yml', 'main'),
        ),
    ],
)
def test_a_reference_has_owner_repo_path_and_ref(uses: str, expected: Reference) -> None:
    assert parse(uses) == expected


@pytest.mark.parametrize(
    'uses',
    [
        './x', '$/x', 'docker://alpine:3', 'checkout@v4', 'a/b', 'a/b@', '../b@v1', 'a/..@v1',
        'a/b/../../c@v1', 'a/b/..@v1',
    ],
)  # fmt: skip
def test_other_things_are_no_reference(uses: str) -> None:
    assert parse(uses) is None


def test_owner_and_repo_are_compared_in_lower_case_and_the_ref_is_not() -> None:
    reference = parse('Actions/Checkout@V4')
    assert reference is not None
    assert reference.pin == 'actions/checkout@V4'


def test_only_a_file_directly_in_the_folder_is_a_workflow() -> None:
    known = {text: parse(f'o/r/{text}@v1') for text in ('.github/workflows/a.yml', 'x/a.yml')}
    assert [bool(found and found.is_workflow) for found in known.values()] == [True, False]


@pytest.mark.parametrize(
    ('ref', 'expected'),
    [
        ('v3', 3),
        ('v3.1.2', 3),
        ('4.0', 4),
        ('releases/v2', 2),
        ('main', NEWEST),
        ('a' * 40, NEWEST),
    ],
)
def test_the_major_is_read_off_the_ref(ref: str, expected: int) -> None:
    assert major(ref) == expected
