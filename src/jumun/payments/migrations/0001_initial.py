import django.db.models.deletion
import django.utils.timezone
import jumun.payments.models.intention
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('jumun_orders', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BalanceTransaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('transaction_id', models.CharField(max_length=255, unique=True, verbose_name='Stripe balance transaction')),
                ('type', models.CharField(max_length=60, verbose_name='type')),
                ('reporting_category', models.CharField(max_length=60, verbose_name='category')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('fee_minor', models.BigIntegerField(verbose_name='fee')),
                ('net_minor', models.BigIntegerField(verbose_name='net')),
                ('currency', models.CharField(max_length=8, verbose_name='currency')),
                ('source_id', models.CharField(blank=True, db_index=True, max_length=255, verbose_name='Stripe object')),
                ('payout_id', models.CharField(blank=True, db_index=True, max_length=255, verbose_name='Stripe payout')),
                ('available_at', models.DateTimeField(verbose_name='available')),
                ('created_at', models.DateTimeField(verbose_name='created at Stripe')),
            ],
            options={
                'verbose_name': 'balance transaction',
                'verbose_name_plural': 'balance transactions',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Payout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payout_id', models.CharField(max_length=255, unique=True, verbose_name='Stripe payout')),
                ('status', models.CharField(choices=[('pending', 'on its way'), ('in_transit', 'at the bank'), ('paid', 'paid out'), ('canceled', 'cancelled'), ('failed', 'failed')], max_length=40, verbose_name='status')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=8, verbose_name='currency')),
                ('livemode', models.BooleanField(verbose_name='real money')),
                ('automatic', models.BooleanField(verbose_name='automatic')),
                ('reconciliation_status', models.CharField(max_length=40)),
                ('is_itemised', models.BooleanField(default=False, verbose_name='itemised')),
                ('failure_message', models.TextField(blank=True, verbose_name='failure')),
                ('arrives_at', models.DateTimeField(verbose_name='arrives')),
                ('created_at', models.DateTimeField(verbose_name='created at Stripe')),
            ],
            options={
                'verbose_name': 'payout',
                'verbose_name_plural': 'payouts',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(verbose_name='since')),
                ('repair', models.BooleanField(verbose_name='repairs')),
                ('is_scheduled', models.BooleanField(verbose_name='scheduled')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='started')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('step', models.CharField(blank=True, max_length=40, verbose_name='step')),
                ('after', models.CharField(blank=True, max_length=255)),
                ('compared_count', models.PositiveIntegerField(default=0, verbose_name='objects compared')),
            ],
            options={
                'verbose_name': 'reconciliation',
                'verbose_name_plural': 'reconciliations',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payment_intent_id', models.CharField(max_length=255, unique=True, verbose_name='Stripe payment')),
                ('charge_id', models.CharField(blank=True, max_length=255, null=True, unique=True, verbose_name='Stripe charge')),
                ('status', models.CharField(choices=[('unpaid', 'unpaid'), ('processing', 'processing'), ('failed', 'failed'), ('paid', 'paid')], default='unpaid', max_length=10, verbose_name='status')),
                ('livemode', models.BooleanField(verbose_name='real money')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('method', models.CharField(blank=True, max_length=40, verbose_name='payment method')),
                ('wallet', models.CharField(blank=True, max_length=40, verbose_name='wallet')),
                ('card_brand', models.CharField(blank=True, max_length=40, verbose_name='card brand')),
                ('card_last4', models.CharField(blank=True, max_length=4, verbose_name='last four digits')),
                ('settles_order', models.BooleanField(default=False, verbose_name='settles the order')),
                ('unwanted_because', models.CharField(blank=True, choices=[('unknown_order', 'no such order'), ('amount', 'another amount'), ('currency', 'another currency'), ('livemode', 'test and live mixed up'), ('second_payment', 'a second payment of one order'), ('paid_after_close', 'paid after the order was closed'), ('no_payment', 'complete, but no money was taken'), ('foreign_payment', 'the payment belongs to another order'), ('unknown_payment', 'a refund of a payment that is not known here'), ('unknown_status', 'a status that we do not know'), ('malformed', 'an object of another shape'), ('refund_failed', 'a refund failed: the money has not reached the customer')], max_length=20, verbose_name='not wanted because')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='paid at')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='jumun_orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'payment',
                'verbose_name_plural': 'payments',
                'ordering': ['-id'],
                'permissions': [('refund_payment', 'Can refund payments')],
            },
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dispute_id', models.CharField(max_length=255, unique=True, verbose_name='Stripe dispute')),
                ('status', models.CharField(choices=[('warning_needs_response', 'inquiry: needs an answer'), ('warning_under_review', 'inquiry: answered'), ('warning_closed', 'inquiry: closed'), ('needs_response', 'needs an answer'), ('under_review', 'under review'), ('appeal_needs_response', 'appeal: needs an answer'), ('appeal_under_review', 'appeal: under review'), ('prevented', 'prevented'), ('lost', 'lost'), ('won', 'won')], max_length=40, verbose_name='status')),
                ('amount_minor', models.BigIntegerField(verbose_name='disputed amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reason', models.CharField(choices=[('bank_cannot_process', 'the bank cannot process it'), ('check_returned', 'cheque returned'), ('credit_not_processed', 'a refund was not made'), ('customer_initiated', 'asked for by the customer'), ('debit_not_authorized', 'debit not authorised'), ('duplicate', 'paid twice'), ('fraudulent', 'fraudulent'), ('general', 'no reason given'), ('incorrect_account_details', 'wrong account details'), ('insufficient_funds', 'insufficient funds'), ('noncompliant', "against the card network's rules"), ('product_not_received', 'not received'), ('product_unacceptable', 'defective or not as described'), ('subscription_canceled', 'subscription cancelled'), ('unrecognized', 'not recognised')], max_length=40, verbose_name='reason')),
                ('is_charge_refundable', models.BooleanField(verbose_name='may be refunded')),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='evidence due')),
                ('opened_at', models.DateTimeField(verbose_name='opened')),
                ('transaction_count', models.PositiveSmallIntegerField(verbose_name='movements of money')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='jumun_payments.payment', verbose_name='payment')),
            ],
            options={
                'verbose_name': 'dispute',
                'verbose_name_plural': 'disputes',
                'ordering': ['-id'],
                'permissions': [('credit_dispute', 'Can issue credit notes for lost disputes')],
            },
        ),
        migrations.CreateModel(
            name='QuarantinedSnapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('object_id', models.CharField(max_length=255, verbose_name='Stripe object')),
                ('reason', models.CharField(choices=[('unknown_order', 'no such order'), ('amount', 'another amount'), ('currency', 'another currency'), ('livemode', 'test and live mixed up'), ('second_payment', 'a second payment of one order'), ('paid_after_close', 'paid after the order was closed'), ('no_payment', 'complete, but no money was taken'), ('foreign_payment', 'the payment belongs to another order'), ('unknown_payment', 'a refund of a payment that is not known here'), ('unknown_status', 'a status that we do not know'), ('malformed', 'an object of another shape'), ('refund_failed', 'a refund failed: the money has not reached the customer')], max_length=20, verbose_name='reason')),
                ('snapshot', models.TextField(verbose_name='snapshot')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('resolved_at', models.DateTimeField(blank=True, null=True, verbose_name='resolved at')),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quarantined', to='jumun_orders.order', verbose_name='order')),
                ('payment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quarantined', to='jumun_payments.payment', verbose_name='payment')),
                ('resolved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='dealt with by')),
            ],
            options={
                'verbose_name': 'quarantined payment',
                'verbose_name_plural': 'quarantined payments',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('payment_missing', 'paid at Stripe, not here'), ('payment_differs', 'a payment is another at Stripe'), ('payment_not_at_stripe', 'paid here, not at Stripe'), ('payment_doubled', 'an order paid twice'), ('paid_without_order', 'paid, but for no open order'), ('amount_mismatch', 'another amount'), ('currency_mismatch', 'another currency'), ('mode_mismatch', 'test and live mixed up'), ('order_differs', 'an order stands differently'), ('order_without_invoice', 'a paid order without an invoice'), ('checkout_missing', 'a payment page that is not known here'), ('checkout_differs', 'a payment page stands differently'), ('refund_missing', 'a refund that was made elsewhere'), ('refund_differs', 'a refund is another at Stripe'), ('refund_failed', 'a refund failed'), ('refund_without_payment', 'a refund of an unknown payment'), ('dispute_missing', 'a dispute that is not known here'), ('dispute_differs', 'a dispute is another at Stripe'), ('transaction_missing', 'a fee or movement that is not known here'), ('transaction_differs', 'a fee or movement is another at Stripe'), ('balance_differs', "a payment's movements do not add up"), ('payout_missing', 'a payout that is not known here'), ('payout_differs', 'a payout is another at Stripe'), ('payout_does_not_add_up', 'a payout does not add up'), ('event_missing', 'an event that never came'), ('malformed', 'an object of another shape'), ('not_merged', 'an object that could not be merged'), ('undecided', 'staff must decide')], max_length=30, verbose_name='kind')),
                ('object_id', models.CharField(max_length=255, verbose_name='object')),
                ('order_number', models.CharField(blank=True, max_length=32, verbose_name='order')),
                ('problem', models.TextField(verbose_name='problem')),
                ('repaired', models.BooleanField(verbose_name='repaired')),
                ('reconciliation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='differences', to='jumun_payments.reconciliation')),
            ],
            options={
                'verbose_name': 'difference',
                'verbose_name_plural': 'differences',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('idempotency_key', models.CharField(default=jumun.payments.models.intention.new_key, editable=False, max_length=64, unique=True)),
                ('params', models.JSONField(default=dict, editable=False)),
                ('status', models.CharField(choices=[('creating', 'being created'), ('refused', 'refused'), ('pending', 'on its way'), ('requires_action', 'waiting for the customer'), ('succeeded', 'refunded'), ('canceled', 'cancelled'), ('failed', 'failed')], default='creating', max_length=15, verbose_name='status')),
                ('refund_id', models.CharField(blank=True, max_length=255, null=True, unique=True, verbose_name='Stripe refund')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reason', models.CharField(blank=True, choices=[('requested_by_customer', 'requested by the customer'), ('duplicate', 'paid twice'), ('fraudulent', 'fraudulent (Stripe blocks the card and the e-mail address)')], max_length=40, verbose_name='reason')),
                ('refusal', models.TextField(blank=True, verbose_name='refusal')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created at')),
                ('booked_at', models.DateTimeField(blank=True, null=True, verbose_name='booked at')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='jumun_payments.payment', verbose_name='payment')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='RefundLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField(default=0, verbose_name='quantity')),
                ('restock_quantity', models.PositiveIntegerField(default=0, verbose_name='back into stock')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refund_lines', to='jumun_orders.orderline', verbose_name='order line')),
                ('refund', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='jumun_payments.refund', verbose_name='refund')),
            ],
            options={
                'verbose_name': 'refunded line',
                'verbose_name_plural': 'refunded lines',
                'ordering': ['line'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Checkout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('idempotency_key', models.CharField(default=jumun.payments.models.intention.new_key, editable=False, max_length=64, unique=True)),
                ('params', models.JSONField(default=dict, editable=False)),
                ('state', models.CharField(choices=[('creating', 'being created'), ('open', 'open'), ('complete', 'complete'), ('expired', 'expired'), ('refused', 'refused')], default='creating', max_length=8, verbose_name='state')),
                ('session_id', models.CharField(blank=True, max_length=255, null=True, unique=True, verbose_name='Stripe session')),
                ('url', models.TextField(blank=True)),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
                ('refusal', models.TextField(blank=True, verbose_name='refusal')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checkouts', to='jumun_orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'checkout',
                'verbose_name_plural': 'checkouts',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['creating', 'open'])), fields=('order',), name='jumun_one_open_checkout_per_order')],
            },
        ),
        migrations.CreateModel(
            name='InboxEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('ready', 'waiting'), ('done', 'done'), ('ignored', 'ignored'), ('parked', 'parked')], default='ready', max_length=8, verbose_name='state')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('deaths', models.PositiveIntegerField(default=0, verbose_name='deaths')),
                ('run_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='not before')),
                ('lease_token', models.UUIDField(editable=False, null=True)),
                ('last_error', models.TextField(blank=True, verbose_name='last error')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('event_id', models.CharField(max_length=255, unique=True, verbose_name='Stripe event')),
                ('type', models.CharField(max_length=100, verbose_name='type')),
                ('api_version', models.CharField(blank=True, max_length=40, verbose_name='API version')),
                ('livemode', models.BooleanField(verbose_name='real money')),
                ('payload', models.TextField(verbose_name='payload')),
                ('created_at', models.DateTimeField(verbose_name='created at Stripe')),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='received at')),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='jumun_orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state', 'ready')), fields=['run_at'], name='jumun_inbox_due'), models.Index(condition=models.Q(('state', 'parked')), fields=['id'], name='jumun_inbox_parked')],
            },
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='jumun_payment_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('settles_order', True)), fields=('order',), name='jumun_one_settling_payment_per_order'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('settles_order', False), ('unwanted_because', ''), _connector='OR'), name='jumun_payment_settles_or_unwanted'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(condition=models.Q(('status__in', ['warning_needs_response', 'needs_response', 'appeal_needs_response'])), fields=['due_at'], name='jumun_dispute_due'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='jumun_dispute_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='quarantinedsnapshot',
            constraint=models.UniqueConstraint(fields=('object_id', 'reason'), name='jumun_quarantined_once'),
        ),
        migrations.AddConstraint(
            model_name='difference',
            constraint=models.UniqueConstraint(fields=('reconciliation', 'kind', 'object_id'), name='jumun_difference_once'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('status', 'creating')), fields=['created_at'], name='jumun_refund_unknown'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='jumun_refund_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('refund_id__isnull', True), ('status__in', ['creating', 'refused'])), models.Q(('refund_id__isnull', False), models.Q(('status__in', ['creating', 'refused']), _negated=True)), _connector='OR'), name='jumun_refund_known_has_id'),
        ),
        migrations.AddConstraint(
            model_name='refundline',
            constraint=models.UniqueConstraint(fields=('refund', 'line'), name='jumun_refund_line_once'),
        ),
        migrations.AddConstraint(
            model_name='refundline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0), ('restock_quantity__gt', 0), _connector='OR'), name='jumun_refund_line_not_empty'),
        ),
    ]
