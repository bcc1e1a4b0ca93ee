"""Where numbers come from: the router, Prometheus, a URL, a command. One module a source."""
