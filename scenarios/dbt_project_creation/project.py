"""What a dbt Cloud project is asked for: the saga's input, and the context of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDatabase:
    """A database to be provisioned."""

    name: str
    warehouse: str
    database: str
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRequest:
    """One project. A new database is provisioned, an existing one is only used."""

    project_name: str
    description: str
    owner: str
    environment: str
    business_area: str
    environments: tuple[str, ...]
    database_selection: Literal["new", "existing"]
    new_database: NewDatabase | None = None
    existing_database_id: str | None = None

    @classmethod
    def read(cls, content: object) -> Self:
        """Raise msgspec.ValidationError, which names the field, where it is none."""
        return msgspec.convert(content, cls)

    @property
    def provisions(self) -> bool:
        """Whether a database of its own is made."""
        return self.database_selection == "new"
