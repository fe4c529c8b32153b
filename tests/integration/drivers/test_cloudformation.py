"""`cloudformation` with the real AWS CLI: against moto's API, and against a stand-in for what moto does otherwise."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import Undo
from tests.integration.cloud import MotoServer
from tests.integration.drivers.page_examples import blocks, steps

RUN = "01JD0000000000000000000000"
UNDO = Undo(step="deployment/application/-/workload/the-step", how="itself", runs=[RUN])
TEMPLATE = """
Parameters:
  Name: {Type: String}
Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref Name}
Outputs:
  Bucket: {Value: !Ref Files}
"""


@pytest.fixture
def aws(tool: Callable[[str], Path], moto_server: MotoServer) -> dict[str, str]:
    """The environment of the AWS CLI, and its folder first on PATH."""
    return {**moto_server.environment, "PATH": f"{tool('aws').parent}:{os.environ['PATH']}"}


@pytest.fixture
def template(repository: Path) -> Path:
    path = repository / "stack.yaml"
    path.write_text(TEMPLATE)
    return path


@pytest.mark.usefixtures("template")
def test_a_stack_is_made_by_a_change_set_and_deleted_by_a_rollback(run_step: Any, aws: dict[str, str]) -> None:
    inputs = {"stackName": "shop-a", "templateFile": "stack.yaml", "parameters": {"Name": "shop-files-a"}}
    shown = run_step("cloudformation", inputs, part="preview", env=aws)
    assert shown.failure is None
    assert shown.outputs == {"changes": [{"action": "create", "object": "Files (AWS::S3::Bucket)"}]}

    done = run_step("cloudformation", inputs, env=aws)
    assert done.failure is None
    assert done.outputs["status"] == "CREATE_COMPLETE"
    assert done.outputs["stack_id"].startswith("arn:aws:cloudformation:")
    assert done.outputs["plan_summary"]["add"] == 1

    undone = run_step("cloudformation", inputs, part="undo", undoes=UNDO, env=aws)
    assert undone.failure is None
    assert undone.message == "deleted"
    described = {"stack": "shop-a", "operation": "describe"}
    assert run_step("cloudformation", described, env=aws).failure.code.number == "ORC-5418"
    again = run_step("cloudformation", {"stack": "shop-a", "operation": "delete"}, env=aws)
    assert again.message == "nothing was there"
    assert (
        run_step("cloudformation", inputs, part="undo", undoes=UNDO, env=aws).message == "the run changed nothing here"
    )


STAND_IN = """#!{python}
import json, sys
from pathlib import Path
here = Path(__file__).parent
state = json.loads((here / "state.json").read_text())
with (here / "seen").open("a") as seen:
    seen.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1:] == ["--version"]:
    print("aws-cli/2.17.0 Python/3.11")
    sys.exit()
words = [word for word in sys.argv[2:] if not word.startswith("--")]
found = state.get(" ".join(words), state.get("*", {{}}))
if isinstance(found, list):
    (here / "state.json").write_text(json.dumps({{**state, " ".join(words): found[1:] if len(found) > 1 else found}}))
    found = found[0]
if isinstance(found, str):
    print(found, file=sys.stderr)
    sys.exit(254)
print(json.dumps(found) if "raw" not in found else found["raw"])
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """An `aws` that gives the answers of AWS's documentation: by command; a text is an error, a list one each time."""

    def make(**answers: Any) -> dict[str, str]:
        import sys

        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "aws"
        program.write_text(STAND_IN.format(python=sys.executable))
        program.chmod(0o755)
        named = {name.replace("__", " ").replace("_", "-"): value for name, value in answers.items()}
        (folder / "state.json").write_text(json.dumps(named))
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    return make


def stack(status: str, **more: Any) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "s", "StackId": "arn:aws:cloudformation:x", "StackStatus": status, **more}]}


def change(action: str, name: str, **more: str) -> dict[str, Any]:
    return {"ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": "AWS::S3::Bucket", **more}}


INPUTS = {"stack": "s", "template": "stack.yaml", "parameters": {"Name": "x"}, "parametersFrom": {"Key": "KEY"}}
KEY = "correct-horse-9"
MISSING = "An error occurred (ValidationError) when calling DescribeStacks: Stack with id s does not exist"


@pytest.mark.usefixtures("template")
def test_an_update_says_what_it_replaces_and_gives_outputs(
    run_step: Any, stand_in: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    outputs = [{"OutputKey": "Url", "OutputValue": "https://x/"}]
    env = stand_in(
        describe_stacks=stack("UPDATE_COMPLETE", Outputs=outputs),
        describe_change_set={
            "Status": "CREATE_COMPLETE",
            "Changes": [change("Modify", "A", Replacement="True"), change("Modify", "B"), change("Remove", "C")],
        },
    )
    done = run_step("cloudformation", INPUTS, env={**env, "KEY": KEY})
    assert done.failure is None
    assert done.outputs["Url"] == "https://x/"
    summary = done.outputs["plan_summary"]
    assert (summary["add"], summary["change"], summary["destroy"]) == (1, 1, 2)
    assert summary["changes"][0] == {"action": "replace", "object": "A (AWS::S3::Bucket)"}
    assert KEY not in (tmp_path / "bin" / "seen").read_text()
    asked = json.loads(next(tmp_path.glob("scratch-*/change-set.json")).read_text())
    assert asked["ChangeSetType"] == "UPDATE"
    assert {"ParameterKey": "Key", "ParameterValue": KEY} in asked["Parameters"]
    undone = run_step("cloudformation", INPUTS, part="undo", undoes=UNDO, env=env)
    assert undone.failure.code.number == "ORC-5405"


@pytest.mark.usefixtures("template")
def test_a_stack_that_is_right_already_is_no_failure(
    run_step: Any, stand_in: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    reason = "The submitted information didn't contain changes. Submit different information to create a change set."
    env = stand_in(
        describe_stacks=stack("CREATE_COMPLETE"),
        wait__change_set_create_complete="Waiter ChangeSetCreateComplete failed",
        describe_change_set={"Status": "FAILED", "StatusReason": reason, "Changes": []},
    )
    done = run_step("cloudformation", INPUTS, env={**env, "KEY": KEY})
    assert done.failure is None
    assert done.message == "no changes"
    seen = (tmp_path / "bin" / "seen").read_text()
    assert "delete-change-set" in seen
    assert "execute-change-set" not in seen
    assert "delete-stack" not in seen


def test_drift_is_told_by_the_names_of_properties(run_step: Any, stand_in: Callable[..., dict[str, str]]) -> None:
    differs = [{"PropertyPath": "/Tags/0"}, {"PropertyPath": "/Name"}]
    one = {"LogicalResourceId": "A", "ResourceType": "T"}
    env = stand_in(
        detect_stack_drift={"StackDriftDetectionId": "1"},
        describe_stack_drift_detection_status={"DetectionStatus": "DETECTION_COMPLETE"},
        describe_stack_resource_drifts={
            "StackResourceDrifts": [
                {**one, "StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": differs},
                {**one, "StackResourceDriftStatus": "DELETED"},
                {**one, "StackResourceDriftStatus": "IN_SYNC"},
            ]
        },
    )
    done = run_step("cloudformation", {"stack": "s"}, part="drift", env=env)
    assert done.outputs == {
        "drift": [{"object": "A (T)", "what": "/Name, /Tags/0 differs"}, {"object": "A (T)", "what": "it is gone"}]
    }


FAILED_EVENTS = {
    "StackEvents": [
        {"LogicalResourceId": "s", "ResourceType": "T", "ResourceStatus": "ROLLBACK_COMPLETE"},
        {"LogicalResourceId": "B", "ResourceType": "T", "ResourceStatus": "CREATE_FAILED"},
        {"LogicalResourceId": "A", "ResourceType": "T", "ResourceStatus": "CREATE_FAILED"},
    ]
}


@pytest.mark.parametrize(
    ("answers", "code", "says"),
    [
        ({"describe_stacks": stack("UPDATE_IN_PROGRESS")}, "ORC-5416", "stack 's' is UPDATE_IN_PROGRESS"),
        ({"describe_stacks": stack("ROLLBACK_COMPLETE")}, "ORC-5416", "stack 's' is ROLLBACK_COMPLETE"),
        ({"describe_stacks": "Unable to locate credentials"}, "ORC-5417", "finds no usable credentials"),
        ({"describe_stacks": {"raw": "hello"}}, "ORC-5403", "printed no stack"),
        (
            {"describe_stacks": MISSING, "create_change_set": "An error occurred (AlreadyExistsException) when …"},
            "ORC-5415",
            "'aws cloudformation create-change-set': AlreadyExistsException",
        ),
        ({"describe_stacks": MISSING, "create_change_set": {"raw": ""}}, "ORC-5403", "printed no JSON"),
        (
            {"describe_stacks": MISSING, "describe_change_set": {"Status": "FAILED", "StatusReason": "bad template"}},
            "ORC-5415",
            "no change set for stack 's' can be made",
        ),
        (
            {
                "describe_stacks": MISSING,
                "describe_change_set": {"Status": "CREATE_COMPLETE", "Changes": [change("Add", "A")]},
                "wait__stack_create_complete": "Waiter StackCreateComplete failed",
                "describe_stack_events": FAILED_EVENTS,
            },
            "ORC-5415",
            "stack 's' could not be created: A (T) is CREATE_FAILED",
        ),
        (
            {
                "describe_stacks": [MISSING, stack("ROLLBACK_COMPLETE")],
                "describe_change_set": {"Status": "CREATE_COMPLETE", "Changes": [change("Add", "A")]},
            },
            "ORC-5415",
            "stack 's' is ROLLBACK_COMPLETE",
        ),
    ],
)
@pytest.mark.usefixtures("template")
def test_what_goes_wrong_is_a_finding(
    run_step: Any, stand_in: Callable[..., dict[str, str]], answers: dict[str, Any], code: str, says: str
) -> None:
    done = run_step("cloudformation", INPUTS, env={**stand_in(**answers), "KEY": KEY})
    assert done.failure.code.number == code
    assert says in done.failure.message
    assert done.outputs == {}


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"template": "none.yaml"}, "ORC-5105"),
        ({"template": None}, "ORC-5106"),
        ({"template": "large.yaml"}, "ORC-5106"),
        ({"parametersFrom": {"Key": "NOT_SET"}}, "ORC-5106"),
    ],
)
@pytest.mark.usefixtures("template")
def test_inputs_that_make_no_change_set_are_findings(
    run_step: Any, stand_in: Callable[..., dict[str, str]], repository: Path, inputs: dict[str, Any], code: str
) -> None:
    (repository / "large.yaml").write_bytes(b"#" * 51_201)
    done = run_step("cloudformation", {**INPUTS, **inputs}, env={**stand_in(describe_stacks=MISSING), "KEY": KEY})
    assert done.failure.code.number == code


def test_the_example_of_the_page_works(run_step: Any, aws: dict[str, str], repository: Path) -> None:
    [step] = steps("cloudformation")
    (repository / "infra").mkdir()
    (repository / "infra" / "files.yaml").write_text(blocks("cloudformation", "yaml-template")[0])
    done = run_step(step["type"], step["config"], env=aws)
    assert done.failure is None
    assert done.outputs["status"] == "CREATE_COMPLETE"
