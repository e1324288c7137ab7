import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('jumun_orders', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchivedPdf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=48, unique=True, verbose_name='document number')),
                ('name', models.CharField(max_length=255, verbose_name='file')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the file')),
                ('document_sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the document')),
                ('size_bytes', models.PositiveIntegerField(verbose_name='size (bytes)')),
                ('layout', models.CharField(choices=[('site', 'site layout'), ('plain', 'plain layout'), ('spelled', 'plain layout with code points')], max_length=16, verbose_name='layout')),
                ('archived_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='archived at')),
            ],
            options={
                'verbose_name': 'archived PDF',
                'verbose_name_plural': 'archived PDFs',
            },
        ),
        migrations.CreateModel(
            name='CreditNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=48, unique=True, verbose_name='number')),
                ('issued_at', models.DateTimeField(db_index=True, verbose_name='issued at')),
                ('document_json', models.TextField(verbose_name='document')),
                ('document_sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the document')),
                ('refund_id', models.CharField(max_length=255, unique=True, verbose_name='Stripe refund or dispute')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
            ],
            options={
                'verbose_name': 'credit note',
                'verbose_name_plural': 'credit notes',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Cancellation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=48, unique=True, verbose_name='number')),
                ('issued_at', models.DateTimeField(db_index=True, verbose_name='issued at')),
                ('document_json', models.TextField(verbose_name='document')),
                ('document_sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the document')),
                ('credit_note', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='cancellation', to='jumun_invoices.creditnote', verbose_name='credit note')),
            ],
            options={
                'verbose_name': 'credit note cancellation',
                'verbose_name_plural': 'credit note cancellations',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=48, unique=True, verbose_name='number')),
                ('issued_at', models.DateTimeField(db_index=True, verbose_name='issued at')),
                ('document_json', models.TextField(verbose_name='document')),
                ('document_sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the document')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='invoice', to='jumun_orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'invoice',
                'verbose_name_plural': 'invoices',
                'ordering': ['-id'],
                'permissions': [('export_invoice', 'Can export invoices')],
            },
        ),
        migrations.AddField(
            model_name='creditnote',
            name='invoice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credit_notes', to='jumun_invoices.invoice', verbose_name='invoice'),
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prefix', models.CharField(max_length=32, verbose_name='prefix')),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('last_number', models.PositiveBigIntegerField(default=0, verbose_name='last number')),
                ('step', models.PositiveIntegerField(db_default=1, editable=False)),
                ('begun_after', models.PositiveBigIntegerField(db_default=0, editable=False)),
            ],
            options={
                'verbose_name': 'number series',
                'verbose_name_plural': 'number series',
                'constraints': [models.UniqueConstraint(fields=('prefix', 'year'), name='jumun_series_prefix_year')],
            },
        ),
        migrations.AddConstraint(
            model_name='creditnote',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='jumun_credit_note_amount_positive'),
        ),
    ]
