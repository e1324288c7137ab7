import os

from django.core.wsgi import get_wsgi_application

from jumun.payments.wsgi import WebhooksFirst

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = WebhooksFirst(get_wsgi_application())
