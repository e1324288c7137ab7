"""``./run manage audit``: a management command with the data folder and the keys of the store that ``./run`` starts."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from shop.run.configuration import ConfigurationError, configure, data_folder, environment_with_dotenv, last_ports
from shop.run.data_folder import check_data
from shop.terminal import _


def manage(*, data: Path | None, arguments: Sequence[str]) -> NoReturn:
    """Become that command, whose exit code is then ours. Raises `ConfigurationError`."""
    given = environment_with_dotenv()
    folder = data_folder(data, given)
    # What is there may be lost or damaged: it is about to be replaced.
    is_restored = list(arguments[:1]) == ["restore"]
    if not (folder / "secrets.json").exists() and not is_restored:
        message = _("There is no store in {path}: start ./run once, or name its folder with --data DIR.")
        raise ConfigurationError(message.format(path=folder))
    configuration = configure(data=folder, **last_ports(folder), given=given)
    if not is_restored:
        check_data(folder)
    command = [sys.executable, "-m", "django", *(arguments or ["help"])]
    os.execve(command[0], command, dict(configuration.environment))  # noqa: S606 (no shell is meant)
