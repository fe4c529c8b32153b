"""A callback plugin of Ansible: writes what happened as lines of JSON into the file that INNOMINATUS_EVENTS names.

It runs in Ansible's process, with Ansible's Python, beside the callbacks that print. It writes names of tasks, hosts
and how they ended, and what `set_stats` gave; never what a task returned, so that `no_log` has nothing to hide here.
"""

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: innominatus_events
type: notification
short_description: writes events for innominatus-ctl
description:
  - Writes one JSON object a line into the file that the variable INNOMINATUS_EVENTS names.
requirements:
  - enabled by ANSIBLE_CALLBACKS_ENABLED
"""


class CallbackModule(CallbackBase):  # type: ignore[misc] # Ansible is in no environment of ours
    """The methods' names are Ansible's."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "innominatus_events"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_play_start(self, play: Any) -> None:  # noqa: ANN401 - Ansible's own
        """A play begins."""
        _write(event="play", name=str(play.get_name()))

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """A play has no hosts."""
        _write(event="no_hosts")

    def v2_runner_on_ok(self, result: Any) -> None:  # noqa: ANN401 - the same
        """A task went well on a host."""
        _result(result, "changed" if result._result.get("changed") else "ok")  # noqa: SLF001 - Ansible's way to ask

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ANN401
        """A task failed on a host."""
        _result(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:  # noqa: ANN401 - the same
        """A host cannot be reached."""
        _result(result, "unreachable")

    def v2_runner_on_skipped(self, result: Any) -> None:  # noqa: ANN401 - the same
        """A task was not for a host."""
        _result(result, "skipped")

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ANN401 - the same
        """The end: counts by host, and what `set_stats` gave."""
        hosts = {str(host): stats.summarize(host) for host in sorted(stats.processed)}
        _write(event="stats", hosts=hosts, custom=getattr(stats, "custom", {}))


def _result(result: Any, status: str) -> None:  # noqa: ANN401 - the same
    task, host = result._task, result._host  # noqa: SLF001 - the same
    _write(event="result", status=status, task=str(task.get_name()), host=str(host.get_name()))


def _write(**event: Any) -> None:  # noqa: ANN401 - JSON data
    path = os.environ.get("INNOMINATUS_EVENTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - one line, from any Python
            file.write(json.dumps(event, default=str) + "\n")
