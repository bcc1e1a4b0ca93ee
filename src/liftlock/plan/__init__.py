"""Event and workflow in, plan out; then plan and facts in, progress and commands out. Pure."""
