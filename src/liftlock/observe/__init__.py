"""Eyes and voice: probes, metrics, DORA, alerts. May import gates, rollout, plan, language."""
