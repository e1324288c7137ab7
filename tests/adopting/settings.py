"""A project that has a catalogue of its own and takes from Jumun only orders, payments, invoices, exports and admin."""

import os

SECRET_KEY = "an adopting project"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "tests.adopting.urls"
INSTALLED_APPS = [
    "jumun.backoffice",
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
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "jumun.actor.actor_middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["ADOPTING_DATABASE"],
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
        # As many projects have it.
        "ATOMIC_REQUESTS": True,
    }
}
USE_TZ = True
LANGUAGES = [("en", "English"), ("ko", "Korean")]
STATIC_URL = "static/"
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "jumun_documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": os.environ["ADOPTING_DATABASE"] + "-documents"},
    },
}
STRIPE_SECRET_KEY = "sk_test_adopting"
STRIPE_WEBHOOK_SECRET = "whsec_adopting"
STRIPE_API_BASE = os.environ["STRIPE_API_BASE"]
JUMUN = {"CURRENCY": "EUR", "SELLER": {"NAME": "Example GmbH", "COUNTRY": "DE"}}
