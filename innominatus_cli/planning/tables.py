"""Tables of admin-config.yaml that steps name entries of, as they are in one environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from innominatus_cli.documents.admin_config import AdminConfigDocument, EnvironmentDefinition, HealthCheck
from innominatus_cli.documents.environment_names import entry_for
from innominatus_cli.documents.secret_definitions import SecretDefinition, SecretEntry


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables `secrets`, `healthChecks`, `alerts`, `dashboards` and `prices`."""

    config: AdminConfigDocument
    environment_name: str

    @property
    def environment(self) -> EnvironmentDefinition | None:
        """The environment's definition."""
        return self.config.environment(self.environment_name)

    def names(self, table: str) -> list[str]:
        """The names of a table, sorted."""
        return sorted(self._table(table))

    def entry(self, table: str, name: str) -> dict[str, Any] | None:
        """The entry with its `name`; a health check as this environment has it."""
        found = self._table(table).get(name)
        if found is None:
            return None
        if isinstance(found, HealthCheck):
            here = entry_for(found.environments, self.environment_name)
            if here is not None:
                return {"name": name, "description": found.description, **_data(here)}
        if isinstance(found, SecretEntry):
            found = found.here(self.environment_name)
        data = _data(found)
        if isinstance(found, SecretDefinition) and found.store == "vault":
            data["vault"] = _data(self.config.secret_stores.vault)
        data.pop("environments", None)
        return {"name": name, **data}

    def _table(self, table: str) -> Mapping[str, BaseModel]:
        tables: dict[str, Mapping[str, BaseModel]] = {
            "secrets": self.config.secrets,
            "healthChecks": self.config.health_checks,
            "alerts": self.config.alerts,
            "dashboards": self.config.dashboards,
            "prices": self.config.prices,
        }
        return tables[table]


def _data(entry: BaseModel) -> dict[str, Any]:
    return entry.model_dump(mode="json", by_alias=True, exclude_none=True)
