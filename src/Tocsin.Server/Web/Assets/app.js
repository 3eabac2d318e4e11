// Everything here makes a page that works without it more alive. Nothing is fetched from elsewhere.

// The server's clock: what a page says was right when it was made; how long it travelled is measured.
let offset = Number(document.querySelector("meta[name=server-time]")?.content ?? Date.now()) - Date.now();

async function setClock() {
  const before = performance.now();
  try {
    const answer = await fetch("/clock", { cache: "no-store" });
    if (!answer.ok) return;
    const server = Number(await answer.text());
    const travelled = performance.now() - before;
    // A slow answer says less than what is known already.
    if (Number.isFinite(server) && travelled < 1500) offset = server + travelled / 2 - Date.now();
  } catch { return; }
  tick();
}

const now = () => Date.now() + offset;

function length(milliseconds) {
  const total = Math.floor(Math.abs(milliseconds) / 1000);
  const two = (n) => String(n).padStart(2, "0");
  const days = Math.floor(total / 86400), hours = Math.floor(total / 3600) % 24, minutes = Math.floor(total / 60) % 60, seconds = total % 60;
  if (days > 0) return `${days}d ${hours}h`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };

function tick() {
  const at = now();
  for (const element of document.querySelectorAll("[data-until]")) {
    const left = Number(element.dataset.until) - at;
    set(element, left > 0 ? length(left + 999) : `overdue ${length(left)}`);
    const clock = element.closest("[data-clock]");
    clock?.classList.toggle("over", left <= 0);
    clock?.classList.toggle("near", left > 0 && left < 300000);
  }
  for (const element of document.querySelectorAll("[data-since]")) set(element, length(at - Number(element.dataset.since)));
  for (const element of document.querySelectorAll("time[data-live]")) {
    element.dateTime = new Date(at).toISOString();
    set(element, `${element.dateTime.slice(11, 19)} UTC${zone(new Date(at), true)}`);
  }
}

const ownZone = new Date().getTimezoneOffset() === 0 ? null : Intl.DateTimeFormat().resolvedOptions().timeZone;

// Made once: a formatter costs more than all times of a page.
const ownClock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const ownDay = new Intl.DateTimeFormat("en-CA");

function zone(date, short) {
  if (ownZone === null) return "";
  const day = ownDay.format(date);
  return ` (${day !== date.toISOString().slice(0, 10) && !short ? `${day.slice(5)} ` : ""}${ownClock.format(date)} here)`;
}

// Each time also in the viewer's zone, beside UTC.
function addZones() {
  if (ownZone === null) return;
  for (const element of document.querySelectorAll("time:not([data-live])")) {
    if (element.querySelector(".zone") || element.closest(".entry-time")) { if (element.closest(".entry-time")) element.title = new Date(element.dateTime).toString(); continue; }
    const local = document.createElement("span");
    local.className = "zone";
    local.textContent = zone(new Date(element.dateTime), element.dataset.short !== undefined);
    element.append(local);
  }
}

function refresh() { tick(); addZones(); }

// What is fetched again is merged into what is there: focus, and what somebody opened, stay.
if (window.Idiomorph) {
  // What somebody is typing stays too, until the form itself is gone.
  window.Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => !(old.matches?.("input:not([type=hidden]), textarea") && old.value !== old.defaultValue);
  window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => !(name === "open" && element.tagName === "DETAILS");
}

document.addEventListener("htmx:afterSettle", refresh);
document.addEventListener("htmx:afterSwap", refresh);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") setClock(); });
setInterval(tick, 250);
setInterval(setClock, 60000);
refresh();
setClock();

// On a phone the pages' names scroll: the one that is open is seen.
requestAnimationFrame(() => document.querySelector(".pages a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));

// The live line.
const line = document.getElementById("line");
document.addEventListener("htmx:sseError", () => { document.documentElement.dataset.line = "lost"; if (line) line.hidden = false; });
document.addEventListener("htmx:sseOpen", () => { document.documentElement.dataset.line = "live"; if (line && !line.hidden) { line.hidden = true; setClock(); } });

// Copying, and light or dark.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches("[data-copy]")) {
    await navigator.clipboard?.writeText(button.closest("figure").querySelector("code").textContent);
    const was = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = was; }, 1500);
  } else if (button.matches("[data-theme]")) {
    const dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
    try { localStorage.setItem("theme", dark ? "light" : "dark"); } catch { return; }
    window.dispatchEvent(new Event("theme-chosen"));
  } else if (button.matches("[data-palette]")) openPalette();
});

// The command palette.
const palette = document.getElementById("palette");
const input = document.getElementById("palette-text");

function openPalette() {
  if (!palette || palette.open) return;
  palette.showModal();
  input.select();
  input.dispatchEvent(new Event("palette"));
}

function move(by) {
  const all = [...palette.querySelectorAll("[role=option]")];
  if (all.length === 0) return;
  const at = all.findIndex((o) => o.getAttribute("aria-selected") === "true");
  const next = (at + by + all.length) % all.length;
  all.forEach((o, i) => { o.setAttribute("aria-selected", String(i === next)); o.id = `found-${i}`; });
  all[next].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", all[next].id);
}

input?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
  else if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
  else if (event.key === "Enter") {
    event.preventDefault();
    go();
  }
});

// What was chosen counts; else what is typed, which the list may not show yet when Enter comes at once.
async function go() {
  const words = input.value.trim(), chosen = palette.querySelector("[role=option][aria-selected=true]");
  let place = chosen ?? (palette.querySelector("[data-for]")?.dataset.for === words ? palette.querySelector("[role=option]") : null);
  if (place === null) {
    const answer = await fetch(`/palette?q=${encodeURIComponent(words)}`);
    if (!answer.ok || input.value.trim() !== words) return;
    place = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[role=option]");
  }
  if (place !== null) location.href = place.getAttribute("href");
}

let lead = "";
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if ((event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing)) { event.preventDefault(); openPalette(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (lead === "g" && event.key === "n") location.href = "/";
  lead = event.key;
});

// A menu that is open closes by Escape and by a click elsewhere.
document.addEventListener("keydown", (event) => { if (event.key === "Escape") document.querySelectorAll("details.me[open]").forEach((d) => { d.open = false; d.querySelector("summary").focus(); }); });
document.addEventListener("click", (event) => document.querySelectorAll("details.me[open]").forEach((d) => { if (!d.contains(event.target)) d.open = false; }));

// A log that is dropped goes into the form.
const drop = document.querySelector("form[data-drop]");
if (drop) {
  document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("dropping"); });
  document.addEventListener("dragleave", () => drop.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("dropping");
    if (event.dataTransfer.files.length === 0) return;
    drop.querySelector("[name=file]").files = event.dataTransfer.files;
    drop.querySelector("[name=text]").value = "";
    drop.requestSubmit();
  });
}
