"""Actions: found, fetched, locked and run."""
