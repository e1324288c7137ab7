// Tells the visitor when htmx gets an error, no answer, or none in time: by itself it leaves the page as it was,
// without a word. The texts are in the page, in the reader's language.
"use strict";

(() => {
  const texts = document.getElementById("failures").dataset;
  const messages = () => document.getElementById("messages");

  function show(text) {
    const message = document.createElement("p");
    message.className = "message message-error";
    message.setAttribute("role", "alert");
    message.textContent = text;
    messages().replaceChildren(message);
    reveal();
  }

  // On a telephone the messages are often above what is seen.
  function reveal() {
    if (messages().querySelector(".message-error, .message-warning")) {
      messages().scrollIntoView({ block: "center" });
    }
  }

  document.addEventListener("htmx:responseError", (event) => {
    show(event.detail.xhr.status === 403 ? texts.cookies : texts.failed);
  });
  document.addEventListener("htmx:swapError", () => show(texts.failed));
  document.addEventListener("htmx:sendError", () => show(texts.unreachable));
  document.addEventListener("htmx:timeout", () => show(texts.unreachable));
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target.id === "messages") {
      reveal();
    }
  });
})();
