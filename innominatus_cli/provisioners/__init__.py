"""Which provisioner makes which type of resource. They know no step type and start nothing."""
