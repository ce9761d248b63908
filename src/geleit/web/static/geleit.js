// Comfort only: every page works without this file. Ctrl+K or / goes to the search, ? shows the keys.
// Single keys can be switched off (WCAG 2.1.4); the choice stays in this browser.
"use strict";
document.documentElement.classList.add("js");

const KEYS_OFF = "geleit.keys-off";

function singleKeysOff() {
  try { return localStorage.getItem(KEYS_OFF) === "1"; } catch { return false; }
}

function visibleSearch() {
  return [...document.querySelectorAll("input[name=q]")].find((field) => field.offsetParent !== null);
}

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  const command = (event.ctrlKey || event.metaKey) && !event.altKey;
  const single = !command && !event.altKey && !isTyping(event.target) && !singleKeysOff();
  if ((command && event.key.toLowerCase() === "k") || (single && event.key === "/")) {
    const field = visibleSearch();
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (single && event.key === "?") {
    event.preventDefault();
    document.getElementById("keys")?.showModal();
  } else if (single && /^[a-z]$/.test(event.key) && document.querySelector(`button[data-key="${event.key}"]`)) {
    event.preventDefault();
    document.querySelector(`button[data-key="${event.key}"]`).click();
  } else if (event.key === "Escape") {
    for (const open of document.querySelectorAll("details.pick[open], details.menu[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.pick[open], details.menu[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
  const door = event.target.closest("a[data-dialog]");
  if (door) {
    event.preventDefault();
    document.getElementById(door.dataset.dialog).showModal();
  }
});

const choice = document.getElementById("single-keys");
if (choice) {
  choice.checked = !singleKeysOff();
  choice.addEventListener("change", () => {
    try { localStorage.setItem(KEYS_OFF, choice.checked ? "0" : "1"); } catch { /* private window: holds for this page only */ }
  });
}
