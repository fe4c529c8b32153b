"""How `resource backup|restore|transfer` tell what they did."""

from innominatus_cli.cli.output import print_document
from innominatus_cli.cli.remarks import told
from innominatus_cli.operations.resources.permission import DoneByHand


def print_done(done: DoneByHand, output: str, words: str) -> int:
    """Prints what was done; `words` stand before the backup's id. Returns the exit status."""
    found = done.document
    where = f" ({found['location']})" if found["location"] else ""
    what = f"{found['resource']} of {found['application']} in {found['environment']}"
    line = f"{what} is {words} {found['backup']}{where}; action {found['action']}\n"
    print_document(found, output, lambda: line)
    return told(done.findings)
