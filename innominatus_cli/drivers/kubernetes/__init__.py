"""`kubernetes`: a Score workload and manifests, rendered for GitOps or applied through kubectl."""
