"""The programs that step types need: how each says its version, and how a person gets it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class KnownTool(NamedTuple):
    """What is known of a program."""

    install: str
    """How to get it, as the end of "Install …": one line, the same on every machine."""
    asks: tuple[str, ...] = ("--version",)
    """The arguments that make it print its version; they change nothing and reach no server."""
    before: str = ""
    """What stands right before its own version, for one that prints versions of other things too."""


TOOLS: Final[Mapping[str, KnownTool]] = MappingProxyType(
    {
        "alembic": KnownTool("alembic with `pip install alembic`, and the database's driver beside it"),
        "ansible-playbook": KnownTool("ansible-core with `pip install ansible-core`"),
        "aws": KnownTool("the AWS CLI: https://docs.aws.amazon.com/cli/"),
        "bandit": KnownTool("bandit with `pip install 'bandit[sarif]'`"),
        "bash": KnownTool("bash with your system's packages, as in `apt install bash` or `brew install bash`"),
        "buildah": KnownTool("buildah: https://buildah.io, or `apt install buildah`"),
        "checkov": KnownTool("checkov with `pip install checkov`"),
        "conftest": KnownTool("conftest: https://www.conftest.dev/install/"),
        "cosign": KnownTool("cosign: https://docs.sigstore.dev/cosign/", ("version",)),
        "dbmate": KnownTool("dbmate with `npm install -g dbmate`, or from https://github.com/amacneil/dbmate"),
        "docker": KnownTool("docker: https://docs.docker.com/engine/install/"),
        "flyway": KnownTool(
            "flyway: https://documentation.red-gate.com/flyway", ("-v", "-skipCheckForUpdate"), "Edition "
        ),
        "git": KnownTool("git: https://git-scm.com/downloads"),
        "gitleaks": KnownTool("gitleaks: https://github.com/gitleaks/gitleaks", ("version",)),
        "grype": KnownTool("grype: https://github.com/anchore/grype"),
        "helm": KnownTool("helm: https://helm.sh/docs/intro/install/", ("version", "--short")),
        "jest": KnownTool("jest with `npm install -g jest jest-junit`"),
        "kubectl": KnownTool("kubectl: https://kubernetes.io/docs/tasks/tools/", ("version", "--client")),
        "kustomize": KnownTool("kustomize: https://kubectl.docs.kubernetes.io/installation/", ("version",)),
        "liquibase": KnownTool("liquibase: https://docs.liquibase.com, with Java", before="Liquibase Version: "),
        "newman": KnownTool("newman with `npm install -g newman`"),
        "node": KnownTool("Node.js: https://nodejs.org"),
        "opa": KnownTool("opa: https://www.openpolicyagent.org/docs/#running-opa", ("version",)),
        "pip-audit": KnownTool("pip-audit with `pip install pip-audit`"),
        "promtool": KnownTool("promtool, which comes with Prometheus: https://prometheus.io/download/"),
        "psql": KnownTool("psql, PostgreSQL's client: `apt install postgresql-client`"),
        "pulumi": KnownTool("pulumi: https://www.pulumi.com/docs/install/", ("version",)),
        "pytest": KnownTool("pytest with `pip install pytest`"),
        "semgrep": KnownTool("semgrep with `pip install semgrep`", ("--version", "--disable-version-check")),
        "terraform": KnownTool("terraform: https://developer.hashicorp.com/terraform/install", ("version",)),
        "tofu": KnownTool("tofu: https://opentofu.org/docs/intro/install/", ("version",)),
        "trivy": KnownTool("trivy: https://trivy.dev"),
    }
)
"""By the program's name; read only."""


def known_tool(name: str) -> KnownTool:
    """What is known of a program; of one that is not listed, what holds for most."""
    return TOOLS.get(name) or KnownTool(f"'{name}', or put its folder on PATH")
