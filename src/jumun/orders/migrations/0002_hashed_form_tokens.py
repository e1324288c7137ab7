from hashlib import sha256

from django.db import migrations


def hash_tokens(apps, schema_editor):
    """Of the orders that wait for payment. Those of all others name no form that is still of use."""
    waiting = apps.get_model("jumun_orders", "Order").objects.using(schema_editor.connection.alias)
    for order in waiting.filter(state="placed").exclude(form_token=None).only("form_token").iterator():
        order.form_token = sha256(order.form_token.encode()).hexdigest()
        order.save(update_fields=["form_token"])


class Migration(migrations.Migration):
    dependencies = [("jumun_orders", "0001_initial")]

    operations = [migrations.RunPython(hash_tokens, migrations.RunPython.noop, elidable=True)]
