"""What belongs to a child's tree: its descendants while it lives, and what it left behind when it has exited.

With a subreaper (Linux) orphans become children of this process, whatever session they made for themselves; a stray is
a child that no supervisor started and that is not of our own session. Without one, a tree is a process group.
"""

import os
import signal
import time

from innominatus_cli.system.child import LAST_SECONDS, Child
from innominatus_cli.system.process_tree import (
    OwnChildren,
    ProcessFacts,
    all_processes,
    become_subreaper,
    environment_holds,
    process_facts,
    send_signal,
    with_descendants,
)

_LOOK_SECONDS = 0.005

_own_pids: set[int] = set()


def adopt(pid: int) -> None:
    """Notes a direct child that a supervisor started."""
    _own_pids.add(pid)


def forget(pid: int) -> None:
    """Notes that a direct child has been reaped."""
    _own_pids.discard(pid)


class Trees:
    """Finds and signals the trees of children."""

    __slots__ = ("_children",)

    def __init__(self, *, subreaper: bool) -> None:
        self._children = OwnChildren() if subreaper and become_subreaper() else None

    def close(self) -> None:
        """Ends every stray that is left, and lets go of descriptors."""
        if self._children is None:
            return
        until = time.monotonic() + LAST_SECONDS
        while (strays := self._strays()) and time.monotonic() < until:
            table = all_processes()
            for pid in with_descendants(strays, table):
                send_signal(table[pid], signal.SIGKILL)
            time.sleep(_LOOK_SECONDS)
        self._children.close()
        self._children = None

    def signal(self, child: Child, number: signal.Signals) -> int:
        """Signals the whole tree, each process once; returns how many processes of it are no members of its group."""
        others = self._members(child) if self._children is not None else []
        if not child.exited or self._children is None:
            try:
                os.killpg(child.pid, number)
            except OSError:
                others = [*others]
        outside = [facts for facts in others if child.exited or facts.group != child.pid]
        for facts in outside:
            send_signal(facts, number)
        return len(outside)

    def left_behind(self, child: Child) -> bool:
        """Whether a process of the tree of a child that has exited still lives."""
        if self._children is None:
            return _group_lives(child.pid)
        return any(_belongs(pid, child) for pid in self._strays())

    def _members(self, child: Child) -> list[ProcessFacts]:
        table = all_processes()
        roots = {facts.pid for facts in table.values() if facts.session == child.pid}
        if child.tag:
            roots.update(pid for pid in self._strays() if environment_holds(pid, child.tag))
        if not child.exited:
            roots.add(child.pid)
        return [table[pid] for pid in with_descendants(roots, table)]

    def _strays(self) -> list[int]:
        """Orphans that became our children, after reaping those that have ended."""
        if self._children is None:
            return []
        unknown = [pid for pid in self._children.pids() if pid not in _own_pids]
        if not unknown:
            return unknown
        ours = os.getsid(0)
        return [pid for pid in unknown if _session(pid) != ours and not _reaped(pid)]


def _belongs(pid: int, child: Child) -> bool:
    facts = process_facts(pid)
    if facts is None or not facts.alive:
        return False
    return facts.session == child.pid or (bool(child.tag) and environment_holds(pid, child.tag))


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    table = all_processes()
    return not table or any(facts.group == group and facts.alive for facts in table.values())


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except OSError:
        return True
