"""Reports and people in, verdict out. Pure. May import plan and language."""
