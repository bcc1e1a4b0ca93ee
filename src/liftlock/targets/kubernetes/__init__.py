"""Kubernetes, by the user's own `kubectl` (and `helm` where a chart is deployed).

Two kinds of targets. *In place*: something that exists is updated and Kubernetes replaces the pods
by its own means; what is applied is a deployment that is there, an Argo Rollout, manifests, a
kustomization or a chart. *With colours*: every revision is a Deployment of its own, and traffic is
switched between them by a Service's selector, an Istio VirtualService or a Gateway API HTTPRoute.

Modules that only make documents or command lines are pure; `client.py` alone starts programs.
"""
