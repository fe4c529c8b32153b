"""Provisions `data-lake` for the product analytics: zones of a lake as folders, with a catalogue of its datasets.

A real one would make buckets and a catalogue database here; what it promises would be the same.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from innominatus_cli.sdk import (
    Backup,
    Config,
    Hint,
    InvalidConfigError,
    NotFoundError,
    Output,
    Provisioner,
    Resource,
    Result,
    Status,
)

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class DataLake(Provisioner):
    """A lake with zones and datasets."""

    name: ClassVar[str] = "data-lake"
    type: ClassVar[str] = "data-lake"
    version: ClassVar[str] = "1.2.0"
    outputs: ClassVar[Mapping[str, Output]] = {
        "bucket": Output("string", "The lake's bucket."),
        "zones": Output("object", "The path of each zone, below the resource's folder."),
        "catalog": Output("string", "The file with the datasets, below the resource's folder."),
        "access_key": Output("string", "The key for writers.", secret=True),
    }
    params: ClassVar[Mapping[str, str]] = {
        "zones": "The zones; raw, curated and trusted where nothing is said.",
        "datasets": "Names of the datasets in the catalogue.",
        "retention_days": "How long raw data stays; 30 where nothing is said.",
    }

    def provision(self, resource: Resource, config: Config) -> Result:
        """Makes the folders of the zones and the catalogue."""
        zones = resource.params.list("zones") or ["raw", "curated", "trusted"]
        datasets = resource.params.list("datasets")
        days = resource.params.integer("retention_days", 30)
        for name in (*zones, *datasets):
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise InvalidConfigError(f"'{name}' cannot be the name of a zone or dataset")
        if days < 1:
            raise InvalidConfigError(f"param 'retention_days' is {days}, and is at least 1")
        for zone in zones:
            (self.folder / zone).mkdir(exist_ok=True)
        catalog = {"datasets": sorted(datasets), "retention_days": days, "region": config.text("region", "local")}
        (self.folder / "catalog.json").write_text(json.dumps(catalog, indent=2) + "\n")
        return Result(
            {
                "bucket": f"{resource.identity}-{resource.environment}".replace(".", "-"),
                "zones": {zone: zone for zone in zones},
                "catalog": "catalog.json",
                "access_key": self.secret("access-key", length=40),
            },
            message=f"{len(zones)} zones, {len(datasets)} datasets",
        )

    def deprovision(self, resource: Resource, config: Config) -> None:
        """Nothing stands outside of the folder, which goes with everything in it once this returns."""

    def status(self, resource: Resource, config: Config) -> Status:  # noqa: ARG002 - the shape of a provisioner
        """Whether the catalogue is there."""
        if (self.folder / "catalog.json").is_file():
            return Status("active", "healthy", "the catalogue is there")
        return Status("terminated", "unknown", "there is no catalogue")

    def hints(self, resource: Resource, outputs: Mapping[str, Any]) -> Sequence[Hint]:  # noqa: ARG002 - as above
        """Where to look."""
        return (Hint("text", "Data lake", f"{outputs['bucket']}, {outputs['catalog']}"),)

    def backup(self, resource: Resource, config: Config, backup: Backup) -> str:  # noqa: ARG002 - as above
        """Copies the zones and the catalogue. The key stays: each environment has its own."""
        for path in self._data():
            if path.is_dir():
                shutil.copytree(path, backup.folder / path.name, symlinks=True)
            else:
                shutil.copy2(path, backup.folder / path.name)
        return ""

    def restore(self, resource: Resource, config: Config, backup: Backup) -> None:  # noqa: ARG002 - as above
        """Puts zones and catalogue of a backup in the place of those that are there."""
        if not (backup.folder / "catalog.json").is_file():
            raise NotFoundError(f"the backup {backup.id} is not in this clone")
        fresh = self.folder / ".restoring"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(backup.folder, fresh, symlinks=True)
        for path in self._data():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in fresh.iterdir():
            path.rename(self.folder / path.name)
        fresh.rmdir()

    def _data(self) -> list[Path]:
        """What a backup holds: all that has no dot before its name."""
        return [path for path in sorted(self.folder.iterdir()) if not path.name.startswith(".")]
