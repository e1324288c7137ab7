"use strict";
// Keeps the tables fresh while nobody is using them; the page works without this file.
(() => {
  const PERIOD_MS = 2000;
  async function refresh() {
    const live = document.getElementById("live");
    const busy = document.hidden || live.contains(document.activeElement);
    if (!busy) {
      const answer = await fetch(location.href).catch(() => null);
      if (answer && answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
        if (fresh && fresh.innerHTML !== live.innerHTML) live.replaceWith(fresh);
      }
    }
    setTimeout(refresh, PERIOD_MS);
  }
  setTimeout(refresh, PERIOD_MS);
})();
