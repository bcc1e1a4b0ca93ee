"""A Kubernetes API server in memory, strict enough that the real `kubectl` works against it.

It stands in for a real one, which no package registry carries. It has discovery, CRUD, list, watch,
all four kinds of patches, server-side dry-run, scale and status subresources, optimistic locking,
ownership, and controllers that bring Deployments, StatefulSets, DaemonSets, Services, HTTPRoutes
and Argo Rollouts along. What it refuses it refuses as the real one does: unknown fields, selectors
that do not match, immutable fields, weights that do not add up, a patch of the wrong type.

It has no scheduler, no admission but its own checks, no RBAC but `forbidden`, and no network: pods
are objects, traffic is not served.
"""
