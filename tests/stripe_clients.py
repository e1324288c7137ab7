"""Where Stripe's CLI and Node SDK are: ``python tests/stripe_clients.py`` names what is missing, or prints nothing."""

import os
import shutil
import subprocess
from pathlib import Path

INSTALLED = Path(__file__).parents[1] / ".node" / "node_modules"
HOW_TO_GET = "tools/stripe-clients, which needs Node's npm"


def find_cli() -> str | None:
    """The CLI's path: ``STRIPE_CLI`` if it is set, else what was installed here, else the one on PATH."""
    if named := os.environ.get("STRIPE_CLI"):
        return shutil.which(named)
    packaged = sorted(INSTALLED.glob("@stripe/cli-*/bin/stripe"))
    return str(packaged[0]) if packaged else shutil.which("stripe")


def start_cli(home: Path, api_base: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the CLI against a server, with any test key and a home folder where nobody has ever logged in."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}
    key = "sk_test_" + "a" * 24
    return subprocess.Popen(
        [find_cli() or "stripe", *arguments, "--api-base", api_base, "--api-key", key],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_secret(listening: subprocess.Popen[str]) -> str:
    """The signing secret that ``stripe listen`` prints once it listens."""
    for line in listening.stdout or ():
        for word in line.replace("\x1b", " ").split():
            if word.startswith("whsec_"):
                return word
    raise AssertionError("stripe listen ended without naming its secret")


def find_node_modules() -> Path | None:
    """The folder that holds the package ``stripe``, where there is a node to run it."""
    folder = Path(os.environ.get("STRIPE_NODE_MODULES", INSTALLED))
    return folder if shutil.which("node") and (folder / "stripe").is_dir() else None


def not_run() -> list[str]:
    """One line for each client whose tests cannot run here."""
    missing = {
        f"the tests of the Stripe CLI, for want of it ({HOW_TO_GET}, or STRIPE_CLI=/path/to/it)": find_cli(),
        f"the test of the Node SDK, for want of it ({HOW_TO_GET}, or STRIPE_NODE_MODULES=/folder)": find_node_modules(),
    }
    return [f"NOT RUN: {what}." for what, found in missing.items() if not found]


if __name__ == "__main__":
    for line in not_run():
        print(line)
