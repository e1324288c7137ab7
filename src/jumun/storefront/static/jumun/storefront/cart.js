// The cart's forms are sent one after the other, so that quick presses add up. Each answer replaces the forms; the
// queue therefore belongs to the frame around them. Without htmx the browser sends them itself.
"use strict";

document.addEventListener("submit", (event) => {
  const frame = event.target.closest("#cart-frame");
  if (!frame || !window.htmx) {
    return;
  }
  event.preventDefault();
  htmx.ajax("post", event.target.action, {
    source: frame,
    target: frame,
    swap: "innerHTML",
    values: Object.fromEntries(new FormData(event.target)),
  }).catch(() => {}); // failures.js says what happened
});
