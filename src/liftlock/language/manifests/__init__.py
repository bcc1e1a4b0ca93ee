"""Manifests of others, read as they stand: Argo's Rollout, AnalysisTemplate and Application, and
Istio's VirtualService. What comes of them is the `environments:` of a `liftlock.yml` that mean the
same.

Nothing is passed over in silence. What Liftlock has no word for is named with its place, and so is
what had to be assumed; what is only said for other programs (labels, other kinds) is left alone.
"""
