"""``./run``: the store for a person at this machine."""

import json
import os
import secrets
import sys
from pathlib import Path

from shop.configuration import ROOT, check_free, configure, with_dotenv
from shop.freshness import is_fresh, mark_fresh
from shop.language import _
from shop.supervisor import Supervisor
from shop.welcome import welcome


def start(*, data: Path | None, port: int, paywright_port: int) -> int:
    """Run until interrupted, with the data in that folder, JUMUN_DATA_DIR or var.

    Raises `ConfigurationError` and `StoreFailed`.
    """
    dotenv = Path(os.environ.get("JUMUN_ENV_FILE") or ROOT / ".env")
    given = with_dotenv(os.environ, dotenv)
    data = data or Path(given.get("JUMUN_DATA_DIR") or ROOT / "var")
    configuration = configure(data=data, port=port, paywright_port=paywright_port, given=given)
    check_free(port, "--port")
    if configuration.paywright_port:
        check_free(configuration.paywright_port, "--paywright-port")
    with Supervisor(configuration, echo=print) as supervisor:
        if not is_fresh(configuration):
            print(_("Preparing the database and the demo catalogue ..."))
        password = prepare(supervisor)
        supervisor.start()
        print(welcome(configuration, password))
        supervisor.watch()
    return 0


def prepare(supervisor: Supervisor) -> str | None:
    """Bring the database up to date; return the staff user's password if the user was made now."""
    configuration = supervisor.configuration
    if is_fresh(configuration):
        return None
    password = secrets.token_urlsafe(9)
    printed = supervisor.run_to_end("prepare", [sys.executable, "-m", "shop.prepare"], JUMUN_STAFF_PASSWORD=password)
    mark_fresh(configuration)
    return password if json.loads(printed)["staff_made"] else None
