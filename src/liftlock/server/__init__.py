"""HTTP: web pages, REST and live updates over the store of `liftlock run`."""
