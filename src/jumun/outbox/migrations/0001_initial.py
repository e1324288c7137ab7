import django.core.serializers.json
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('ready', 'waiting'), ('done', 'done'), ('ignored', 'ignored'), ('parked', 'parked')], default='ready', max_length=8, verbose_name='state')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('deaths', models.PositiveIntegerField(default=0, verbose_name='deaths')),
                ('run_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='not before')),
                ('lease_token', models.UUIDField(editable=False, null=True)),
                ('last_error', models.TextField(blank=True, verbose_name='last error')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('kind', models.CharField(max_length=100, verbose_name='kind')),
                ('args', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='arguments')),
                ('key', models.CharField(max_length=600, unique=True, verbose_name='key')),
                ('lane', models.CharField(choices=[('events', 'events'), ('money', 'refunds and expiries'), ('stripe', 'lookups at Stripe'), ('mail', 'mails'), ('documents', 'documents'), ('upkeep', 'reconciliation and purge')], max_length=16, verbose_name='lane')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('accepted_at', models.DateTimeField(editable=False, null=True, verbose_name='accepted at')),
            ],
            options={
                'verbose_name': 'job',
                'verbose_name_plural': 'jobs',
                'indexes': [models.Index(condition=models.Q(('state', 'ready')), fields=['lane', 'run_at'], name='jumun_job_due'), models.Index(condition=models.Q(('state', 'parked')), fields=['id'], name='jumun_job_parked')],
            },
        ),
    ]
