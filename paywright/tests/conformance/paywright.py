"""``python -m tests.conformance.paywright``: Paywright as the tests start it, which writes down what it says."""

from paywright.__main__ import main
from tests.conformance.recording import install

install()
main()
