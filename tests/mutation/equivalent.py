"""Mutants that change nothing anybody could notice, each with the reason (equivalent.toml)."""

import tomllib
from pathlib import Path

from tests.mutation.mutants import mutants_of

LIST = Path(__file__).with_suffix(".toml")


def equivalent_mutants() -> dict[str, str]:
    """The reason by the mutant's key."""
    entries = tomllib.loads(LIST.read_text())["equivalent"]
    return {f"{entry['file']} {mutant}": entry["reason"] for entry in entries for mutant in entry["mutants"]}


def stale_entries() -> list[str]:
    """Entries that name no mutant of the present code."""
    listed = equivalent_mutants()
    present = {mutant.key for path in {key.partition(" ")[0] for key in listed} for mutant in mutants_of(path)}
    return sorted(listed.keys() - present)
