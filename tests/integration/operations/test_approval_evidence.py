"""Evidence of approvals by real keys: ssh, gpg, OpenID tokens and reviews, and what does not hold."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.documents.action_record import Evidence
from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.approval_statement import AUDIENCE, SIGNATURE_NAMESPACE, ApprovalStatement
from innominatus_cli.documents.plan import Application, Plan, Source
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.operations.approval_evidence import EvidenceRoom, Unproved
from innominatus_cli.system import gpg_signatures, ssh_signatures
from innominatus_cli.system.git import Git

if TYPE_CHECKING:
    from tests.integration.operations.conftest import Tree

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EMAIL = "bob@shop.example"
SUBJECT = "repo:shop/shop:environment:production"


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def plan_of(*sources: Source) -> Plan:
    return Plan(
        operation=Operation.DEPLOY,
        application=Application(name="shop"),
        environment="production",
        sources=list(sources),
        inputs=[],
        workflows=[],
        steps=[],
    )


def statement_of(plan: Plan, **more: Any) -> ApprovalStatement:
    fields = {
        "action": "approve",
        "record": "01J",
        "plan": plan.digest,
        "gates": ["environment"],
        "application": "shop",
        "environment": "production",
        "teams": ["owners"],
        "email": EMAIL,
        "decided_at": text(NOW),
        "expires_at": text(NOW + timedelta(hours=1)),
        "nonce": "00",
    }
    return ApprovalStatement(**{**fields, **more})


def room_of(root: Path, plan: Plan, signer: dict[str, Any], **approvals: Any) -> EvidenceRoom:
    team = {"members": [EMAIL], "signers": {EMAIL: signer}}
    admin = AdminConfigDocument.model_validate({"teams": {"owners": team}, "approvals": approvals})
    git = Git.open(root)
    assert git is not None
    return EvidenceRoom(git, plan, admin, WorkingTreeSnapshot(root))


def check(room: EvidenceRoom, kind: Any, statement: ApprovalStatement, signature: str) -> None:
    evidence = Evidence(kind=kind, statement=statement.text, signature=signature, signer=EMAIL)
    room.check(evidence, statement, EMAIL)


def refused(room: EvidenceRoom, kind: Any, statement: ApprovalStatement, signature: str) -> tuple[str, str]:
    with pytest.raises(Unproved) as caught:
        check(room, kind, statement, signature)
    code, why = caught.value.problem
    return code.number, why


class TestSsh:
    def key(self, folder: Path, name: str) -> tuple[str, str]:
        path = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
        return str(path), path.with_suffix(".pub").read_text(encoding="utf-8").strip()

    def test_a_signature_of_the_persons_key_over_the_statement_holds_and_no_other(
        self, tree: "Tree", tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("keys")
        own, public = self.key(folder, "own")
        other, _ = self.key(folder, "other")
        plan = plan_of()
        statement = statement_of(plan)
        room = room_of(tree.root, plan, {"ssh": [public]})
        data = statement.text.encode()
        good = ssh_signatures.sign(own, SIGNATURE_NAMESPACE, data)
        check(room, "ssh", statement, good)
        assert refused(room, "ssh", statement_of(plan, nonce="01"), good)[0] == "ORC-4046"
        assert refused(room, "ssh", statement, ssh_signatures.sign(other, SIGNATURE_NAMESPACE, data))[0] == "ORC-4046"
        assert refused(room, "ssh", statement, ssh_signatures.sign(own, "git", data))[0] == "ORC-4046"
        assert refused(room, "ssh", statement, "no signature")[0] == "ORC-4046"
        assert "names no ssh key" in refused(room_of(tree.root, plan, {}), "ssh", statement, good)[1]


@pytest.mark.skipif(shutil.which("gpg") is None and not os.environ.get("CI"), reason="there is no gpg")
class TestGpg:
    @pytest.fixture
    def home(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """A keyring; its path is short, for the agent's socket is in it."""
        with TemporaryDirectory(prefix="gpg") as name:
            monkeypatch.setenv("GNUPGHOME", name)
            yield Path(name)
            subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False, env={**os.environ, "GNUPGHOME": name})

    def key(self, email: str) -> str:
        made = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", email, "ed25519", "sign", "1d"]
        subprocess.run(made, check=True, capture_output=True)
        listed = subprocess.run(["gpg", "--list-keys", "--with-colons", email], check=True, capture_output=True).stdout
        lines = [line.split(":") for line in listed.decode().splitlines()]
        return next(line[9] for line in lines if line[0] == "fpr")

    def test_a_signature_counts_by_the_fingerprint_of_its_key_alone(self, tree: "Tree", home: Path) -> None:
        assert home.is_dir()
        own, other = self.key(EMAIL), self.key("eve@shop.example")
        plan = plan_of()
        statement = statement_of(plan)
        data = statement.text.encode()
        room = room_of(tree.root, plan, {"gpg": [own.lower()]})
        good = gpg_signatures.sign(own, data)
        check(room, "gpg", statement, good)
        assert refused(room, "gpg", statement_of(plan, nonce="01"), good)[0] == "ORC-4046"
        assert refused(room, "gpg", statement, gpg_signatures.sign(other, data))[0] == "ORC-4046"
        assert refused(room, "gpg", statement, f"{good}{good}")[0] == "ORC-4046"
        assert refused(room, "gpg", statement, "")[0] == "ORC-4046"

    def test_a_signature_whose_key_is_not_in_the_keyring_proves_nothing(
        self, tree: "Tree", home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = self.key(EMAIL)
        plan = plan_of()
        statement = statement_of(plan)
        good = gpg_signatures.sign(own, statement.text.encode())
        with TemporaryDirectory(prefix="gpg") as empty:
            monkeypatch.setenv("GNUPGHOME", empty)
            assert "not here" in refused(room_of(tree.root, plan, {"gpg": [own]}), "gpg", statement, good)[1]
            monkeypatch.setenv("GNUPGHOME", str(home))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(value: int, size: int) -> str:
    return encoded(value.to_bytes(size))


class TestOpenId:
    ISSUER = "https://token.example"

    @pytest.fixture(params=["RS256", "ES256"])
    def algorithm(self, request: pytest.FixtureRequest) -> str:
        pytest.importorskip("cryptography")
        name: str = request.param
        return name

    def keys(self, algorithm: str) -> tuple[Any, dict[str, str]]:
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        if algorithm == "RS256":
            private = rsa.generate_private_key(65537, 2048)
            public = private.public_key().public_numbers()
            return private, {"kty": "RSA", "n": number(public.n, 256), "e": number(public.e, 3)}
        curve = ec.generate_private_key(ec.SECP256R1())
        point = curve.public_key().public_numbers()
        return curve, {"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)}

    def token(self, private: Any, header: dict[str, Any], claims: dict[str, Any]) -> str:
        from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
        from cryptography.hazmat.primitives.hashes import SHA256

        signed = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
        if isinstance(private, ec.EllipticCurvePrivateKey):
            r, s = utils.decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(SHA256())))
            return f"{signed}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"
        return f"{signed}.{encoded(private.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"

    def test_a_token_holds_for_its_plan_its_subject_its_time_and_its_issuers_key(
        self, tree: "Tree", algorithm: str
    ) -> None:
        private, public = self.keys(algorithm)
        tree.write("keys.json", json.dumps({"keys": [{**public, "kid": "k", "use": "sig"}]}))
        plan = plan_of()
        statement = statement_of(plan)
        issuer = {"issuer": self.ISSUER, "jwks": "keys.json"}
        room = room_of(tree.root, plan, {"oidc": [SUBJECT]}, oidc=[issuer])
        header = {"alg": algorithm, "kid": "k"}
        seconds = int(NOW.timestamp())
        claims = {
            "iss": self.ISSUER,
            "sub": SUBJECT,
            "aud": f"{AUDIENCE}{plan.digest}",
            "iat": seconds - 60,
            "exp": seconds + 240,
        }
        check(room, "oidc", statement, self.token(private, header, claims))
        wrong: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
            "not for": (header, {**claims, "aud": f"{AUDIENCE}sha256:{'0' * 64}"}),
            "knows no issuer": (header, {**claims, "iss": "https://other.example"}),
            "does not name the subject": (header, {**claims, "sub": "repo:eve/shop"}),
            "was not valid": (header, {**claims, "exp": seconds - 3600}),
            "no keys": ({**header, "kid": "other"}, claims),
            "signed with": ({**header, "alg": "none"}, claims),
        }
        for words, (head, said) in wrong.items():
            number, why = refused(room, "oidc", statement, self.token(private, head, said))
            assert (number, words in why) == ("ORC-4046", True), why
        strangers, _ = self.keys(algorithm)
        assert "signature is wrong" in refused(room, "oidc", statement, self.token(strangers, header, claims))[1]
        confused = self.token(private, {**header, "alg": "ES256" if algorithm == "RS256" else "RS256"}, claims)
        assert refused(room, "oidc", statement, confused)[0] == "ORC-4046"
        for broken in ("", "a.b", "a.b.c", f"{encoded(b'[]')}.{encoded(b'{}')}.", "x" * 20_000):
            assert refused(room, "oidc", statement, broken)[0] == "ORC-4046"


class TestReview:
    def review(self, commit: str, **more: Any) -> str:
        fields = {"user": {"login": "Bob"}, "state": "APPROVED", "commit_id": commit, "submitted_at": text(NOW)}
        return json.dumps({**fields, **more})

    def test_a_review_counts_for_a_commit_that_holds_the_plans_sources(self, tree: "Tree") -> None:
        commit = tree.commit({"score.yaml": "a\n"})
        source = Source(path="score.yaml", object_id=tree.git("rev-parse", "HEAD:score.yaml"), role="document")
        later = tree.commit({"score.yaml": "b\n"})
        plan = plan_of(source)
        statement = statement_of(plan)
        room = room_of(tree.root, plan, {"github": ["bob"]}, reviews="allow")
        check(room, "github-review", statement, self.review(commit))
        wrong = {
            "another 'score.yaml'": self.review(later),
            "is not here": self.review("0" * 40),
            "does not name the account": self.review(commit, user={"login": "eve"}),
            "the review is 'changes_requested'": self.review(commit, state="CHANGES_REQUESTED"),
            "the review is of": self.review(commit, submitted_at=text(NOW - timedelta(days=3))),
            "it is no review": "{}",
        }
        for words, given in wrong.items():
            number, why = refused(room, "github-review", statement, given)
            assert (number, words in why) == ("ORC-4046", True), why
        not_allowed = room_of(tree.root, plan, {"github": ["bob"]})
        assert refused(not_allowed, "github-review", statement, self.review(commit))[0] == "ORC-4047"


def test_a_name_in_git_counts_only_where_it_may_and_only_for_itself(tree: "Tree") -> None:
    plan = plan_of()
    statement = statement_of(plan)
    allowed = room_of(tree.root, plan, {}, unsigned="allow")
    check(allowed, "git-identity", statement, "")
    assert refused(room_of(tree.root, plan, {}), "git-identity", statement, "")[0] == "ORC-4047"
    carls = statement_of(plan, email="carl@shop.example")
    assert refused(allowed, "git-identity", carls, "")[0] == "ORC-4046"
