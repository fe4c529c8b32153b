"""The exit statuses of every command: fixed, documented in docs/reference/exit-statuses.md, tested one by one."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the process tells its caller."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    POLICY_REFUSED = 3
    RUN_FAILED = 4
    PLAN_STALE = 5
    WAITS_FOR_APPROVAL = 6
    CORRUPT = 65
    ENVIRONMENT = 69
    INTERNAL = 70
    CANNOT_WRITE_STATE = 73
    OUTPUT_LOST = 74
    LOCKED = 75
    DECISION_NEEDED = 76
    TIMED_OUT = 124
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143
