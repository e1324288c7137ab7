import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import jumun.orders.numbers
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(default=jumun.orders.numbers.new_number, editable=False, max_length=32, unique=True, verbose_name='order number')),
                ('reference', models.CharField(default=jumun.orders.numbers.new_reference, editable=False, max_length=64, unique=True, verbose_name='reference')),
                ('state', models.CharField(choices=[('placed', 'awaiting payment'), ('paid', 'paid'), ('expired', 'expired'), ('cancelled', 'cancelled')], default='placed', editable=False, max_length=9, verbose_name='state')),
                ('livemode', models.BooleanField(editable=False, verbose_name='real money')),
                ('language', models.CharField(max_length=10, verbose_name='language')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('address', models.CharField(blank=True, max_length=300, verbose_name='address')),
                ('postal_code', models.CharField(blank=True, max_length=20, verbose_name='postal code')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('country', models.CharField(max_length=2, verbose_name='country')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='phone')),
                ('tax_id', models.CharField(blank=True, max_length=32, verbose_name='tax identifier')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('prices_include_tax', models.BooleanField(default=True, verbose_name='prices include tax')),
                ('total_minor', models.BigIntegerField(verbose_name='total')),
                ('tax_minor', models.BigIntegerField(verbose_name='included tax')),
                ('rounding_minor', models.BigIntegerField(default=0, verbose_name='rounding')),
                ('placed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='placed at')),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='paid at')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                ('form_token', models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True)),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'orders',
                'ordering': ['-id'],
                'permissions': [('export_order', 'Can export orders'), ('cancel_order', 'Can cancel unpaid orders')],
                'indexes': [models.Index(condition=models.Q(('state', 'placed')), fields=['expires_at'], name='jumun_order_overdue'), models.Index(fields=['-placed_at', '-id'], name='jumun_order_newest'), models.Index(fields=['state', '-placed_at', '-id'], name='jumun_order_state'), models.Index(fields=['country', '-placed_at', '-id'], name='jumun_order_country'), models.Index(fields=['currency', '-placed_at', '-id'], name='jumun_order_currency'), models.Index(fields=['livemode', '-placed_at', '-id'], name='jumun_order_livemode'), models.Index(fields=['email'], name='jumun_order_email')],
                'constraints': [models.CheckConstraint(condition=models.Q(('total_minor__gt', 0)), name='jumun_order_total_positive'), models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('email', ''), _negated=True), models.Q(('country', ''), _negated=True)), name='jumun_order_customer_named'), models.CheckConstraint(condition=models.Q(('tax_minor__gte', 0), ('tax_minor__lte', models.F('total_minor') - models.F('rounding_minor'))), name='jumun_order_tax_within_total'), models.CheckConstraint(condition=models.Q(('rounding_minor__gte', -4), ('rounding_minor__lte', 5)), name='jumun_order_rounding'), models.CheckConstraint(condition=models.Q(models.Q(('paid_at__isnull', False), ('state', 'paid')), models.Q(models.Q(('state', 'paid'), _negated=True), ('paid_at__isnull', True)), _connector='OR'), name='jumun_order_paid_has_time')],
            },
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('sku', models.CharField(max_length=64, verbose_name='article number')),
                ('name', models.CharField(max_length=200, verbose_name='article')),
                ('unit_price_minor', models.BigIntegerField(verbose_name='unit price')),
                ('quantity', models.PositiveIntegerField(verbose_name='quantity')),
                ('discount_minor', models.BigIntegerField(default=0, verbose_name='discount')),
                ('tax_rate_ppm', models.PositiveIntegerField(verbose_name='tax rate (ppm)')),
                ('tax_category', models.CharField(choices=[('S', 'taxed'), ('Z', 'zero-rated'), ('E', 'exempt from tax'), ('AE', 'reverse charge')], max_length=2, verbose_name='tax category')),
                ('tax_minor', models.BigIntegerField(verbose_name='included tax')),
                ('total_minor', models.BigIntegerField(verbose_name='line total')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='jumun_orders.order')),
            ],
            options={
                'verbose_name': 'order line',
                'verbose_name_plural': 'order lines',
                'ordering': ['order', 'position'],
                'constraints': [models.UniqueConstraint(fields=('order', 'position'), name='jumun_order_line_position'), models.CheckConstraint(condition=models.Q(models.Q(('sku', ''), _negated=True), models.Q(('name', ''), _negated=True)), name='jumun_order_line_named'), models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='jumun_order_line_quantity'), models.CheckConstraint(condition=models.Q(('tax_rate_ppm__lte', 1000000)), name='jumun_order_line_tax_rate'), models.CheckConstraint(condition=models.Q(('discount_minor__gte', 0)), name='jumun_order_line_discount'), models.CheckConstraint(condition=models.Q(('total_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('unit_price_minor'), '*', models.F('quantity')), '-', models.F('discount_minor'))), ('total_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('unit_price_minor'), '*', models.F('quantity')), '-', models.F('discount_minor')), '+', models.F('tax_minor'))), _connector='OR'), name='jumun_order_line_adds_up'), models.CheckConstraint(condition=models.Q(models.Q(('tax_category', 'S'), ('tax_rate_ppm__gt', 0)), models.Q(('tax_category__in', ['Z', 'E', 'AE']), ('tax_rate_ppm', 0)), _connector='OR'), name='jumun_order_line_tax_category')],
            },
        ),
        migrations.CreateModel(
            name='TimelineEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='at')),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('actor', models.CharField(max_length=10, verbose_name='by')),
                ('actor_name', models.CharField(blank=True, max_length=254, verbose_name='user name')),
                ('source', models.CharField(blank=True, max_length=255, verbose_name='source')),
                ('details', models.JSONField(default=dict, verbose_name='details')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='timeline', to='jumun_orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'timeline entry',
                'verbose_name_plural': 'timeline',
                'ordering': ['order', 'id'],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['order', 'id'], name='jumun_timeline_of_order')],
            },
        ),
    ]
