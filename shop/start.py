"""``./run``: the store for a person at this machine."""

import json
import secrets
import sys
from pathlib import Path

from shop.configuration import ConfigurationError, check_free, configure, data_folder, environment_with_dotenv
from shop.data_folder import check_data
from shop.freshness import is_fresh, mark_fresh
from shop.language import _
from shop.ports import remember_ports
from shop.supervisor import Supervisor
from shop.welcome import welcome


def start(*, data: Path | None, port: int, paywright_port: int) -> int:
    """Run until interrupted, with the data in that folder, JUMUN_DATA_DIR or var.

    Raises `ConfigurationError` and `StoreFailed`.
    """
    given = environment_with_dotenv()
    data = data_folder(data, given)
    configuration = configure(data=data, port=port, paywright_port=paywright_port, given=given)
    check_free(port, "--port")
    if configuration.paywright_port:
        check_free(configuration.paywright_port, "--paywright-port")
    check_data(data)
    remember_ports(data, port=port, paywright_port=paywright_port)
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
    prepared = json.loads(printed)
    if prepared["unfit"]:
        message = _(
            "The database was made by another version of Jumun, and this one cannot bring it up to date ({what}): "
            "choose another folder with --data DIR, or run the version that made it."
        )
        raise ConfigurationError(message.format(what=prepared["unfit"]))
    mark_fresh(configuration)
    return password if prepared["staff_made"] else None
