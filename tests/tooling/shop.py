"""``python -m shop``, with a Paywright that writes down what it says."""

import runpy
import signal

from shop.run import store
from tests.conformance import recording

# The tests themselves may run under nohup, which is inherited.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
store.PROCFILE = recording.procfile(store.PROCFILE)
runpy.run_module("shop", run_name="__main__", alter_sys=True)
