// The behaviour every page shares. Everything here makes a page better; no page needs it to work.

const words = document.getElementById("words")?.dataset ?? {};

// ---- sentences at the edge of the screen (text only, never HTML) ----
export function toast(text, kind = "success") {
  const box = document.getElementById("toasts");
  if (!box || !text) return;
  const line = document.createElement("div");
  line.className = `toast-line toast-${kind}`;
  const said = document.createElement("span");
  said.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-x";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", words.close ?? "");
  close.textContent = "×";
  line.append(said, close);
  const open = document.querySelector("dialog[open]");
  (open ? open.appendChild(toastsIn(open)) : box).append(line);
  if (kind === "success") setTimeout(() => line.remove(), 6000);
}

function toastsIn(dialog) {
  const found = dialog.querySelector(":scope > .toasts");
  if (found) return found;
  const box = document.createElement("div");
  box.className = "toasts";
  box.setAttribute("role", "alert");
  return box;
}

for (const line of document.querySelectorAll("#toasts .toast-success, #toasts .toast-info")) {
  setTimeout(() => line.remove(), 8000);
}

// ---- the dialog ----
const dialog = document.getElementById("dialog");
let opener = null;

function closeDialog(box = dialog) {
  if (!box?.open) return;
  box.close();
}

dialog?.addEventListener("close", () => {
  dialog.replaceChildren();
  opener?.isConnected && opener.focus();
  opener = null;
});

document.body.addEventListener("close-dialog", () => closeDialog());
document.body.addEventListener("toast", (event) => {
  const said = event.detail?.value ?? event.detail;
  if (typeof said === "string") toast(said);
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === dialog && !dialog.open) opener = event.detail.elt;
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== dialog) return;
  dialog.classList.toggle("dialog-wide", Boolean(dialog.querySelector("[data-wide]")));
  if (!dialog.open) dialog.showModal();
  const first =
    dialog.querySelector("[aria-invalid=true]") ??
    dialog.querySelector("[autofocus], .dialog-body input:not([type=hidden]), .dialog-body select, .dialog-body textarea");
  first?.focus();
  wakeDrafts(dialog);
});

// ---- what the server says when it says no ----
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const type = event.detail.xhr.getResponseHeader("Content-Type") ?? "";
  if (event.detail.xhr.status === 422 && type.startsWith("text/plain")) event.detail.shouldSwap = false;
  if (event.detail.xhr.status === 422 && type.startsWith("text/plain")) say(event.detail.xhr);
});
// a page that asks for counts by itself never takes the reader away
let told = false;
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!event.detail.requestConfig?.headers?.["X-Poll"] || !event.detail.xhr.getResponseHeader("HX-Redirect")) return;
  event.preventDefault();
  if (!told) toast(words.loggedout, "warning");
  told = true;
});
document.body.addEventListener("htmx:responseError", (event) => say(event.detail.xhr));
document.body.addEventListener("htmx:sendError", () => toast(words.offline, "error"));

function say(xhr) {
  const type = xhr.getResponseHeader("Content-Type") ?? "";
  toast(type.startsWith("text/plain") ? xhr.responseText.slice(0, 500) : words.broken, "error");
}

// ---- a form is sent once ----
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement)) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  form.dataset.sending = "yes";
  busy(form, true);
});

function busy(form, on) {
  for (const button of form.querySelectorAll("button:not([type=button]), input[type=submit]")) {
    button.setAttribute("aria-busy", on ? "true" : "false");
  }
  if (!on) delete form.dataset.sending;
}

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt.closest?.("form");
  if (!form || event.detail.requestConfig?.verb === "get") return;
  if (form.dataset.sending) event.preventDefault();
  else {
    form.dataset.sending = "yes";
    busy(form, true);
  }
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form");
  if (form) busy(form, false);
});
addEventListener("pageshow", (event) => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    busy(form, false);
    if (event.persisted) form.addEventListener("input", () => renewKey(form), { once: true });
  }
});

// Back after sending, then something else typed: another thing, not the same one twice.
function renewKey(form) {
  const key = form.querySelector("input[name=key]");
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  if (key) key.value = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---- drafts: forms with data-draft="<path>" save themselves ----
const DRAFT_URL = "/people/draft/";
const changed = new WeakSet();
let leaving = false;

function wakeDrafts(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    if (form.dataset.awake) continue;
    form.dataset.awake = "yes";
    const named = document.createElement("input");  // once the form is taken, the server drops the draft
    Object.assign(named, { type: "hidden", name: "draft_of", value: form.dataset.draft });
    form.append(named);
    let timer = 0;
    const later = () => {
      clearTimeout(timer);
      changed.add(form);
      timer = setTimeout(() => saveDraft(form), 2000);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      changed.delete(form);
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && changed.has(form) && form.isConnected) saveDraft(form);
    });
    restoreDraft(form);
  }
}

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string" || ["csrfmiddlewaretoken", "key", "rev", "draft_of"].includes(name)) continue;
    (fields[name] ??= []).push(value);
  }
  return fields;
}

function csrf(form) {
  return form.querySelector("[name=csrfmiddlewaretoken]")?.value
    ?? JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"];
}

async function saveDraft(form) {
  const body = new URLSearchParams({ form: form.dataset.draft, data: JSON.stringify(fieldsOf(form)) });
  changed.delete(form);
  try {
    const answer = await fetch(DRAFT_URL, {
      method: "POST", body, keepalive: true, redirect: "manual",
      headers: { "X-CSRFToken": csrf(form), "X-Requested-With": "fetch" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    note(form, `${words.saved} ${new Date().toTimeString().slice(0, 5)}`);
  } catch {
    changed.add(form);
    note(form, words.unsaved);
  }
}

function note(form, text) {
  let line = form.querySelector(".draft-note");
  if (!line) {
    line = document.createElement("span");
    line.className = "draft-note";
    line.setAttribute("role", "status");
    (form.querySelector(".form-foot, .dialog-foot") ?? form).append(line);
  }
  line.textContent = text;
}

async function restoreDraft(form, path = form.dataset.draft) {
  if (form.querySelector("[aria-invalid=true]")) return;
  try {
    const answer = await fetch(`${DRAFT_URL}?${new URLSearchParams({ form: path })}`, { redirect: "manual" });
    if (!answer.ok || answer.status === 204) return;
    let saved = await answer.json();
    if (saved && "data" in saved) saved = saved.data;
    if (typeof saved === "string") saved = saved ? JSON.parse(saved) : null;
    if (!saved || !Object.keys(saved).length || changed.has(form)) return;
    fill(form, saved);
    note(form, words.restored);
  } catch { /* a draft that cannot be read is no draft */ }
}

function fill(form, saved) {
  for (const [name, raw] of Object.entries(saved)) {
    const values = Array.isArray(raw) ? raw : [raw];
    const picker = [...form.querySelectorAll("[data-pick]")].find((box) => box.dataset.pickName === name);
    if (picker) picker.dispatchEvent(new CustomEvent("pick-restore", { detail: values, bubbles: true }));
    const inputs = [...form.elements].filter((input) => input.name === name);
    inputs.forEach((input, i) => {
      if (input.type === "hidden" || input.type === "file") return;
      if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
      else if (input.multiple) for (const option of input.options) option.selected = values.includes(option.value);
      else if (values[i] !== undefined) input.value = values[i];
      input.dispatchEvent(new Event("change", { bubbles: false }));
    });
  }
}

// A form that arrived after the log-out was kept by the server (people.middleware); the cookie
// says where it was sent to. Whatever form goes there gets its content back, once.
function wakeLate(root) {
  const late = document.cookie.match(/(?:^|; )late=([^;]*)/);
  if (!late) return;
  const path = decodeURIComponent(late[1]);
  for (const form of root.querySelectorAll("form[method=post]:not([data-draft])")) {
    if (new URL(form.getAttribute("action") || "", location.href).pathname !== path) continue;
    document.cookie = "late=;path=/;max-age=0;samesite=lax";
    restoreDraft(form, path).then(() => fetch(DRAFT_URL, {
      method: "POST", body: new URLSearchParams({ form: path, drop: "1" }),
      headers: { "X-CSRFToken": csrf(form), "X-Requested-With": "fetch" },
    }));
    return;
  }
}

wakeDrafts(document);
wakeLate(document);
document.body.addEventListener("htmx:load", (event) => {
  wakeDrafts(event.detail.elt);
  wakeLate(event.detail.elt);
});

// ---- a warning only where nothing is saved by itself ----
for (const form of document.querySelectorAll("form[data-warn]:not([data-draft])")) {
  form.addEventListener("input", () => changed.add(form));
  form.addEventListener("submit", () => { leaving = true; });
}
addEventListener("beforeunload", (event) => {
  if (leaving) return;
  for (const form of document.querySelectorAll("form[data-warn]:not([data-draft])")) {
    if (changed.has(form)) event.preventDefault();
  }
});

// ---- the star: a page among my services ----
document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("form[data-star]");
  if (!form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = form.querySelector("button");
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual",
      headers: { "X-CSRFToken": csrf(form), "X-Requested-With": "fetch" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const { starred } = await answer.json();
    button.setAttribute("aria-pressed", String(starred));
    button.title = starred ? form.dataset.out : form.dataset.into;
  } catch { toast(words.offline, "error"); }
}, true);

// ---- the menu ----
function openNav(on) {
  document.body.classList.toggle("nav-open", on);
  if (on) document.querySelector(".nav a, .nav button")?.focus();
  else document.querySelector("[data-nav-open]")?.focus();
}

document.addEventListener("click", (event) => {
  const at = event.target.closest?.("[data-nav-open], [data-nav-close], [data-nav-fold], [data-help], [data-close-dialog], [data-dismiss], .is-off, [data-print]");
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  for (const told of document.querySelectorAll(".act-off.is-told")) {
    if (!told.contains(event.target)) told.classList.remove("is-told");
  }
  if (document.body.classList.contains("nav-open") && !event.target.closest?.(".nav, [data-nav-open]")) openNav(false);
  if (!at) return;
  if (at.matches("[data-nav-open]")) { event.preventDefault(); openNav(true); }
  else if (at.matches("[data-nav-close]")) { event.preventDefault(); openNav(false); }
  else if (at.matches("[data-nav-fold]")) {
    const folded = document.body.classList.toggle("nav-folded");
    document.cookie = `nav=${folded ? "folded" : ""};path=/;max-age=31536000;samesite=lax`;
  }
  else if (at.matches("[data-help]")) document.getElementById("keys")?.showModal();
  else if (at.matches("[data-close-dialog]")) { event.preventDefault(); closeDialog(at.closest("dialog")); }
  else if (at.matches("[data-dismiss]")) at.closest(".toast-line, .notice")?.remove();
  else if (at.matches("[data-print]")) print();
  else if (at.matches(".is-off")) { event.preventDefault(); at.closest(".act-off")?.classList.toggle("is-told"); }
});

// selects and boxes that send their form at once
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-autosubmit], [data-autosubmit] select, [data-autosubmit] input[type=checkbox]")) {
    event.target.form?.requestSubmit();
  }
});

// ---- keys ----
function typing(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
    if (document.body.classList.contains("nav-open")) openNav(false);
    return;
  }
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    const box = document.getElementById("search");
    if (box?.offsetParent) { event.preventDefault(); box.focus(); box.select(); }
    else location.assign(document.querySelector(".top-search-link")?.href ?? location.href);
  } else if (event.key === "?") document.getElementById("keys")?.showModal();
  else if (["j", "ArrowDown"].includes(event.key)) move(event, 1);
  else if (["k", "ArrowUp"].includes(event.key)) move(event, -1);
  else if (event.key === "Enter") open(event);
});

function rowsOf() {
  return [...document.querySelectorAll("[data-keys] tbody tr, ul[data-keys] > li")].filter((row) => row.offsetParent && row.querySelector("a:not(.why)"));
}

function move(event, step) {
  const arrow = event.key.startsWith("Arrow");
  const rows = rowsOf();
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("is-at"));
  if (arrow && at < 0 && !event.target.closest?.("[data-keys]")) return;
  event.preventDefault();
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  rows[at]?.classList.remove("is-at");
  next.classList.add("is-at");
  next.querySelector("a:not(.why)").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function open(event) {
  if (event.target.closest?.("a, button, summary")) return;
  document.querySelector("[data-keys] .is-at a:not(.why)")?.click();
}

// ---- on a phone long rows of filters wait behind a button ----
const narrow = matchMedia("(max-width: 720px)");
function foldFilters() {
  for (const form of document.querySelectorAll("form.filters")) {
    const fields = form.querySelectorAll("select, input:not([type=hidden])").length;
    let button = form.previousElementSibling?.matches(".filters-open") ? form.previousElementSibling : null;
    if (fields < 3) continue;
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "btn filters-open no-print";
      button.textContent = words.filters;
      button.addEventListener("click", () => {
        form.hidden = !form.hidden;
        button.setAttribute("aria-expanded", String(!form.hidden));
        if (!form.hidden) form.querySelector("select, input:not([type=hidden])")?.focus();
      });
      form.before(button);
    }
    form.hidden = narrow.matches;
    button.setAttribute("aria-expanded", String(!form.hidden));
  }
}
foldFilters();
narrow.addEventListener("change", foldFilters);

// ---- a table wider than its frame can be scrolled by the keys ----
function reachTables(root) {
  for (const wrap of root.querySelectorAll(".table-wrap, .tabs")) {
    const wide = wrap.scrollWidth > wrap.clientWidth || wrap.scrollHeight > wrap.clientHeight;
    if (wide && !wrap.hasAttribute("tabindex")) wrap.tabIndex = 0;
  }
}
reachTables(document);
document.body.addEventListener("htmx:load", (event) => reachTables(event.detail.elt));

// ---- errors get the focus ----
document.querySelector("[data-focus]")?.focus();

// ---- the tab that is open stands in sight on a narrow screen ----
for (const bar of document.querySelectorAll(".tabs")) {
  const at = bar.querySelector("[aria-current]");
  if (at) bar.scrollLeft = at.offsetLeft - bar.clientWidth / 2 + at.clientWidth / 2;
}

// ---- one box ticks all boxes of its table or group ----
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-tick-all], [data-tick-group]")) return;
  const group = event.target.closest("table, fieldset");
  for (const box of group.querySelectorAll("tbody input[type=checkbox], .unit-ticks input[type=checkbox]")) box.checked = event.target.checked;
});
