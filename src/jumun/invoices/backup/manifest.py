import json
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Self

from jumun.errors import BackupRefused

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Describes a backup. It is the last part, so that a truncated file has none."""

    format: int = FORMAT
    jumun: str
    # The backup has everything that was committed before; ISO 8601 in UTC.
    taken_at: str
    vendor: str
    # Applied migrations by app.
    migrations: dict[str, list[str]]
    # The last number of each series, such as {"INV-2026": 123}.
    series: dict[str, int]
    site_url: str
    document_count: int
    # SHA-256 by part: of the database, and of the list of all documents' SHA-256.
    sha256: dict[str, str] = field(default_factory=dict)

    def dumped(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def loaded(cls, content: bytes) -> Self:
        """Raises `BackupRefused`."""
        try:
            values = json.loads(content)
            if values["format"] != FORMAT:
                raise BackupRefused(f"The backup has format {values['format']}; this version reads format {FORMAT}.")
            manifest = cls(**{one.name: values[one.name] for one in fields(cls)})
            datetime.fromisoformat(manifest.taken_at)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupRefused("The backup's manifest is damaged.") from error
        return manifest
