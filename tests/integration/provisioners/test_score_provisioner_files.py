"""Score provisioner files run as in score-k8s: templates, programs, state, and outputs that stay the same."""

import json
from collections.abc import Callable
from typing import Any

Make = Callable[..., Any]
FILE = r"""
    - uri: template://shop/queue
      type: queue
      init: |
        randomPassword: {{ randAlphaNum 16 | quote }}
      state: |
        service: queue-{{ .SourceWorkload }}-{{ substr 0 8 .Guid | lower }}
        password: {{ dig "password" .Init.randomPassword .State | quote }}
        times: {{ default 0 .State.times | add 1 }}
      shared: |
        made: {{ default 0 .Shared.made | add 1 }}
      outputs: |
        {{- if not .Params.size }}{{ fail "size is missing" }}{{ end }}
        url: amqp://{{ .State.service }}
        port: {{ (index (index .WorkloadServices .SourceWorkload).Ports "web").TargetPort }}
        password: {{ encodeSecretRef .State.service "password" }}
      manifests: |
        - apiVersion: v1
          kind: Secret
          metadata: {name: {{ .State.service }}}
          data: {password: {{ .State.password | b64enc }}}
        - apiVersion: v1
          kind: Service
          metadata: {name: {{ .State.service }}}
          spec: {ports: [{port: 5672}]}
      expected_outputs: [url, port, password]
    - uri: cmd://bash#shop
      type: bell
      args: ["./provisioners/bell", "<mode>"]
"""
BELL = r"""
    request=$(cat)
    count=$(printf '%s' "$request" | sed -n 's/.*"resource_state": {"count": \([0-9]*\)}.*/\1/p')
    printf '{"resource_state": {"count": %d}, "resource_outputs": {"mode": "%s", "count": %d, "uid": "%s"}, ' \
      $((count + 1)) "$1" $((count + 1)) "$(printf '%s' "$request" | sed 's/.*"resource_uid": "\([^"]*\)".*/\1/')"
    printf '"shared_state": {}, "manifests": []}'
"""
SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    service: {ports: {web: {port: 80, targetPort: 8080}}}
    containers:
      web: {image: "registry.example.com/web:1.2", variables: {URL: "${resources.queue.url}"}}
    resources:
      queue: {type: queue, params: {size: 3}}
      bell: {type: bell}
"""
SCORE_OF_QUEUE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    containers:
      web: {image: "registry.example.com/web:1.2", variables: {URL: "${resources.queue.url}"}}
    resources:
      queue: {type: queue}
"""
FILES = {
    "admin-config.yaml": "provisionerFiles: [provisioners]\n",
    "score.yaml": SCORE,
    "provisioners/10-shop.provisioners.yaml": FILE,
    "provisioners/bell": BELL,
}


def test_templates_and_programs_provision_and_keep_their_state(repository: Make) -> None:
    there = repository(FILES)
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    first = there.results()
    queue = first["provision-queue"]["outputs"]
    assert queue["url"].startswith("amqp://queue-shop-")
    assert queue["port"] == 8080
    assert queue["password"].endswith("_password\U0001f4ac\U0001f510")
    bell = {"name": "bell", "mode": "provision", "count": 1, "uid": "bell.default#shop.bell"}
    assert first["provision-bell"]["outputs"] == bell
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    again = there.results()
    assert again["provision-queue"]["outputs"] == queue
    assert again["provision-bell"]["outputs"]["count"] == 2
    state = json.loads((there.state / "queue/queue/.score-state.json").read_text())
    assert state["times"] == 2
    assert json.loads((there.state / "score-shared-state.json").read_text()) == {"made": 2}


def test_secrets_among_the_manifests_are_kept_apart_and_the_others_are_rendered(repository: Make) -> None:
    there = repository(FILES)
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    rendered = (there.root / ".innominatus/manifests").rglob("provision-queue.yaml")
    assert "kind: Service" in next(rendered).read_text()
    secrets = there.state / "queue/queue/secrets.yaml"
    assert "kind: Secret" in secrets.read_text()
    assert secrets.stat().st_mode & 0o777 == 0o600
    password = json.loads((there.state / "queue/queue/.score-state.json").read_text())["password"]
    files = [path for path in (there.root / ".innominatus").rglob("*") if path.is_file()]
    assert not [path for path in files if password.encode() in path.read_bytes()]


def test_random_outputs_come_back_after_the_state_of_a_resource_is_lost(repository: Make) -> None:
    there = repository(FILES)
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    state = there.state / "queue/queue/.score-state.json"
    password = json.loads(state.read_text())["password"]
    state.unlink()
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert json.loads(state.read_text())["password"] == password


def test_what_a_template_says_against_a_resource_fails_the_step(repository: Make) -> None:
    there = repository({**FILES, "score.yaml": SCORE.replace(", params: {size: 3}", "")})
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 4
    assert "has a template 'outputs' that fails in line 1: size is missing" in told.err


def test_outputs_are_yaml_1_2_and_one_that_is_promised_has_a_value(repository: Make) -> None:
    entry = """
    - uri: template://shop/queue
      type: queue
      outputs: |
        url: on
        port: 12:30
        absent: {{ .Params.size | default "" }}
      expected_outputs: [url, port]
    """
    there = repository({**FILES, "provisioners/10-shop.provisioners.yaml": entry, "score.yaml": SCORE_OF_QUEUE})
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    outputs = there.results()["provision-queue"]["outputs"]
    assert outputs == {"name": "queue", "url": "on", "port": "12:30", "absent": None}
    (there.root / "provisioners/10-shop.provisioners.yaml").write_text(
        "- uri: template://shop/queue\n  type: queue\n  outputs: |\n    url: {{ .Params.size | default `` }}\n"
        "  expected_outputs: [url]\n"
    )
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 4
    assert "promises the output 'url' and did not give it" in told.err


def test_a_secret_of_the_state_is_told_to_nobody_though_it_is_no_output(repository: Make) -> None:
    entry = """
    - uri: template://shop/queue
      type: queue
      init: |
        randomPassword: {{ randAlphaNum 16 | quote }}
      shared: |
        shop-queue:
          instanceRootPassword: {{ dig "shop-queue" "instanceRootPassword" .Init.randomPassword .Shared | quote }}
      outputs: |
        url: amqp://queue
      info_logs: |
        - "{{ .Uid }}: enter {{ dig "shop-queue" "instanceRootPassword" "" .Shared | squote }}"
    """
    there = repository({**FILES, "provisioners/10-shop.provisioners.yaml": entry, "score.yaml": SCORE_OF_QUEUE})
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    secret = json.loads((there.state / "score-shared-state.json").read_text())["shop-queue"]["instanceRootPassword"]
    assert len(secret) == 16
    assert "queue.default#shop.queue: enter '***'" in told.out + told.err
    assert secret not in told.out + told.err
