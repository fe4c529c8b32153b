"""What makes the resources of a Score workload."""
