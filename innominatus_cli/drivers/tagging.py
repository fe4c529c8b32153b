"""`tagging`: the application's tags, none of the required ones missing."""

import json

from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.step_types.oversight import TaggingInputs, wrong_tag_name


def driver(ctx: StepContext) -> DriverSteps:
    """Outputs every tag, and writes them beside the manifests as JSON, so that they can be found later."""
    yield from ()
    inputs = ctx.inputs_of(TaggingInputs)
    wrong = wrong_tag_name((*inputs.tags, *inputs.required))
    if wrong:
        return ctx.failed(codes.INPUTS_UNUSABLE, wrong)
    tags = {name: value.strip() for name, value in inputs.tags.items()}
    missing = sorted(name for name in {*tags, *inputs.required} if not tags.get(name))
    if missing:
        told = ", ".join(f"'{name}'" for name in missing)
        return ctx.failed(codes.TAGS_MISSING, f"no value for {told}")
    if not tags:
        return ctx.failed(codes.INPUTS_UNUSABLE, "there are no tags: name some under 'tags'")
    tags = {"application": ctx.application, "environment": ctx.environment, "managed-by": "innominatus-ctl"} | tags
    text = json.dumps({"application": ctx.application, "tags": tags}, indent=2, sort_keys=True, ensure_ascii=False)
    return DriverResult(
        outputs={"tags": dict(sorted(tags.items()))},
        artifacts={ctx.artifact_path(".json"): text.encode() + b"\n"},
        message=counted(len(tags), "tag"),
    )
