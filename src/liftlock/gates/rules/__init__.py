"""The gates of `liftlock.yml`: settings and evidence in, a verdict out."""
