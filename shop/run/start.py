"""``./run``: the store for a person at this machine."""

from pathlib import Path

from shop.run.configuration import check_free, configure, data_folder, environment_with_dotenv, remember_ports
from shop.run.data_folder import check_data
from shop.run.database import is_prepared, prepare
from shop.run.store import Store
from shop.run.welcome import welcome
from shop.terminal import _


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
    if not is_prepared(configuration):
        print(_("Preparing the database and the demo catalogue ..."))
    password = prepare(configuration)
    with Store(configuration, echo=print) as store:
        print(welcome(configuration, password))
        store.watch()
    return 0
