"""The file of all orders, on PostgreSQL; the limit is psql's ``\\copy`` of the same columns as they are stored."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.exporting import IMPORT_EXPORT, STREAMED, TUTORIAL, over_http, rows_of, timed
from bench.row import LIMIT, OURS, Bench, Contestant, PeerMissing
from bench.stage import Stage, run_django
from tests.postgres import program_folders


def psql() -> str:
    """The program, from PATH or beside the server's. Raises `PeerMissing`."""
    beside = (str(folder / "psql") for folder in program_folders() if (folder / "psql").is_file())
    found = shutil.which("psql") or next(beside, None)
    if found is None:
        raise PeerMissing("no psql: install postgresql-client")
    return found


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url = stage.postgresql()
    select = run_django("bench.site.raw_columns", database=url).strip()

    def copy() -> None:
        subprocess.run([psql(), url, "-qc", f"\\copy ({select}) TO '/dev/null' CSV HEADER"], check=True)

    limit = Contestant(LIMIT, lambda: timed("csv-postgresql", stage.orders, copy))
    # A quick run has no time for those that say nothing more.
    peers = [TUTORIAL] if stage.quick else [TUTORIAL, STREAMED, IMPORT_EXPORT]
    with over_http("PostgreSQL", url, [OURS, *peers]) as served:
        yield [*served, limit]


BENCH = Bench(
    rows=rows_of("PostgreSQL", goals={TUTORIAL: 15, IMPORT_EXPORT: 60, LIMIT: 0.75}, quick_goals={TUTORIAL: 5}),
    contestants=contestants,
    in_quick=True,
)
