"""Actions: found, fetched, locked and run."""

from typing import Final

LOCK: Final = '.github/workflows/actions.lock'  # in a repository; most have none
