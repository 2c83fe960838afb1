"use strict";
(() => {
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const open = (id) => {
    let at = id && document.getElementById(decodeURIComponent(id));
    for (; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const follow = () => {
    const id = location.hash.slice(1);
    open(id);
    const at = id && document.getElementById(decodeURIComponent(id));
    if (at) at.scrollIntoView();
  };
  const copy = async (text, from) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed here: the old way */ }
    const range = document.createRange();
    range.selectNodeContents(from);
    const chosen = getSelection();
    chosen.removeAllRanges();
    chosen.addRange(range);
    return document.execCommand("copy");
  };
  all("button.copy").forEach((button) => {
    const from = button.parentElement.querySelector("pre");
    button.hidden = false;
    button.addEventListener("click", async () => {
      const said = await copy(from.textContent, from);
      button.textContent = said ? "Copied" : "Selected: press Ctrl+C";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  });
  const tools = document.getElementById("tools");
  const box = document.getElementById("filter");
  const told = document.getElementById("filtered");
  const entries = all("[data-search]");
  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    entries.forEach((entry) => {
      const text = `${entry.dataset.search} ${entry.textContent}`.toLowerCase();
      entry.hidden = !words.every((word) => text.includes(word));
      shown += entry.hidden ? 0 : 1;
    });
    told.textContent = words.length ? `${shown} of ${entries.length} entries` : "";
    if (words.length) all("details.entries").forEach((one) => { one.open = true; });
  };
  tools.hidden = false;
  box.addEventListener("input", filter);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); box.focus(); }
    if (event.key === "Escape" && document.activeElement === box) { box.value = ""; filter(); }
  });
  document.getElementById("unfold").addEventListener("click", () => {
    const closed = all("main details").some((one) => !one.open);
    all("main details").forEach((one) => { one.open = closed; });
  });
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => all("details").forEach((one) => { one.open = true; }));
  if (location.hash) follow();
})();
