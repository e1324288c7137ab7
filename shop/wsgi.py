import os

from django.core.wsgi import get_wsgi_application

from jumun.db.page_queries import limit_page_queries
from jumun.payments.webhooks.wsgi import WebhooksFirst

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

limit_page_queries()
application = WebhooksFirst(get_wsgi_application())
