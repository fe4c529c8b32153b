"""Secrets that stand in files: what is found, what is left alone, and that no message shows a value."""

from unittest.mock import Mock

import pytest

from innominatus_cli.checks import hard_coded_secrets
from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.facts import NO_FACTS, Facts
from innominatus_cli.documents.loading import load
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.reports.findings_text import findings_text

VALUE = "corr3ct-Horse-Battery"


def found(text: str, facts: Facts = NO_FACTS, path: str = "w.yaml") -> list[Finding]:
    documents = load(path, text.encode()).documents
    findings = [one for document in documents for one in check_document(document, facts)]
    return [one for one in findings if one.code.number in {"ORC-2158", "ORC-2159", "ORC-2160"}]


def workflow(env: str, config: str = "{script: make}", kind: str = "script") -> str:
    head = "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  steps:\n"
    return f"{head}    - name: a\n      type: {kind}\n      env: {env}\n      config: {config}\n"


@pytest.mark.parametrize(
    "key", ["DB_PASSWORD", "apiKey", "api_key", "AUTH_TOKEN", "clientSecret", "aws-secret-access-key"]
)
def test_a_literal_under_a_key_that_says_so_is_a_warning(key: str) -> None:
    (finding,) = found(workflow(f"{{{key}: {VALUE}}}"))
    assert (finding.code.number, finding.severity) == ("ORC-2158", Severity.WARNING)


@pytest.mark.parametrize(
    "entry",
    [
        "DB_PASSWORD: ${secrets.db}",
        "DB_PASSWORD: '{{ .parameters.db }}'",
        "DB_PASSWORD: $OTHER",
        "DB_PASSWORD: ''",
        "DB_PASSWORD: changeme",
        "DB_PASSWORD: <your password>",
        "DB_PASSWORD: xxxxxxxx",
        "DB_PASSWORD: '********'",
        "DB_PASSWORD: your-password-here",
        "DB_PASSWORD: REPLACE_ME",
        "TOKEN: 3600",
        "TOKEN: true",
        "TOKEN: vault:secret/data/app#token",
        "TOKEN: db-password",
        "TOKEN: team/app/token",
        "TOKEN_URL: https://auth.example.com/token",
        "TOKEN: https://auth.example.com/token",
        "PASSWORD_FILE: /run/secrets/db",
        "PASSWORD: /run/secrets/db",
        "SECRET: postgres",
        "SECRET_NAME: Corr3ct",
        "HINT: a password of eight characters",
        "PASSWORD: the one that everybody knows",
        "password: password",
    ],
)
def test_what_is_no_value_is_left_alone(entry: str) -> None:
    assert found(workflow(f"{{{entry}}}")) == []


def test_names_of_defined_secrets_are_names() -> None:
    facts = Facts(load("admin-config.yaml", b"secrets: {Primary1: {generate: true}}\n").documents[0])
    assert found(workflow("{TOKEN: Primary1}"), facts) == []
    assert len(found(workflow("{TOKEN: Primary2}"), facts)) == 1


def test_lists_of_names_under_secrets_are_fine() -> None:
    assert found(workflow("{}", "{secrets: [stripe-api-key, Paypal1]}", "vault-setup")) == []


def test_the_name_beside_a_value_counts() -> None:
    manifest = f"{{kind: Pod, spec: {{containers: [{{name: a, env: [{{name: DB_PASSWORD, value: {VALUE}}}]}}]}}}}"
    assert len(found(workflow("{}", f"{{manifest: {manifest}}}", "kubernetes"))) == 1


def test_all_data_of_a_kubernetes_secret_are_secret() -> None:
    manifest = f"{{kind: Secret, metadata: {{name: Abc1}}, stringData: {{user: {VALUE}, host: '${{secrets.host}}'}}}}"
    (finding,) = found(workflow("{}", f"{{manifest: {manifest}}}", "kubernetes"))
    assert finding.message == "'user' holds a secret in plain text"


def test_a_default_of_a_parameter_counts() -> None:
    text = f"goldenpaths:\n  one:\n    workflow: a.yaml\n    parameters:\n      db_password: {{default: {VALUE}}}\n"
    (finding,) = found(text, path="goldenpaths.yaml")
    assert finding.message == "'db_password' holds a secret in plain text"


@pytest.mark.parametrize(
    ("address", "count"),
    [
        (f"postgres://app:{VALUE}@db:5432/shop", 1),
        ("postgres://app:${secrets.db}@db:5432/shop", 0),
        ("postgres://app:password@db:5432/shop", 0),
        ("postgres://db:5432/shop", 0),
        ("https://example.com/a:b@c", 0),
    ],
)
def test_an_address_holds_no_password(address: str, count: int) -> None:
    score = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers:\n  web:\n    image: a/b:1\n"
    assert len(found(f"{score}    variables:\n      DATABASE: {address}\n")) == count


TOKENS = {
    "an access key of AWS": "AKIA" + "Q4ZN5XWB7RTLK2VD",
    "a token of GitHub": "ghp_" + "a1B2" * 9,
    "a token of GitLab": "glpat-" + "a1B2c3D4" * 3,
    "a token of Slack": "xoxb-" + "123456789012-abcdef",
    "a key of Stripe": "sk_live_" + "a1B2c3D4" * 3,
    "an API key of Google": "AIza" + "a1B2c3D" * 5,
    "a token of npm": "npm_" + "a1B2" * 9,
    "a token of Vault": "hvs." + "a1B2c3D4" * 4,
    "a key of SendGrid": "SG." + "a" * 22 + "." + "b" * 43,
    "a signed JSON Web Token": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0In0" + "." + "c2lnbmF0dXJlLW9mLWl0",
}


@pytest.mark.parametrize(
    "variable", [f"TOKEN: {VALUE}", "KEYS: aZ4kQ9xT2mB7vR1pL8sD5wY3nH6c", f"AT: http://me:{VALUE}@x"]
)
def test_a_score_file_is_not_told_to_write_what_it_cannot(variable: str) -> None:
    head = "apiVersion: score.dev/v1b1\nmetadata: {name: web-shop}\ncontainers:\n  web:\n    image: a/b:1\n"
    (finding,) = found(f"{head}    variables:\n      {variable}\n", path="score.yaml")
    assert "vault-setup" in finding.help
    assert "${secrets" not in finding.help


@pytest.mark.parametrize(("what", "token"), TOKENS.items())
def test_a_known_token_is_an_error_wherever_it_stands(what: str, token: str) -> None:
    for text in (workflow(f"{{X: {token}}}"), workflow("{}") + f"      # {token}\n      description: x\n"):
        (finding,) = (one for one in found(text) if one.code.number == "ORC-2159")
        assert (finding.message, finding.severity) == (f"{what} stands in the file", Severity.ERROR)
        lines = text.split("\n")
        assert lines[finding.place.line - 1][finding.place.column - 1 : finding.place.end_column - 1] == token


def test_a_private_key_needs_more_than_its_first_line() -> None:
    key = "-----BEGIN " + "RSA PRIVATE KEY-----\n"
    block = "|\n          cat <<END\n          {first}          {second}\n          END\n"
    text = workflow("{}", "x").replace("config: x\n", "config:\n        script: ")
    real = text + block.format(first=key, second="MIIEowIBAAKCAQEA7bq1")
    assert [one.message for one in found(real)] == ["a private key stands in the file"]
    assert found(text + block.format(first=key, second="$KEY")) == []


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7" + "EXAMPLE",
        "AKIA1234",
        "ghp_short",
        "eyJhbGciOi",
        "xox-party",
        "hvs.x",
        "-----BEGIN PUBLIC KEY-----",
    ],
)
def test_what_only_begins_like_a_token_is_none(text: str) -> None:
    assert found(workflow(f"{{X: '{text}'}}")) == []


def test_each_document_of_a_file_tells_its_own_tokens() -> None:
    token = TOKENS["an access key of AWS"]
    text = f"{workflow('{}')}---\n{workflow(f'{{X: {token}}}')}"
    (finding,) = found(text)
    assert finding.place.line == 18


RANDOM = "aZ4kQ9xT2mB7vR1pL8sD5wY3nH6c"


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (RANDOM, 1),
        (RANDOM + "==", 1),
        ("sha256-" + "0123456789abcdef" * 4, 0),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", 0),
        ("registry.example.com/team/web-shop:1.4.2", 0),
        ("ThisIsACamelCaseIdentifierWithV2AndV3", 0),
        ("feature/ORC-1234-A-Long-Branch-Name", 0),
        ("a sentence With 3 Words and 42 more", 0),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0),
    ],
)
def test_a_value_like_a_generated_key_is_a_warning(value: str, count: int) -> None:
    assert [one.code.number for one in found(workflow(f"{{LICENCE: '{value}'}}"))] == ["ORC-2160"] * count


def test_digests_and_contents_may_look_random() -> None:
    assert found(workflow(f"{{IMAGE_DIGEST: {RANDOM}, binaryContent: {RANDOM}, COMMIT: {RANDOM}}}")) == []


def test_no_report_shows_a_value() -> None:
    token = TOKENS["a token of GitHub"]
    text = workflow(f"{{DB_PASSWORD: {VALUE}, X: {token}, LICENCE: {RANDOM}}}")
    findings = found(text)
    assert len(findings) == 3
    shown = findings_text(findings, sources={"w.yaml": text}) + repr(findings)
    assert not [secret for secret in (VALUE, token, RANDOM) if secret in shown]


def test_many_beginnings_of_tokens_take_linear_time() -> None:
    text = workflow(f"{{X: '{'eyJ-' * 40_000}{'AKIA' * 10_000}{'xoxb-' * 20_000}'}}")
    assert found(text) == []


def test_a_file_of_many_documents_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    forms = Mock(wraps=hard_coded_secrets._tokens)
    monkeypatch.setattr(hard_coded_secrets, "_tokens", forms)
    text = "---\n".join([workflow(f"{{X: {TOKENS['a token of npm']}}}")] * 20)
    assert [one.code.number for one in found(text)].count("ORC-2159") == 20
    assert forms.call_count == 1
