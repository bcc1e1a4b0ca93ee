"""Text in, workflow and diagnostics out. Knows no run, no runner and no clock. Pure."""
