"""Loops and sub-workflows: 2191 to 2199 (what files say), 3100 to 3119 (what plans and runs make of it)."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

UNKNOWN_CALL = Code(
    "ORC-2191",
    "A step calls a workflow that is not there",
    "Name a file below the workflows root, or a workflow by its identity: `<product>/<name>`, `<provider>/<name>`.",
    detail="A step of `type: workflow` names in `workflow` what it calls: the path of a file (beside the file that "
    "names it, from the repository root, or below the workflows root), a platform workflow by its name, a workflow of "
    "the same product as `<product>/<name>`, or one of a provider as `<provider>/<name>`. The name is fixed text: what "
    "a plan consists of does not depend on values.",
)
CALL_CYCLE = Code(
    "ORC-2192",
    "Workflows call each other in a circle",
    "Remove one of the calls; a loop (`forEach`) repeats a call.",
    detail="A sub-workflow is expanded into the plan, step by step. Workflows that call each other, or one that calls "
    "itself, would have no end. The message spells the circle out.",
)
SETTING_OF_NO_CALL = Code(
    "ORC-2193",
    "A setting has no meaning for this step",
    "Move the setting to the steps of the called workflow, or remove it.",
    detail="`workflow` and `parameters` belong to a step of `type: workflow`, which needs the first of them. Such a "
    "step runs nothing itself: what speaks of one process (`config`, `env`, `retry`, `lock`, `approval`, `outputFile`, "
    "`setVariables`, `secretOutputs`, `rollback`, `idempotency`) belongs to the steps of the workflow that it calls. "
    "It has `if`, `unless`, `when`, `dependsOn`, `parallel`, `parallelGroup`, `forEach`, `matrix`, `maxParallel`, "
    "`timeout` and `continueOnError`, which hold for the sub-workflow as a whole.",
)
WRONG_CALL_PARAMETER = Code(
    "ORC-2194",
    "A call does not fit the parameters of its workflow",
    "Give each required parameter a value of its type under `parameters`, and no others.",
    detail="A workflow that is called gets the values under `parameters` of the calling step, and the defaults of its "
    "own definitions, nothing else. Values that are known when planning are checked like those of `--param`. A "
    "parameter with `secret: true` takes `${secrets.<name>}`, and no other one does.",
)
CALL_NOT_ALLOWED = Code(
    "ORC-2195",
    "A workflow of another product is called",
    "Make the common part a `kind: Workflow` in a folder that both use.",
    detail="A product workflow belongs to its product: policies allow it by its identity, and its owners change it for "
    "their own needs. Only workflows of the same product call it. A `kind: Workflow` is there for everybody.",
    guards=True,
)
ITEM_OF_THE_SHELL = Code(
    "ORC-2196",
    "A script takes the value of its loop for a variable of the shell",
    'Give the value to the step under `env:`, for example `ITEM: "${item}"`, and use "$ITEM" in the script.',
    detail="In a script only references with a dot are replaced (`${item.name}`, `${matrix.os}`), and only by values "
    "of the plain form; `${item}` and `$matrix` are the shell's, and empty. `env:` takes every value.",
)
PLAN_TOO_LARGE = Code(
    "ORC-3100",
    "A plan would be too large",
    "Split the work, or let one step handle several values.",
    detail="A plan has at most 10,000 steps, loops over outputs counted with their `maxItems`, and calls at most 16 "
    "deep. The number is counted before anything is built.",
)
SAME_STEP_ID = Code(
    "ORC-3101",
    "Two steps of a plan would have one id",
    "Rename one of the steps.",
    detail="Steps of a sub-workflow have the name of the call and a `.` before their own, so that step `b` of a call "
    "`a` is `a.b`. A step that is called `a.b` itself cannot stand beside it.",
)
NO_LOOP_WHILE_RUNNING = Code(
    "ORC-3102",
    "A loop cannot wait for its values",
    "Go over values that are known when planning, or give the list to one step in `env:`.",
    detail="A loop over outputs is one step in the plan, which the run expands. So it can neither call a sub-workflow, "
    "whose steps nobody could read and approve beforehand, nor hold a gate; and values of a loop stand in journals and "
    "records, where no secret may stand.",
)
LOOP_TOO_LONG = Code(
    "ORC-3110",
    "A loop found more values than `maxItems` allows",
    "Raise `maxItems`, or let the step before give fewer values.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A loop over outputs says with `maxItems` how many steps it may become; policies and approvals count with "
    "that number. A run that finds more values fails the step, and runs none of them.",
)
LOOP_WITHOUT_VALUES = Code(
    "ORC-3111",
    "A loop found something that it cannot go over",
    'Let the step before give a JSON list, for example `echo \'OUTPUT_names=["a", "b"]\'`.',
    exit_status=ExitStatus.RUN_FAILED,
    detail="`forEach` goes over a list or a mapping, `matrix` over a list for each key. Text counts where it is a JSON "
    "list or object.",
)
