"""Block 1xxx: a document's text and shape."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

NOT_READABLE = Code(
    "ORC-1001",
    "The file cannot be read",
    "Check that the path is right and that you may read it.",
    detail="The path names nothing, or the operating system refused to open it. Paths are relative to the repository "
    "root, or to the folder in which you called the tool.",
)
NOT_A_FILE = Code(
    "ORC-1002",
    "The path is not a regular file",
    "Name a file; folders, pipes, sockets and devices are never read.",
    detail="Only regular files are read, so that a path in a repository can neither block the tool nor read a device.",
)
OUTSIDE_REPOSITORY = Code(
    "ORC-1003",
    "The path leads out of the repository",
    "Keep the file in the repository, and write paths without `..`.",
    detail="A symbolic link that leaves the repository, an absolute path, or a path with `..` could read any file of "
    "the machine, and its content would be no part of the commit that a plan stands for. Links inside the repository "
    "are followed.",
    guards=True,
)
TOO_LARGE = Code(
    "ORC-1004",
    "The file is too large",
    "Split the file; 1 MiB is the limit for each.",
    detail="Documents over 1 MiB are refused before they are parsed. There is no smaller limit for one text, so that "
    "scripts and here-documents are free.",
)
NOT_UTF8 = Code(
    "ORC-1005",
    "The file is not UTF-8",
    "Save the file as UTF-8.",
    detail="Only UTF-8 is read. A byte order mark and CRLF line ends are accepted.",
)
BINARY = Code(
    "ORC-1006",
    "The file is binary",
    "Name a YAML file.",
    detail="The file holds NUL bytes, which no YAML text does.",
)
CONTROL_CHARACTER = Code(
    "ORC-1007",
    "The file holds a control character",
    'Remove the character, or write it as an escape in double quotes, like "\\e".',
    detail="Control characters and the line separators U+0085, U+2028 and U+2029 cannot be seen in most editors, and "
    "tools disagree on where a line ends because of them.",
)
HIDDEN_CHARACTER = Code(
    "ORC-1008",
    "The file holds a character that hides what is written",
    "Remove the character, or write it as an escape in double quotes.",
    detail="Bidirectional controls (U+202A to U+202E, U+2066 to U+2069) make text look different from what is read; "
    "zero-width characters in keys do the same. A reviewer cannot see them, so they are refused.",
    guards=True,
)
YAML_SYNTAX = Code(
    "ORC-1009",
    "The file is not YAML",
    "Mend the text at this place; often it is the indentation or a missing quote before it.",
    detail="The parser could not go on. Everything before this place was read; what comes behind was not.",
)
EMPTY = Code(
    "ORC-1010",
    "The file holds no document",
    "Write a document into the file, or remove it.",
    detail="There is nothing but comments or white space in the file.",
)
TOO_DEEP = Code(
    "ORC-1011",
    "The document is nested too deeply",
    "Make the document flatter; 64 levels are the limit.",
    detail="Depth is counted while reading, before anything is built, with aliases expanded. No document that a person "
    "writes comes near the limit.",
)
TOO_MANY_ALIASES = Code(
    "ORC-1012",
    "The file uses too many aliases",
    "Write the values out; 1,000 aliases and 100 merges in a file are the limit.",
    detail="A few hundred bytes of aliases of aliases can stand for billions of values.",
)
TOO_MANY_NODES = Code(
    "ORC-1013",
    "The file is too large when its aliases are written out",
    "Use fewer aliases, or split the file; 100,000 values are the limit.",
    detail="Each use of an alias counts as much as what it stands for.",
)
DUPLICATE_KEY = Code(
    "ORC-1014",
    "A key stands twice in one mapping",
    "Remove one of the two.",
    detail="YAML forbids it, and tools that allow it keep one of the two without a word.",
)
TAG = Code(
    "ORC-1015",
    "The document uses a tag",
    "Remove the tag; quote a value that is meant as text.",
    detail="Tags such as `!!python/object` ask the reader to build something. No document here needs one.",
    guards=True,
)
ALIAS = Code(
    "ORC-1016",
    "An alias names nothing, or itself",
    "Define the anchor before the alias, outside of what it stands for.",
    detail="An alias `*name` stands for what an earlier anchor `&name` marks. A value cannot contain itself.",
)
MERGE = Code(
    "ORC-1017",
    "A merge key needs a mapping",
    "Give `<<` an alias of a mapping, or a list of them.",
    detail="`<<: *name` takes over the keys that the mapping does not have itself. With a list, earlier mappings win.",
)
KEY_NOT_TEXT = Code(
    "ORC-1018",
    "A key is not text",
    "Quote the key.",
    detail="Keys are text everywhere. YAML reads `1:`, `true:` and `null:` as a number, a boolean and nothing.",
)
NOT_FINITE = Code(
    "ORC-1019",
    "The number is not finite",
    "Write a finite number, or quote it as text.",
    detail="JSON, in which plans and records are kept, has neither infinities nor NaN.",
)
INTEGER_TOO_LARGE = Code(
    "ORC-1020",
    "The number is too large to be kept exactly",
    "Quote it as text.",
    detail="Integers beyond ±(2^53-1) are not exact in JSON (RFC 8259, section 6), and with them a plan's digest.",
)
AMBIGUOUS_SCALAR = Code(
    "ORC-1021",
    "Other tools read this value differently",
    "Put the value in quotes if text is meant.",
    Severity.WARNING,
    detail="YAML 1.2 reads `yes`, `off`, `12:30:45` and `1_000` as text and `0777` as 777; YAML 1.1, which many tools "
    "still speak, reads booleans, numbers, dates and octal numbers. We read 1.2. Quotes mean the same to all of them.",
)
NUL = Code(
    "ORC-1022",
    "The text holds a NUL character",
    "Remove the escape \\0.",
    detail="No process argument, environment variable or path can hold a NUL.",
)
NOT_OURS = Code(
    "ORC-1030",
    "The document is of no kind that the tool knows",
    "Name a workflow, golden path, policy, provider, Score or admin-config file.",
    detail="A document's kind comes from `kind` and `apiVersion`, from `goldenpaths:` or a bare `steps:` at the top, "
    "or from the name admin-config.yaml. Files of other tools are passed over unless you name them.",
)
UNKNOWN_KIND = Code(
    "ORC-1031",
    "Unknown kind",
    "Use one of the known kinds.",
    detail="The apiVersion is ours, the kind is not.",
)
WRONG_KIND_HERE = Code(
    "ORC-1032",
    "A document of this kind does not belong here",
    "Move the file, or correct its kind.",
    detail="workflows/platform holds PlatformWorkflow documents, workflows/products/<product> ProductWorkflow ones, "
    "workflows/golden-paths GoldenPath ones and workflows/policies WorkflowPolicies ones.",
)
UNKNOWN_KEY = Code(
    "ORC-1033",
    "Unknown key",
    "Correct the key or remove it.",
    detail="Documents are closed: a key that nothing reads is a mistake, and a silent one otherwise.",
)
MISSING_KEY = Code(
    "ORC-1034",
    "A key is missing",
    "Add the key.",
    detail="The document cannot be used without it.",
)
WRONG_TYPE = Code(
    "ORC-1035",
    "The value has the wrong type",
    "Write a value of the expected type.",
    detail="Quotes make text of a number or boolean; a number needs to be written without them.",
)
NOT_ALLOWED = Code(
    "ORC-1036",
    "The value is not one of the allowed ones",
    "Use one of the allowed values.",
    detail="The set of values is closed.",
)
WRONG_FORM = Code(
    "ORC-1037",
    "The text does not have the expected form",
    "Write the value in the expected form.",
    detail="The message shows the pattern that the text has to match as a whole.",
)
OUT_OF_RANGE = Code(
    "ORC-1038",
    "The value is too small, too large, too short or too long",
    "Stay in the range.",
    detail="The message says which limit is meant.",
)
NO_ALTERNATIVE = Code(
    "ORC-1039",
    "The value fits none of the alternatives",
    "Write the value in one of the ways that the message names.",
    detail="Some values can be written in several ways, and some mappings need exactly one of several keys.",
)
INVALID_VALUE = Code(
    "ORC-1040",
    "The value cannot be used",
    "Correct the value.",
    detail="The document has the right shape, but this value breaks a rule that the message names.",
)
OLD_SHAPE = Code(
    "ORC-1050",
    "An older shape of the document",
    "Nothing has to be done; `innominatus-ctl validate --fix` writes it as the message says.",
    Severity.INFO,
    detail="Four shapes of workflows exist in the wild. All of them are read; the canonical one has `apiVersion: "
    "workflow.dev/v1`, `kind`, `metadata` and everything else under `spec`.",
)
OLD_SPELLING = Code(
    "ORC-1051",
    "An older spelling",
    "Nothing has to be done; `innominatus-ctl validate --fix` writes it as the message says.",
    Severity.INFO,
    detail="The key is read as the one that the message names.",
)
SCORE_DIALECT = Code(
    "ORC-1052",
    "Not Score, but the house's dialect of it",
    "Use Score's own form, so that other Score tools can read the file; `validate --fix` writes it where there is one.",
    Severity.WARNING,
    detail="`properties` of a resource, `env` and `ports` of a container, `environment`, `variables` and `workflows` "
    "at the top are no part of score.dev/v1b1. They are read; `--strict-score` makes them errors.",
)
SCORE_DEPRECATED = Code(
    "ORC-1053",
    "A deprecated form of Score",
    "Write `files` and `volumes` as mappings from the path in the container, or let `validate --fix` do it.",
    Severity.INFO,
    detail="Score's specification still allows lists here and asks for mappings.",
)
SPELLED_TWICE = Code(
    "ORC-1054",
    "The same setting stands there in two spellings",
    "Remove one of the two.",
    detail="Both keys mean the same, and only one of them could be used. Among the inputs of a step it is a warning "
    "where both say the same.",
)
BAD_PRODUCT_NAME = Code(
    "ORC-1060",
    "The name of a product's folder cannot be used",
    "Use lower-case letters, digits, `.`, `_` and `-`, and start with a letter or digit.",
    detail="A product's name is a part of paths and ids.",
)
NOT_WRITABLE = Code(
    "ORC-1061",
    "A file cannot be written",
    "Make room on the disk, or give yourself the right to write there.",
    exit_status=ExitStatus.CANNOT_WRITE_STATE,
    detail="What was there before is still there: files are written beside their old version and then put in its "
    "place.",
)
NOT_FIXED = Code(
    "ORC-1082",
    "A file that could be mended is not written",
    "Name the file itself, not a link to it; write it by hand where it is not yours; check again where it changed.",
    Severity.WARNING,
    detail="`--fix` replaces files in place. It leaves alone what is reached through a symbolic link, what you may not "
    "write, and what changed between being read and being written.",
)
LANGUAGE_SERVER_MISSING = Code(
    "ORC-1089",
    "The language server is not installed",
    "Install it: `pip install 'innominatus-cli[lsp]'`, in the environment that the editor starts the command from.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail="Editors talk to the command through a library that nothing else needs, so that it is an extra of the "
    "package.",
)
