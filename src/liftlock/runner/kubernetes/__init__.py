"""Jobs in pods of a Kubernetes cluster: one pod each, in which steps run by `kubectl exec`."""
