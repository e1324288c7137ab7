from django.db import migrations

from jumun.backoffice import trigrams


class Migration(migrations.Migration):
    dependencies = [
        ("jumun_orders", "0001_initial"),
        ("jumun_invoices", "0001_initial"),
        ("jumun_payments", "0001_initial"),
    ]
    operations = [migrations.RunPython(trigrams.create, trigrams.drop)]
