"""What is given by hand goes before what is stored, in every environment."""

from liftlock.engine.stored import above


def test_what_is_given_goes_before_the_variables_of_the_repository() -> None:
    assert above({'A': 'given'}, {'': {'A': 'stored', 'B': 'stored'}}) == (
        {'A': 'given', 'B': 'stored'},
        {},
    )


def test_and_before_those_of_environments_whatever_the_case_of_the_name() -> None:
    stored = {'': {'A': '1', 'B': '2'}, 'production': {'A': '3', 'C': '4'}, 'staging': {'A': '5'}}
    assert above({'a': 'given'}, stored) == (
        {'a': 'given', 'B': '2'},
        {'production': {'C': '4'}, 'staging': {}},
    )


def test_without_anything_stored_there_is_what_was_given() -> None:
    assert above({'A': '1'}, {}) == ({'A': '1'}, {})
