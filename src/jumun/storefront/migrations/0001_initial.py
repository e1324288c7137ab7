import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('jumun_orders', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True, verbose_name='page address')),
                ('name_ko', models.CharField(max_length=100, verbose_name='name (Korean)')),
                ('name_en', models.CharField(blank=True, max_length=100, verbose_name='name (English)')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
                'ordering': ['position', 'slug'],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sku', models.CharField(max_length=64, unique=True, verbose_name='article number')),
                ('slug', models.SlugField(unique=True, verbose_name='page address')),
                ('name_ko', models.CharField(max_length=200, verbose_name='name (Korean)')),
                ('name_en', models.CharField(blank=True, max_length=200, verbose_name='name (English)')),
                ('description_ko', models.TextField(blank=True, verbose_name='description (Korean)')),
                ('description_en', models.TextField(blank=True, verbose_name='description (English)')),
                ('price_minor', models.BigIntegerField(verbose_name='price, tax included')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('tax_rate_ppm', models.PositiveIntegerField(default=100000, verbose_name='tax rate (ppm)')),
                ('untaxed_as', models.CharField(choices=[('E', 'exempt from tax'), ('Z', 'zero-rated')], default='E', max_length=1, verbose_name='without tax because it is')),
                ('picture', models.CharField(blank=True, max_length=200, verbose_name='picture (static file)')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('active', models.BooleanField(default=True, verbose_name='for sale')),
                ('stock_quantity', models.PositiveIntegerField(default=0, verbose_name='stock')),
                ('reserved_quantity', models.PositiveIntegerField(default=0, editable=False, verbose_name='reserved')),
                ('sold_quantity', models.PositiveIntegerField(default=0, editable=False, verbose_name='sold')),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='products', to='jumun_storefront.category', verbose_name='category')),
            ],
            options={
                'verbose_name': 'product',
                'verbose_name_plural': 'products',
                'ordering': ['category__position', 'position', 'sku'],
            },
        ),
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sku', models.CharField(max_length=64, verbose_name='article number')),
                ('quantity', models.PositiveIntegerField(verbose_name='quantity')),
                ('returned_quantity', models.PositiveIntegerField(default=0, verbose_name='back in stock')),
                ('state', models.CharField(choices=[('held', 'held'), ('released', 'released'), ('sold', 'sold')], default='held', max_length=8, verbose_name='state')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reservations', to='jumun_orders.order', verbose_name='order')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='jumun_storefront.product', verbose_name='product')),
            ],
            options={
                'verbose_name': 'reservation',
                'verbose_name_plural': 'reservations',
                'ordering': ['product'],
            },
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('price_minor__gt', 0)), name='jumun_product_price_positive'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('tax_rate_ppm__lte', 1000000)), name='jumun_product_tax_rate'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('stock_quantity__gte', django.db.models.expressions.CombinedExpression(models.F('reserved_quantity'), '+', models.F('sold_quantity')))), name='jumun_product_free_not_negative', violation_error_message='More is sold and reserved than that.'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.UniqueConstraint(fields=('order', 'product'), name='jumun_reservation_once'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='jumun_reservation_quantity'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.CheckConstraint(condition=models.Q(('returned_quantity', 0), models.Q(('returned_quantity__lte', models.F('quantity')), ('state', 'sold')), _connector='OR'), name='jumun_reservation_returned'),
        ),
    ]
