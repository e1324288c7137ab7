// Run by test_node_sdk.py: customer, session, payment over HTTP, retrieve with expand, refund, paging, constructEvent.
const path = require("node:path");
const assert = require("node:assert");

const [modules, base, secret] = process.argv.slice(2);
const Stripe = require(path.join(modules, "stripe"));
const url = new URL(base);
const stripe = new (Stripe.default || Stripe)("sk_test_node", {
  host: url.hostname, port: url.port, protocol: "http", telemetry: false,
});

async function main() {
  const customer = await stripe.customers.create({ email: "node@example.com", metadata: { from: "node" } });
  const session = await stripe.checkout.sessions.create({
    mode: "payment",
    customer: customer.id,
    line_items: [{ price_data: { currency: "eur", unit_amount: 1250, product_data: { name: "Tee" } }, quantity: 2 }],
    success_url: "https://shop.example/done?id={CHECKOUT_SESSION_ID}",
  });
  const form = new URLSearchParams({
    email: "node@example.com", method: "card", card_number: "4242424242424242", card_expiry: "12/34", card_cvc: "123",
    name: "Node", country: "KR",
  });
  const page = await fetch(session.url.split("#")[0], { method: "POST", body: form, redirect: "manual" });
  assert.equal(page.status, 303);
  const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent.latest_charge"] });
  assert.equal(paid.payment_status, "paid");
  assert.equal(paid.payment_intent.latest_charge.payment_method_details.card.last4, "4242");
  const refund = await stripe.refunds.create({ payment_intent: paid.payment_intent.id, amount: 500 });
  assert.equal(refund.status, "succeeded");
  for (let n = 0; n < 7; n += 1) await stripe.customers.create({ email: "page@node.example" });
  let paged = 0;
  for await (const one of stripe.customers.list({ email: "page@node.example", limit: 3 })) paged += one.object === "customer";
  assert.equal(paged, 7);
  await assert.rejects(stripe.customers.retrieve("cus_nope"), (error) => error.code === "resource_missing");
  console.log(JSON.stringify({ session: session.id, charge: paid.payment_intent.latest_charge.id }));
}

// The webhook's raw body and header come on standard input, as a server would have received them.
async function check() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { body, header } = JSON.parse(Buffer.concat(chunks).toString());
  const event = stripe.webhooks.constructEvent(Buffer.from(body, "base64"), header, secret);
  assert.throws(() => stripe.webhooks.constructEvent(Buffer.from("{}"), header, secret));
  console.log(event.type);
}

(secret ? check() : main()).catch((error) => {
  console.error(error);
  process.exit(1);
});
