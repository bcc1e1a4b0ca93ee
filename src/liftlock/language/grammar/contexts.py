"""Which contexts and functions are there at which stage of a run. Each stage adds to the last."""

from typing import Final

from liftlock.language.expressions.grammar import Known

MOST: Final = 255
HASH_FILES: Final = ('hashfiles', 1, MOST)


def names(spaced: str, *functions: tuple[str, int, int]) -> Known:
    return Known(frozenset(spaced.split()), frozenset(functions))


def statuses(most: int) -> tuple[tuple[str, int, int], ...]:
    """A job's `success` and `failure` may name other jobs; a step's take no arguments."""
    return ('always', 0, 0), ('cancelled', 0, 0), ('success', 0, most), ('failure', 0, most)


SUBMITTED: Final = names('github inputs vars')
WORKFLOW_ENV: Final = names('github inputs vars secrets')
CALL_OUTPUT: Final = names('github inputs vars jobs')
NEEDED: Final = names('github inputs vars needs')
JOB_CONDITION: Final = names('github inputs vars needs', *statuses(MOST))
EXPANDED: Final = names('github inputs vars needs strategy matrix')
EXPANDED_AND_SECRETS: Final = names('github inputs vars needs strategy matrix secrets')
JOB_DEFAULTS: Final = names('github inputs vars needs strategy matrix env')
CREDENTIALS: Final = names('github inputs vars needs strategy matrix secrets env')
ENVIRONMENT_URL: Final = names('github inputs vars needs strategy matrix steps job runner env')
RUNNING: Final = names('github inputs vars needs strategy matrix secrets steps job runner env')
STEP: Final = names(
    'github inputs vars needs strategy matrix secrets steps job runner env', HASH_FILES
)
STEP_CONDITION: Final = names(
    'github inputs vars needs strategy matrix steps job runner env', *statuses(0), HASH_FILES
)
# GitHub's schema gives the snapshot's condition no functions; its converter does since May 2026.
SNAPSHOT_CONDITION: Final = names(
    'github inputs vars needs strategy matrix', *statuses(0), HASH_FILES
)

ACTION_DEFAULT: Final = names('github strategy matrix job runner', HASH_FILES)
ACTION_OUTPUT: Final = names('github strategy matrix steps inputs job runner env')
ACTION_HOOK: Final = names('runner github job strategy matrix env inputs', *statuses(0), HASH_FILES)
ACTION_INPUTS: Final = names('inputs')
COMPOSITE: Final = names('github inputs strategy matrix steps job runner env', HASH_FILES)
COMPOSITE_CONDITION: Final = names(
    'github inputs strategy matrix steps job runner env', *statuses(0), HASH_FILES
)
