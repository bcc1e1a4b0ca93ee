"""Where deployments live, and the traffic router. May import rollout, plan and language."""
