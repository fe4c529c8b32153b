"""Which store a repository keeps its records in: what admin-config.yaml says."""

from innominatus_cli.documents.admin_config import LedgerConfig
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.git import Git


def store_for(git: Git, config: LedgerConfig | None = None, clock: Clock | None = None) -> WorkingTreeStore:
    """The ledger of a repository; without a configuration the default one."""
    said = config or LedgerConfig()
    if said.store == "branch":
        from innominatus_cli.ledger.branch_store import BranchStore  # noqa: PLC0415 - most repositories have none

        return BranchStore(git, said.root, said.branch, said.remote, clock=clock)
    return WorkingTreeStore(git, said.root, clock=clock)
