"""``python -m shop``, with a Paywright that writes down what it says."""

import runpy

from shop import supervisor
from tests.paywright import recording

vars(supervisor).update(commands=recording.instead_of(supervisor.commands))
runpy.run_module("shop", run_name="__main__", alter_sys=True)
