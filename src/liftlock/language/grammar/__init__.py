"""GitHub's grammar of August 2026 as tables: which keys are allowed where, and what they hold."""
