"""The store's own settings, with a clock that can be moved, short patience with Stripe and cheap passwords."""

import os
import time

from django.utils import timezone

from jumun.outbox.clock import Clock
from shop.settings import *  # noqa: F403
from shop.settings import JUMUN
from tests.chaos.clock import of_this_process

# Before any model takes it for a default.
_clock = of_this_process()
timezone.now = _clock.now
vars(time)["time"] = _clock.time
# Time that passes in steps for all is no jump of the machine's clock.
setattr(Clock, "_read", lambda _clock: time.time() - time.monotonic())  # noqa: B010 (mypy: a method)

# The time-outs of a run are many, and waiting ten seconds for each would teach nothing.
JUMUN["STRIPE_TIMEOUT_S"] = 1.0
# Everybody comes through a proxy, which is played by their browsers.
JUMUN["TRUSTED_PROXY_COUNT"] = 1
# Those who pay late have only placed their orders before.
JUMUN["HOLD_BEFORE_PAYMENT_S"] = 2 * 3600
EMAIL_TIMEOUT = 3
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if "BROKER_URL" in os.environ:
    # As a project does in its `__init__`: web processes send Celery's messages too.
    pass
