"""``python -m tests.paywright``: Paywright as the tests start it, which writes down what it says."""

from paywright.__main__ import main
from tests.paywright.recording import install

install()
main()
