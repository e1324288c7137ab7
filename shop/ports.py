"""The ports that the store of a data folder was last started with: `./run manage` finds Paywright by them."""

import json
from pathlib import Path

from shop.configuration import PAYWRIGHT_PORT, STORE_PORT, unusable


def remember_ports(data: Path, *, port: int, paywright_port: int) -> None:
    """Raises `ConfigurationError` where the folder takes no file."""
    try:
        (data / "ports.json").write_text(json.dumps({"port": port, "paywright_port": paywright_port}))
    except OSError as error:
        raise unusable(data, error) from error


def last_ports(data: Path) -> dict[str, int]:
    """``port`` and ``paywright_port``; the defaults where the store was never started."""
    try:
        kept = json.loads((data / "ports.json").read_text())
        return {"port": int(kept["port"]), "paywright_port": int(kept["paywright_port"])}
    except (OSError, ValueError, TypeError, KeyError):
        return {"port": STORE_PORT, "paywright_port": PAYWRIGHT_PORT}
