"""Codes of approvals: 404x say why one does not count, 526x and 527x what stands in the way of giving one."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code


def _uncounted(number: str, title: str, remedy: str, detail: str) -> Code:
    return Code(number, title, remedy, exit_status=ExitStatus.POLICY_REFUSED, detail=detail, guards=True)


def _ungiven(number: str, title: str, remedy: str, detail: str, exit_status: ExitStatus = ExitStatus.FINDINGS) -> Code:
    return Code(number, title, remedy, exit_status=exit_status, detail=detail)


APPROVED_BY_INVOKER = _uncounted(
    "ORC-4040",
    "Who runs a plan cannot approve it",
    "Let another member of the team approve it, or let somebody else run it anew.",
    "An approval is a second pair of eyes. It never comes from whoever started the run, nor, when a run is resumed, "
    "from whoever started one that it goes on with.",
)
APPROVED_BY_AUTHOR = _uncounted(
    "ORC-4041",
    "An author of the change cannot approve it",
    "Let a member of the team approve it who has committed nothing to these files since the last deployment.",
    "Authors are all who have a commit, as author or in a `Co-authored-by` line, that changed one of the plan's "
    "sources since the commit of the last successful deployment of this application in this environment; without "
    "one, ever. `signers.<member>.aliases` names other addresses under which somebody commits.",
)
OTHER_PLAN_APPROVED = _uncounted(
    "ORC-4042",
    "Another plan was approved",
    "Look at what has changed (`plan-diff`), and approve the plan as it is now.",
    "An approval names the digest of one plan. Any change of what the plan is made from, a source, an input or a "
    "parameter, gives another digest, and approvals of the old one say nothing about it.",
)
NOT_IN_TEAM = _uncounted(
    "ORC-4043",
    "Who approved is in none of the gate's teams",
    "Let a member of the named teams approve it, or ask the platform team to add the address under `teams`.",
    "Teams and their members are those of admin-config.yaml in the revision whose policies judge the run "
    "(`--policies-from`): a change cannot add its own approvers.",
)
APPROVAL_EXPIRED = _uncounted(
    "ORC-4044",
    "An approval has expired",
    "Approve the plan again.",
    "An approval holds as long as its gate says (`expires`), else as long as admin-config's `approvals.expires` says, "
    "else a day; and never longer than it says itself. One that is dated in the future counts no more than one of the "
    "past.",
)
APPROVAL_REPLAYED = _uncounted(
    "ORC-4045",
    "A signature stands in a record that it was not made for",
    "Approve the plan again; find out who copied the record (`git log -- <ledger>/actions`).",
    "The signed statement names its own record, plan, run, gates, application, environment, person, time and a number "
    "that is used once. A record that says anything else, or a second one with the same number, is a copy.",
)
SIGNATURE_WRONG = _uncounted(
    "ORC-4046",
    "An approval's evidence does not hold",
    "Sign with a key, a token or an account that `signers` names for this person, and approve again.",
    "The signature must be one over exactly the statement in the record, in the namespace approval@innominatus, by a "
    "key that admin-config's `teams.<team>.signers` has for that person in the revision whose policies judge. A "
    "token must be signed by a key of its issuer, name the plan as its audience, and have been valid at that moment; "
    "a review must approve a commit that holds the plan's sources as they are.",
)
APPROVAL_UNSIGNED = _uncounted(
    "ORC-4047",
    "Nothing proves who approved",
    "Approve with a key (`--key`, `--gpg`), or ask the platform team for `approvals.unsigned: allow`.",
    "Anybody can write any name and address into a git configuration. What stands on those alone counts only where "
    "admin-config says `approvals.unsigned: allow`; a GitHub review, which is the word of whoever fetched it, only "
    "with `approvals.reviews: allow`.",
)
GATE_REJECTED = _uncounted(
    "ORC-4048",
    "The plan was rejected",
    "Speak with who rejected it. Their own later approval opens the gate again; a changed plan is asked anew.",
    "A rejection by a person who could approve closes the gate, however many others approved. It holds until that "
    "person approves the same plan.",
)
GATE_NOT_STATIC = _ungiven(
    "ORC-4049",
    "A gate cannot be known before the run",
    "Write teams and count of the gate as plain values, in one place.",
    "People approve a plan before its steps run, so that what they are asked must stand in it: no reference to an "
    "output, and not both `config` and `approval` on a step of type `approval`.",
)

NOTHING_TO_APPROVE = _ungiven(
    "ORC-5260",
    "This plan asks nobody",
    "Run it: it has no gate.",
    "No step and no workflow of the plan has `approval`, its environment is not among security.requireApproval, and no "
    "resource type of it is under `approvals.resourceTypes`.",
)
NO_SUCH_PLAN = _ungiven(
    "ORC-5261",
    "There is no such plan or run here",
    "Name a file that `plan --out` wrote, the digest of a plan in the ledger, or a run of `history`.",
    "A plan comes into the ledger with the first run of it. Before that, approve the file, which has the same "
    "digest. A run that was made elsewhere must be fetched first.",
)
NO_SIGNING_KEY = _ungiven(
    "ORC-5262",
    "There is nothing to sign with",
    "Name a key with --key FILE or --gpg, or the whole path of an ssh key in git's user.signingkey.",
    "An approval is signed by the person who gives it: with an ssh key, a gpg key, a token of CI (--token) or a review "
    "(--review). Without any of them it would prove nothing.",
    ExitStatus.ENVIRONMENT,
)
GPG_FAILED = _ungiven(
    "ORC-5263",
    "GnuPG did not do its work",
    "Install GnuPG 2.2 or newer and import the keys of those who sign; unlock your own in gpg-agent.",
    "Signing asks the operator's own gpg and agent, never for a passphrase on the terminal. Verifying needs the "
    "signer's public key in the keyring; which fingerprints count is said by admin-config alone.",
    ExitStatus.ENVIRONMENT,
)
UNKNOWN_GATE = _ungiven(
    "ORC-5264",
    "The plan has no such gate",
    "Name one of the gates that `approvals` lists: a step's name or id, `workflow:<id>`, `environment` or "
    "`resource:<type>`.",
    "An approval is for all gates of a plan whose teams the person is in, unless --gate names some.",
)
EVIDENCE_UNREADABLE = _ungiven(
    "ORC-5265",
    "The evidence cannot be read",
    "Give --token a file with a JWT, and --review the JSON that GitHub's API gave for one review.",
    "A token is three parts with dots between them (RFC 7519). A review has `user.login`, `state`, `commit_id` and "
    "`submitted_at`; `gh api repos/OWNER/NAME/pulls/NUMBER/reviews/ID` prints one.",
)
OIDC_NEEDS_EXTRA = _ungiven(
    "ORC-5266",
    "Tokens need the extra 'signatures'",
    "Install it: pip install 'innominatus-cli[signatures]'.",
    "Signatures of OpenID tokens (RS256, ES256) are checked by the package cryptography, which the tool does without "
    "otherwise.",
    ExitStatus.ENVIRONMENT,
)
AUTHORS_UNKNOWN = _ungiven(
    "ORC-5267",
    "Nobody can say who changed the plan's sources",
    "Fetch the whole history: git fetch --unshallow (actions/checkout: `fetch-depth: 0`).",
    "The clone is shallow and does not reach back to the last deployment. Authors must not approve, and here they are "
    "not known, so that no gate opens.",
    ExitStatus.ENVIRONMENT,
)
