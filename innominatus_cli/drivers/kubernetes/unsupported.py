"""What has no faithful form in Kubernetes."""


class Unsupported(Exception):  # noqa: N818 - it is no error of ours: the driver turns it into a finding
    """Says which part of a workload cannot be rendered; raised and caught inside this driver only."""
