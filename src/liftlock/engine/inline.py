"""The driver of one machine: asyncio and SQLite, in the process of the command that submitted.

    engine = Inline(store, worker=..., slots=2)
    run = engine.submit(submission)                  # written, nothing started
    conclusion = await engine.carry_out(run, watch)  # until RunFinished; watch gets every Stamped

`carry_out` on a run that another process left behind takes it up where its facts end.
"""
