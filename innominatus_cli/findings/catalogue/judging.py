"""Block 5xxx, 5510 to 5539: rules, prices and signatures that a tool or a table judges."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

RULES_FAILED_TESTS = Code(
    "ORC-5510",
    "Alert rules failed their tests",
    "Mend the alert in admin-config.yaml, or the test; the step's log has what promtool expected and got.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A file of `tests` of a `monitoring` step is none of promtool's, is not about the rules of the step, or one "
    "of its tests failed.",
)
NOT_SHOWN_TO_BE_CHECKED = Code(
    "ORC-5511",
    "A tool did not say that it checked",
    "Look whether the program on PATH is the tool; run it by hand.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The tool ended well, and what it printed does not say that it read everything and found no fault. What was "
    "not checked is never taken for right.",
)
SIGNATURE_WRONG = Code(
    "ORC-5512",
    "An image is not signed as it should be",
    "Look whether `publicKey` belongs to the key that signs; `cosign verify --key FILE IMAGE` says more.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A `container-build` step with `sign` verifies the signature that the registry has for the pushed digest. "
    "It is missing, of another key, or cosign does not say that it is good.",
)
PLAN_UNREADABLE = Code(
    "ORC-5513",
    "A Terraform plan cannot be read",
    "Name the output `plan` of a `terraform` step, or a file that `terraform show -json FILE` printed.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="`plans` and `planFiles` of a `cost-analysis` step are plans as JSON, whole ones. What cannot be read has "
    "no price, and is never free.",
)
