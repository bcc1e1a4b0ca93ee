"""`liftlock.yml`: what GitHub has no word for. Gates, environments, alerts, retention, retries.

    parsed = parse.parse('liftlock.yml', text)
    parsed.settings    # None when the file could not be understood at all
    parsed.diagnostics

`table.py` and `environments.py` say which keys there are and what may stand under them; the
reader, the JSON Schema and the hints all come from them. `model.py` holds what is read. `check.py`
finds what no table can: names that stand for nothing, and words that contradict one another.
"""
