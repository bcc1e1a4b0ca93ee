"""Runs the steps of one job somewhere, and tells what happened. May import plan and language."""
