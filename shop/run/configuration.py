"""What the store's processes are given: ports, folder, keys. Decides whether Paywright or Stripe takes the payments."""

import errno
import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from shop.terminal import _

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
STORE_PORT, PAYWRIGHT_PORT = 8000, 12111
STAFF_NAME = "staff"
# What gunicorn is told besides the address.
SERVED_BY = ("--config", str(ROOT / "shop" / "gunicorn_conf.py"))


class ConfigurationError(Exception):
    """The store cannot start as it was asked to; the message is one line that says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """How the store runs. ``paywright_port`` is None where Stripe itself takes the payments."""

    data: Path
    port: int
    paywright_port: int | None
    environment: Mapping[str, str]

    @property
    def store_url(self) -> str:
        """The store's address, without a slash at its end."""
        return f"http://{HOST}:{self.port}"

    @property
    def paywright_url(self) -> str | None:
        """Paywright's address, or None with Stripe."""
        return f"http://{HOST}:{self.paywright_port}" if self.paywright_port else None

    @property
    def livemode(self) -> bool:
        """Whether cards are really charged."""
        return self.environment["STRIPE_SECRET_KEY"].startswith(("sk_live_", "rk_live_"))


def configure(*, data: Path, port: int, paywright_port: int, given: Mapping[str, str]) -> Configuration:
    """Decide from the environment (with `.env` in it) how the store runs. Raises `ConfigurationError`."""
    stripe_key = given.get("STRIPE_SECRET_KEY", "").strip()
    if stripe_key:
        _check_stripe(stripe_key, given)
    elif port == paywright_port:
        raise ConfigurationError(_("The store and Paywright cannot share port {port}.").format(port=port))
    kept = _keys(data)
    environment = {
        **given,
        # The commands of the `Procfile` are those of this Python's environment.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), given.get("PATH", os.defpath)]),
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "JUMUN_PORT": str(port),
        "JUMUN_DATA_DIR": str(data.resolve()),
        "JUMUN_SECRET_KEY": given.get("JUMUN_SECRET_KEY") or kept["secret_key"],
        "JUMUN_SITE_URL": given.get("JUMUN_SITE_URL") or f"http://{HOST}:{port}",
        "PYTHONPATH": str(ROOT),
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }
    if not stripe_key:
        # A given secret holds here too: whoever signs events by hand knows which.
        secrets_accepted = given.get("STRIPE_WEBHOOK_SECRET", "").strip() or kept["webhook_secret"]
        environment |= {
            # The store and Paywright talk to each other on this machine, whatever proxy leads out of it.
            **{name: ",".join(filter(None, (given.get(name), HOST))) for name in ("NO_PROXY", "no_proxy")},
            "STRIPE_SECRET_KEY": kept["paywright_key"],
            "STRIPE_WEBHOOK_SECRET": secrets_accepted,
            # By the environment, since the list of processes shows every user their command lines.
            "PAYWRIGHT_SECRET": secrets_accepted.partition(",")[0].strip(),
            "PAYWRIGHT_PORT": str(paywright_port),
            "STRIPE_API_BASE": f"http://{HOST}:{paywright_port}",
        }
    return Configuration(
        data=data, port=port, paywright_port=None if stripe_key else paywright_port, environment=environment
    )


def _check_stripe(key: str, given: Mapping[str, str]) -> None:
    if not key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        raise ConfigurationError(_("STRIPE_SECRET_KEY is not a secret key: Stripe's begin with sk_ or rk_."))
    if not given.get("STRIPE_WEBHOOK_SECRET", "").strip():
        raise ConfigurationError(
            _("STRIPE_SECRET_KEY is set but STRIPE_WEBHOOK_SECRET is not: stripe listen --print-secret prints it.")
        )


def _keys(data: Path) -> dict[str, str]:
    """The folder's own keys: made once, readable by their owner alone."""
    new = {
        "secret_key": secrets.token_urlsafe(48),
        "paywright_key": f"sk_test_{secrets.token_hex(16)}",
        "webhook_secret": f"whsec_{secrets.token_hex(16)}",
    }
    path = data / "secrets.json"
    try:
        data.mkdir(parents=True, exist_ok=True)
        _write_once(path, new)
        kept = json.loads(path.read_text())
        return {name: str(kept[name]) for name in new}
    except OSError as error:
        raise _unusable(data, error) from error
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(_("{path} is damaged: delete it.").format(path=path)) from error


def _write_once(path: Path, keys: Mapping[str, str]) -> None:
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(keys, file)
        except OSError:
            path.unlink()  # on a full disk it would stay empty
            raise


def _unusable(data: Path, error: OSError) -> ConfigurationError:
    message = _("Data cannot be kept in {path} ({reason}): choose another folder with --data DIR.")
    return ConfigurationError(message.format(path=data, reason=error.strerror))


def environment_with_dotenv() -> dict[str, str]:
    """This process's environment and what the `.env` file adds to it. Raises `ConfigurationError`."""
    return with_dotenv(os.environ, Path(os.environ.get("JUMUN_ENV_FILE") or ROOT / ".env"))


def data_folder(chosen: Path | None, given: Mapping[str, str]) -> Path:
    """The folder that was chosen, JUMUN_DATA_DIR or var."""
    return chosen or Path(given.get("JUMUN_DATA_DIR") or ROOT / "var")


def remember_ports(data: Path, *, port: int, paywright_port: int) -> None:
    """Keep them for `./run manage`, which finds Paywright by them. Raises `ConfigurationError`."""
    try:
        (data / "ports.json").write_text(json.dumps({"port": port, "paywright_port": paywright_port}))
    except OSError as error:
        raise _unusable(data, error) from error


def last_ports(data: Path) -> dict[str, int]:
    """``port`` and ``paywright_port``; the defaults where the store was never started."""
    try:
        kept = json.loads((data / "ports.json").read_text())
        return {name: int(kept[name]) for name in ("port", "paywright_port")}
    except (OSError, ValueError, TypeError, KeyError):
        return {"port": STORE_PORT, "paywright_port": PAYWRIGHT_PORT}


def with_dotenv(environment: Mapping[str, str], path: Path) -> dict[str, str]:
    """The environment and what a `.env` file adds to it; what is set already wins. Raises `ConfigurationError`."""
    from dotenv import dotenv_values

    try:
        added = {name: value for name, value in dotenv_values(path).items() if value is not None}
    except (OSError, ValueError) as error:
        raise ConfigurationError(_("{path} cannot be read as UTF-8 text.").format(path=path)) from error
    return {**added, **environment}


def check_free(port: int, option: str) -> None:
    """Raise `ConfigurationError` where something listens on the port already."""
    try:
        # Binding alone would not do: macOS lets 127.0.0.1 be bound beside a server that listens on every address.
        with suppress(ConnectionRefusedError, TimeoutError), socket.create_connection((HOST, port), timeout=1):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        socket.create_server((HOST, port)).close()
    except OSError as error:
        message = _("Port {port} cannot be used ({reason}): choose another with {option} N.")
        raise ConfigurationError(message.format(port=port, reason=error.strerror, option=option)) from error


def free_ports(count: int) -> list[int]:
    """That many ports on which nothing listens now."""
    with ExitStack() as stack:
        trials = [stack.enter_context(socket.create_server((HOST, 0))) for _unused in range(count)]
        return [int(trial.getsockname()[1]) for trial in trials]
