"""The store that runs: Django's settings, all of them from the environment with defaults for a first try."""

import json
import logging
import os
import secrets
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from dotenv import load_dotenv

ROOT = Path(__file__).resolve().parent.parent
# The tour and the tests name another file, so that nothing of this machine's gets into them.
load_dotenv(os.environ.get("JUMUN_ENV_FILE") or ROOT / ".env")

DATA_DIR = Path(os.environ.get("JUMUN_DATA_DIR") or ROOT / "var")

DEBUG = os.environ.get("JUMUN_DEBUG") == "1"
# Without a given key sessions end with the process; ./run keeps one in its data folder.
SECRET_KEY = os.environ.get("JUMUN_SECRET_KEY") or secrets.token_urlsafe(50)
# While the key is being changed: what the old one has signed is still read.
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("JUMUN_SECRET_KEY_FALLBACKS", "").split(",") if key]
ALLOWED_HOSTS = os.environ.get("JUMUN_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
SITE_URL = os.environ.get("JUMUN_SITE_URL", "http://localhost:8000")
IS_HTTPS = SITE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    # Before Django's admin, whose templates it replaces.
    "shop",
    "jumun.backoffice",
    # Before "jumun", whose head of the page it replaces.
    "jumun.storefront",
    "jumun.exports",
    "jumun.payments",
    "jumun.invoices",
    "jumun.orders",
    "jumun.outbox",
    "jumun",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    "jumun.middleware.probe_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "jumun.middleware.query_middleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "jumun.actor.actor_middleware",
    "jumun.backoffice.login.login_middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jumun.storefront.context.shop",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.config(
        default=f"sqlite:///{DATA_DIR / 'jumun.sqlite3'}", conn_max_age=60, conn_health_checks=True
    )
}
if "DATABASE_URL_REPLICA" in os.environ:
    DATABASES["replica"] = dj_database_url.config(
        "DATABASE_URL_REPLICA", conn_max_age=60, conn_health_checks=True, test_options={"MIRROR": "default"}
    )
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # The write lock is taken at once and waited for; an acknowledged event survives a power cut.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }

LANGUAGE_CODE = os.environ.get("JUMUN_LANGUAGE", "ko")
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
TIME_ZONE = os.environ.get("JUMUN_TIME_ZONE", "Asia/Seoul")
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [("demo", ROOT / "shop" / "demo" / "pictures")]
# Files are served from where the apps keep them: nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Invoices: for this user's eyes only.
    "jumun_documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DATA_DIR / "documents",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}

STRIPE_PUBLISHABLE_KEY = os.environ.get("STRIPE_PUBLISHABLE_KEY", "")
STRIPE_SECRET_KEY = os.environ.get("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
STRIPE_API_VERSION = os.environ.get("STRIPE_API_VERSION", "")
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", "")

JUMUN: dict[str, object] = {
    "DOCUMENT_CHAIN_KEYS": list(filter(None, os.environ.get("JUMUN_DOCUMENT_CHAIN_KEYS", "").split(","))),
    "CURRENCY": os.environ.get("JUMUN_CURRENCY", "KRW"),
    "SITE_URL": SITE_URL,
    "TRUSTED_PROXY_COUNT": int(os.environ.get("JUMUN_TRUSTED_PROXY_COUNT", "1" if IS_HTTPS else "0")),
    "PAGE_QUERY_TIMEOUT_S": float(os.environ.get("JUMUN_PAGE_QUERY_TIMEOUT_S", "15")),
    "EXPORTS_DATABASE": "replica" if "replica" in DATABASES else "default",
    # Made up: the demo's invoices look as a Korean seller's do. The check digit is right, the number nobody's.
    "SELLER": json.loads(os.environ.get("JUMUN_SELLER") or "null")
    or {
        "TAX_ID": "123-45-67891",
        "REGISTRATION": ["대표자 김주문", "통신판매업신고 제2026-서울중구-00000호"],
    },
}

EMAIL_BACKEND = os.environ.get("JUMUN_EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_HOST = os.environ.get("JUMUN_EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("JUMUN_EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("JUMUN_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("JUMUN_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("JUMUN_EMAIL_TLS") == "1"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("JUMUN_FROM_EMAIL", "shop@example.com")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        # A browser checks where a form's answer redirects to as well, and the payment button leads to
        # Stripe's page.
        "form-action": [SELF, STRIPE_API_BASE or "https://checkout.stripe.com"],
    }
}
# Everything that a site behind HTTPS wants; ./run serves plain HTTP on this machine only. The servers here speak plain
# HTTP, so a proxy ends HTTPS, and it must set X-Forwarded-Proto whatever the client sent.
if IS_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
# Promises for other hosts of the domain, and for years: its owner's to make, not the store's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"


def _one_line(record: logging.LogRecord) -> bool:
    """Strangers ask for hosts that are not ours all day long: log a line, not an error with its traceback."""
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    record.exc_info = record.exc_text = None
    return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "filters": {"one_line": {"()": "django.utils.log.CallbackFilter", "callback": _one_line}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # The SDK logs every call at INFO; its own debug output may hold request bodies.
    "loggers": {
        "stripe": {"level": "WARNING"},
        "django.security.DisallowedHost": {"filters": ["one_line"]},
    },
}
