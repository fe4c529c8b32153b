"""Rules over the files of a repository, whatever they hold."""

from collections.abc import Callable, Iterator

from innominatus_cli.documents.tree import Tree
from innominatus_cli.findings.catalogue import tree as codes
from innominatus_cli.findings.finding import Finding, Place, Related, Severity

IsOurs = Callable[[str], bool]
"""Whether a path is one of ours: below the workflows root, an application, a configuration."""

_SUFFIXES = (".yaml", ".yml")
_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)))
)
_FORBIDDEN = frozenset('<>:"|?*\\')


def folded(text: str) -> str:
    """A name as disks compare it that tell neither case nor Unicode form (NFC, then case folding)."""
    if text.isascii():
        return text.lower()
    from unicodedata import normalize  # noqa: PLC0415 - few paths need it

    return normalize("NFC", normalize("NFC", text).casefold())


def check_embedded_repositories(tree: Tree, _is_ours: IsOurs) -> Iterator[Finding]:
    """ORC-1063: no other git repository lies inside, but for submodules and worktrees."""
    for path, what in tree.repositories:
        yield Finding(codes.EMBEDDED_REPOSITORY, f"this is {what}", Place(path))


def check_collisions(tree: Tree, is_ours: IsOurs) -> Iterator[Finding]:
    """ORC-1064: no two paths are one on a disk that tells neither case nor Unicode form. Of folders their own names."""
    first: dict[str, str] = {}
    for path in tree.paths:
        folder, _, name = path.rpartition("/")
        earlier = first.setdefault(f"{folder}/{folded(name)}", path)
        if earlier != path:
            severity = None if is_ours(path) or is_ours(earlier) else Severity.WARNING
            how = "case" if folded(path).isascii() else "case or Unicode form"
            message = f"'{path}' and '{earlier}' differ only in {how}"
            related = (Related("the other one", Place(earlier)),)
            place = Place(path)
            yield Finding(codes.SAME_PATH_ELSEWHERE, message, place, related=related, severity_override=severity)


def check_suffixes(tree: Tree, is_ours: IsOurs) -> Iterator[Finding]:
    """ORC-1062: no file of ours stands there as `.yaml` and as `.yml`."""
    known = set(tree.paths)
    for path in tree.paths:
        twin = f"{path.removesuffix('.yml')}.yaml"
        if path.endswith(".yml") and twin in known and is_ours(path):
            related = (Related("the other one", Place(twin)),)
            message = f"'{twin.rpartition('/')[2]}' stands beside it"
            yield Finding(codes.TWO_SUFFIXES, message, Place(path), related=related)


def check_links(tree: Tree, is_ours: IsOurs) -> Iterator[Finding]:
    """ORC-1066: links stay in the repository; those of our own documents are refused when they are read (ORC-1003).

    Below a folder `tests` nothing is said: what is there to be refused is a test's.
    """
    for path, target in tree.links_out:
        if not (is_ours(path) and path.endswith(_SUFFIXES)) and "tests" not in path.split("/"):
            shown = target if len(target) < 80 else f"{target[:77]}..."  # noqa: PLR2004 - a line's width
            yield Finding(codes.LINK_OUT, f"the link leads to '{shown}'", Place(path))


def check_names_on_windows(tree: Tree, _is_ours: IsOurs) -> Iterator[Finding]:
    """ORC-1067: a clone on Windows can have every name."""
    for path in tree.paths:
        name = path.rpartition("/")[2]
        why = ""
        if name.split(".", 1)[0].lower() in _RESERVED:
            why = "is reserved there"
        elif not _FORBIDDEN.isdisjoint(name) or not name.isprintable():
            why = "has a character that no name has there"
        elif name[-1:] in {".", " "}:
            why = "ends with a dot or a blank"
        if why:
            yield Finding(codes.RESERVED_NAME, f"the name '{name}' {why}", Place(path))


RULES: tuple[Callable[[Tree, IsOurs], Iterator[Finding]], ...] = (
    check_embedded_repositories,
    check_collisions,
    check_suffixes,
    check_links,
    check_names_on_windows,
)


def check_tree(tree: Tree, is_ours: IsOurs) -> Iterator[Finding]:
    """Everything that is wrong with the names, links and repositories of a tree."""
    for rule in RULES:
        yield from rule(tree, is_ours)
