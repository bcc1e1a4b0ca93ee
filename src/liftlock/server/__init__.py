"""HTTP: REST, web UI, webhooks, live logs. May import the engine and what is below it."""
