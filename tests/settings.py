"""The store's settings for the tests: nothing of this machine's `.env`, mails in memory, cheap passwords.

`DATABASE_URL` chooses the database. On SQLite it is a file, as in production: the threads of a race each have their own
connection, which a database in memory cannot give them.
"""

import os
import tempfile

_folder = tempfile.TemporaryDirectory(prefix="jumun-tests-", ignore_cleanup_errors=True)
os.environ |= {
    "JUMUN_ENV_FILE": os.devnull,
    "JUMUN_DATA_DIR": _folder.name,
    "JUMUN_SECRET_KEY": "for the tests only",
    "JUMUN_EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "STRIPE_SECRET_KEY": "sk_test_jumun",
    "STRIPE_WEBHOOK_SECRET": "whsec_test",
}

from shop.settings import *  # noqa: E402, F403
from shop.settings import DATA_DIR, DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each test's client has a handler of its own, and each handler would look through all static files as it is made.
WHITENOISE_AUTOREFRESH = True
