"""Step types by name in one repository: the built-in ones, and those that it brings, read when one is first needed."""

from functools import cached_property

from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.step_type import StepTypeDocument
from innominatus_cli.documents.typed import Typed
from innominatus_cli.findings.catalogue.workflow import DUPLICATE_IDENTITY
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.planning.places import Spot
from innominatus_cli.step_types.catalogue import STEP_TYPES, step_type
from innominatus_cli.step_types.contract import StepType
from innominatus_cli.step_types.own import own_step_type


def has_own_types(repository: Repository) -> bool:
    """Whether the repository brings any step types."""
    folders = [repository.folder("step-types", one) for one in ("", *repository.organizations())]
    return any(repository.snapshot.paths(folder, YAML) for folder in folders)


class StepTypes:
    """Looks step types up; `consulted` are the files that had a say, `findings` what is wrong about them together."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._made: dict[str, StepType] = {}
        self._organizations: set[str] = set()
        self.consulted: list[str] = []
        self.findings: list[Finding] = []

    def find(self, name: str) -> StepType | None:
        """The step type of this name; a built-in one is never replaced. None where there is none."""
        built_in = step_type(name)
        if built_in is not None or name in self._made:
            return built_in or self._made[name]
        self._read_organization(name)
        documents = self._own.get(name, ())
        if not documents:
            self._consult(self._files)  # the type that is wanted may stand in one that cannot be read
            return None
        first, *others = documents
        self._consult([one.document.path for one in documents])
        for other in others:
            related = (Related("the other one", _name(first).place),)
            message = f"StepType '{name}' is already defined in {first.document.path}"
            self.findings.append(Finding(DUPLICATE_IDENTITY, message, _name(other).place, related=related))
        made = self._made[name] = own_step_type(first, name)
        return made

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted({*STEP_TYPES, *self._own})

    def _read_organization(self, name: str) -> None:
        """Adds the types of the organisation that a name begins with: `<organisation>/<name>`."""
        organization, slash, _ = name.rpartition("/")
        if slash and organization not in self._organizations and organization in self._repository.organizations():
            self._organizations.add(organization)
            for written in self._repository.step_types(organization):
                self._own.setdefault(f"{organization}/{written.model.metadata.name}", []).append(written)

    @property
    def own(self) -> dict[str, Typed[StepTypeDocument]]:
        """The repository's own types by name."""
        return {name: documents[0] for name, documents in self._own.items()}

    @cached_property
    def _own(self) -> dict[str, list[Typed[StepTypeDocument]]]:
        found: dict[str, list[Typed[StepTypeDocument]]] = {}
        for written in self._repository.step_types():
            found.setdefault(written.model.metadata.name, []).append(written)
        return found

    @property
    def _files(self) -> list[str]:
        folders = [self._repository.folder("step-types", one) for one in ("", *sorted(self._organizations))]
        return [
            path
            for folder in folders
            for path in self._repository.snapshot.paths(folder, YAML)
            if "/" not in path[len(folder) + 1 :]
        ]

    def _consult(self, paths: list[str]) -> None:
        self.consulted += [path for path in paths if path not in self.consulted]


def _name(written: Typed[StepTypeDocument]) -> Spot:
    return Spot(written.document).at("metadata", "name")
