"use strict";
// The page works without this file; it only makes typing pleasanter.
(() => {
  const number = document.getElementById("card_number");
  const expiry = document.getElementById("card_expiry");
  const cvc = document.getElementById("card_cvc");
  const brand = document.getElementById("card_brand");
  const form = document.getElementById("pay-form");
  const button = document.getElementById("pay");

  const brands = [
    [/^3[47]/, "American Express"], [/^4/, "Visa"], [/^(5[1-5]|2[2-7])/, "Mastercard"],
    [/^(6011|64[4-9]|65)/, "Discover"], [/^3(0[0-5]|[689])/, "Diners Club"], [/^35/, "JCB"], [/^62/, "UnionPay"],
  ];
  const digits = (text) => text.replace(/\D/g, "");
  const brandOf = (text) => (brands.find(([pattern]) => pattern.test(text)) || [null, ""])[1];
  const grouped = (text) =>
    brandOf(text) === "American Express"
      ? [text.slice(0, 4), text.slice(4, 10), text.slice(10, 15)].filter(Boolean).join(" ")
      : (text.slice(0, 19).match(/.{1,4}/g) || []).join(" ");

  // Regroup and keep the caret behind the same digit.
  function regroup(field, shape) {
    const before = digits(field.value.slice(0, field.selectionStart)).length;
    const atEnd = field.selectionStart === field.value.length;
    field.value = shape(digits(field.value));
    if (atEnd || document.activeElement !== field) return;
    let place = 0;
    for (let seen = 0; place < field.value.length && seen < before; place += 1) {
      if (/\d/.test(field.value[place])) seen += 1;
    }
    field.setSelectionRange(place, place);
  }

  function showNumber() {
    regroup(number, grouped);
    const found = brandOf(digits(number.value));
    brand.textContent = found;
    cvc.placeholder = found === "American Express" ? "1234" : "123";
  }

  if (number) {
    number.addEventListener("input", showNumber);
    expiry.addEventListener("input", (event) => {
      if (event.inputType && event.inputType.startsWith("delete")) return;
      let text = digits(expiry.value);
      if (/^[2-9]/.test(text)) text = "0" + text;
      if (text.length === 6 && text.slice(2, 4) === "20") text = text.slice(0, 2) + text.slice(4);
      expiry.value = text.length >= 2 ? `${text.slice(0, 2)} / ${text.slice(2, 4)}` : text;
    });
  }

  function fillCard(value) {
    number.value = value;
    showNumber();
    expiry.value = "12 / 34";
    cvc.value = brandOf(value) === "American Express" ? "1234" : "123";
  }

  document.querySelectorAll(".fill").forEach((fill) => {
    fill.addEventListener("click", (event) => {
      event.preventDefault();
      const isCard = fill.dataset.field === "card_number";
      const choice = document.getElementById(isCard ? "method_card" : "method_sepa_debit");
      if (choice) choice.checked = true;
      if (isCard) fillCard(fill.value);
      else document.getElementById("iban").value = fill.value;
      const email = document.getElementById("email");
      const name = document.getElementById("name");
      if (!email.value) email.value = "buyer@example.com";
      if (!name.value) name.value = "Test Buyer";
      button.focus();
    });
  });

  const shipping = document.getElementById("shipping-form");
  if (shipping) {
    shipping.querySelector("button").hidden = true;
    shipping.addEventListener("change", () => shipping.submit());
  }

  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) { event.preventDefault(); return; }
    sent = true;
    button.setAttribute("aria-disabled", "true");
    button.dataset.label = button.textContent;
    button.textContent = button.dataset.processing;
    document.getElementById("pay-status").textContent = button.dataset.processing;
  });
  // Back from the store's page: the browser may show this page as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sent = false;
    button.removeAttribute("aria-disabled");
    if (button.dataset.label) button.textContent = button.dataset.label;
    document.getElementById("pay-status").textContent = "";
  });

  if (number && number.value) showNumber();
  const wrong = document.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();
})();
