"""What was seen in, what to do next out. Pure. May import plan and language."""
