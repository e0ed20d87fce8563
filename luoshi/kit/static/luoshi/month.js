// The month on one page: rows that save themselves, files by drag and paste, filing all at once,
// all of it by keys. Without this the page is one long form that does the same.

const form = document.querySelector("form[data-month]");
const words = JSON.parse(document.getElementById("month-words")?.textContent ?? "{}");
const put = (text, values) => Object.entries(values).reduce((said, [name, value]) => said.replace(`%${name}%`, value), text ?? "");
const FETCH = { "X-Requested-With": "fetch" };

if (form) {
  document.documentElement.classList.add("with-month");
  start();
}

function start() {
  const list = form.querySelector("[data-rows]");
  const live = form.querySelector("[data-live]");
  const note = form.querySelector("[data-note]");
  const tally = form.querySelector("[data-tally]");
  const bar = form.querySelector("[data-select-bar]");
  const keysBox = document.getElementById("month-keys");
  const growing = !CSS.supports("field-sizing", "content");
  const timers = new Map(); // row name → timer of its draft
  const pending = new Map(); // row name → uploads under way
  let sending = false;

  const rows = () => [...list.querySelectorAll("[data-row]")];
  const rowNamed = (name) => list.querySelector(`[data-row="${name}"]`);
  const rowOf = (node) => (node instanceof Element ? node.closest("[data-row]") : null);
  const field = (row, name) => row.querySelector(`[name="${row.dataset.row}-${name}"]`);
  const token = () => ({ "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value, ...FETCH });
  const tell = (text) => {
    live.textContent = "";
    setTimeout(() => { live.textContent = text; }, 50);
  };
  const toast = (text) => document.body.dispatchEvent(new CustomEvent("toast", { detail: { value: text } }));

  // ---- how a row stands ----
  function values(row) {
    const data = {};
    const skipped = new Set(["key", "rev", "was", "warned"]);
    for (const input of row.querySelectorAll(`[name^="${row.dataset.row}-"]`)) {
      const name = input.name.slice(row.dataset.row.length + 1);
      if (input.type === "file" || skipped.has(name)) continue;
      if (input.type === "checkbox" && !input.checked) continue;
      if (name === "progress" && input.value.trim() === input.dataset.was) continue;
      if (input.value.trim()) (data[name] ??= []).push(input.value);
    }
    return data;
  }
  const touched = (row) => Object.keys(values(row)).length > 0 || (pending.get(row.dataset.row)?.size ?? 0) > 0;

  function show(row) {
    const ticked = row.querySelector("[data-unchanged]")?.checked;
    const state = !touched(row) ? "empty" : ticked ? "unchanged" : "typed";
    const progress = field(row, "progress");
    progress?.classList.toggle("is-same", progress.value.trim() === progress.dataset.was);
    row.dataset.state = state;
    row.querySelector("[data-word]").textContent = words[state];
    row.querySelector("[data-clear]").hidden = state === "empty";
    count();
  }

  function count() {
    const number = { empty: 0, typed: 0, unchanged: 0, fault: 0 };
    for (const row of rows()) number[row.dataset.state] = (number[row.dataset.state] ?? 0) + 1;
    tally.textContent = put(words.tally, number);
  }

  function unchanged(row) {
    const box = row.querySelector("[data-unchanged]");
    if (!box) return;
    const progress = field(row, "progress");
    const body = field(row, "body");
    if (progress && box.checked && !progress.readOnly) {
      progress.dataset.typed = progress.value;
      progress.value = progress.dataset.was;
    } else if (progress && !box.checked && progress.dataset.typed !== undefined) {
      progress.value = progress.dataset.typed;
      delete progress.dataset.typed;
    }
    if (progress) progress.readOnly = box.checked;
    body.placeholder = box.checked ? words.why : words.what;
    const times = row.querySelector("[data-times]");
    if (times) times.hidden = !box.checked;
  }

  function grow(area) {
    if (!growing || !area.matches("textarea")) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }

  function wake(row) {
    unchanged(row);
    for (const area of row.querySelectorAll("textarea")) grow(area);
    const state = row.dataset.state;
    if (state !== "fault") show(row);
    else row.querySelector("[data-clear]").hidden = false;
    if ("unsaved" in row.dataset) save(row);
  }

  // ---- drafts: every row keeps itself ----
  function later(row) {
    clearTimeout(timers.get(row.dataset.row));
    timers.set(row.dataset.row, setTimeout(() => save(row), 1500));
  }

  async function save(row) {
    clearTimeout(timers.get(row.dataset.row));
    timers.delete(row.dataset.row);
    const data = values(row);
    const body = new URLSearchParams({ form: row.dataset.path });
    if (Object.keys(data).length) body.set("data", JSON.stringify(data));
    else body.set("drop", "1");
    try {
      const answer = await fetch("/people/draft/", { method: "POST", body, keepalive: true, redirect: "manual", headers: token() });
      if (answer.status === 401) { note.textContent = words.loggedout; tell(words.loggedout); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      note.textContent = `${words.saved} ${new Date().toTimeString().slice(0, 5)}`;
    } catch {
      note.textContent = words.unsaved;
      if (row.isConnected && !timers.has(row.dataset.row)) timers.set(row.dataset.row, setTimeout(() => save(row), 15000));
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) for (const name of [...timers.keys()]) { const row = rowNamed(name); if (row) save(row); }
  });
  addEventListener("beforeunload", (event) => {
    for (const name of [...timers.keys()]) { const row = rowNamed(name); if (row) save(row); }
    if ([...pending.values()].some((one) => one.size)) event.preventDefault();
  });

  list.addEventListener("input", (event) => {
    const row = rowOf(event.target);
    if (!row || event.target.matches("[data-pick-row], [data-file]")) return;
    if (event.target.matches("[data-unchanged]")) unchanged(row);
    grow(event.target);
    show(row);
    later(row);
  });
  list.addEventListener("change", (event) => {
    const row = rowOf(event.target);
    if (!row) return;
    if (event.target.matches("[data-pick-row]")) selected();
    if (event.target.matches("[data-file]")) {
      const files = [...event.target.files];
      event.target.value = "";
      upload(row, files);
    }
  });
  list.addEventListener("focusin", (event) => {  // as in a spreadsheet: what is typed takes the place of what stood there
    if (event.target.matches("input[data-column]")) event.target.select();
  });
  list.addEventListener("click", (event) => {
    const row = rowOf(event.target);
    if (row && event.target.closest("[data-clear]")) clear(row);
  });

  function clear(row) {
    for (const input of row.querySelectorAll("textarea, input[data-column=achieved]")) { input.value = ""; grow(input); }
    for (const box of row.querySelectorAll("input[type=checkbox]:not([data-pick-row])")) box.checked = false;
    const progress = field(row, "progress");
    if (progress) { delete progress.dataset.typed; progress.value = progress.dataset.was; }
    row.querySelector("[data-kept]").replaceChildren();
    for (const said of row.querySelectorAll(".field-error:not([data-file-error])")) said.remove();
    row.querySelector("[data-file-error]").hidden = true;
    for (const bad of row.querySelectorAll("[aria-invalid]")) { bad.removeAttribute("aria-invalid"); bad.classList.remove("is-invalid"); }
    unchanged(row);
    show(row);
    save(row);
    field(row, "body").focus();
  }

  // ---- evidence: received at once, kept by the row ----
  function upload(row, files) {
    for (const file of files) receive(row, file);
  }

  function receive(row, file) {
    const name = row.dataset.row;
    const line = document.createElement("li");
    const said = document.createElement("span");
    said.className = "is-coming";
    said.textContent = put(words.receiving, { name: file.name });
    line.append(said);
    row.querySelector("[data-kept]").append(line);
    const error = row.querySelector("[data-file-error]");
    error.hidden = true;
    const body = new FormData();
    body.append("evidence", file, file.name);
    const work = fetch(row.dataset.upload, { method: "POST", body, redirect: "manual", headers: token() })
      .then(async (answer) => {
        if (answer.status === 401) throw new Error(words.loggedout);
        const type = answer.headers.get("Content-Type") ?? "";
        if (!type.startsWith("application/json")) throw new Error(words.broken);
        const told = await answer.json();
        if (told.said) { error.textContent = told.said; error.hidden = false; tell(told.said); }
        line.replaceWith(...told.kept.map((one) => kept(name, one)));
      })
      .catch((fault) => {
        said.textContent = `${file.name} `;
        const again = document.createElement("button");
        again.type = "button";
        again.className = "btn-link";
        again.textContent = words.again;
        again.addEventListener("click", () => { line.remove(); receive(row, file); });
        line.append(again);
        error.textContent = fault instanceof TypeError ? words.offline : fault.message;
        error.hidden = false;
        tell(error.textContent);
      })
      .finally(() => {
        pending.get(name)?.delete(work);
        if (row.isConnected) { show(row); later(row); }
      });
    if (!pending.has(name)) pending.set(name, new Set());
    pending.get(name).add(work);
    show(row);
  }

  function kept(name, one) {
    const line = document.createElement("li");
    const label = document.createElement("label");
    label.className = "form-check";
    const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input", name: `${name}-evidence-kept`, value: one.slip, checked: true });
    const said = document.createElement("span");
    const size = document.createElement("span");
    size.className = "grey small";
    size.textContent = one.size < 1048576 ? ` ${Math.max(1, Math.round(one.size / 1024))} KB` : ` ${(one.size / 1048576).toFixed(1)} MB`;
    said.append(one.name, size);
    label.append(box, said);
    line.append(label);
    return line;
  }

  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const mark = (row) => { for (const one of rows()) one.classList.toggle("is-over", one === row); };
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const row = rowOf(event.target);
    event.dataTransfer.dropEffect = row ? "copy" : "none";
    mark(row);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(null); });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    mark(null);
    const row = rowOf(event.target);
    if (row) upload(row, [...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const row = files.length ? rowOf(document.activeElement) : null;
    if (!row) return;
    event.preventDefault();
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, "");
    upload(row, files.map((file, place) => (file.name && file.name !== "image.png" ? file : new File([file], `${stamp}-${place + 1}.${file.type.split("/")[1] ?? "png"}`, { type: file.type }))));
  });

  // ---- several rows at once ----
  const picked = () => rows().filter((row) => row.querySelector("[data-pick-row]")?.checked);
  function selected() {
    const number = picked().length;
    bar.hidden = number === 0;
    bar.querySelector("[data-select-count]").textContent = put(words.selected, { n: number });
  }
  bar.querySelector("[data-select-none]").addEventListener("click", () => {
    for (const row of picked()) row.querySelector("[data-pick-row]").checked = false;
    selected();
  });
  const reason = bar.querySelector("input");
  function markPicked() {
    const text = reason.value.trim();
    if (!text) { toast(words.reason); reason.focus(); return; }
    let limited = 0;
    for (const row of picked()) {
      const box = row.querySelector("[data-unchanged]");
      if (!box) { limited += 1; continue; }
      box.checked = true;
      if (!field(row, "body").value.trim()) field(row, "body").value = text;
      row.querySelector("[data-pick-row]").checked = false;
      unchanged(row);
      grow(field(row, "body"));
      show(row);
      later(row);
    }
    if (limited) toast(put(words.limited, { n: limited }));
    else reason.value = "";
    selected();
  }
  bar.querySelector("[data-select-apply]").addEventListener("click", markPicked);
  reason.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    markPicked();
  });

  // ---- keys ----
  function go(from, step) {
    const column = from.dataset.column ?? "body";
    const all = rows();
    for (let at = all.indexOf(rowOf(from)) + step; at >= 0 && at < all.length; at += step) {
      const next = all[at].querySelector(`[data-column="${column}"]`) ?? field(all[at], "body");
      if (!next) continue;
      next.focus();
      all[at].scrollIntoView({ block: "nearest" });
      return;
    }
  }
  const atEdge = (area, step) => area.selectionStart === area.selectionEnd && area.selectionStart === (step > 0 ? area.value.length : 0);

  list.addEventListener("keydown", (event) => {
    const row = rowOf(event.target);
    if (!row || event.isComposing) return;
    const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
    if (event.altKey && event.code === "KeyN") {
      event.preventDefault();
      const box = row.querySelector("[data-unchanged]");
      if (box) box.click();
      else tell(row.querySelector("[data-limited]")?.textContent ?? "");
      field(row, "body").focus();
    } else if (event.altKey && event.code === "KeyE") {
      event.preventDefault();
      row.querySelector("[data-file]").click();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (event.shiftKey) form.requestSubmit();
      else go(event.target, 1);
    } else if (event.key === "Enter" && plain && event.target.matches("input:not([type=file])")) {
      event.preventDefault();
      go(event.target, event.shiftKey ? -1 : 1);
    } else if (plain && !event.shiftKey && ["ArrowDown", "ArrowUp"].includes(event.key) && event.target.matches("[data-column]")) {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (event.target.matches("textarea") && !atEdge(event.target, step)) return;
      event.preventDefault();
      go(event.target, step);
    }
  });

  const button = document.querySelector("[data-month-keys]");
  button.hidden = false;
  button.addEventListener("click", () => keysBox.showModal());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input:not([type=checkbox]), textarea, select");
    const asked = event.altKey ? event.code === "Slash" : event.key === "?" && !typing;
    if (!asked || event.isComposing || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    keysBox.showModal();
  }, true);

  // ---- file all ----
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sending) fileAll();
  });

  async function fileAll() {
    const sent = rows().filter(touched);
    if (!sent.length) { toast(words.nothing); tell(words.nothing); return; }
    sending = true;
    const all = form.querySelector("[data-file-all]");
    all.setAttribute("aria-busy", "true");
    tell(put(words.sending, { n: sent.length }));
    try {
      await Promise.allSettled(sent.flatMap((row) => [...(pending.get(row.dataset.row) ?? [])]));
      const body = new FormData();
      for (const row of sent) {
        clearTimeout(timers.get(row.dataset.row));
        timers.delete(row.dataset.row);
        row.classList.add("is-sending");
        for (const input of row.querySelectorAll(`[name^="${row.dataset.row}-"]`)) {
          if (input.type === "file" || (input.type === "checkbox" && !input.checked)) continue;
          body.append(input.name, input.value);
        }
      }
      const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", headers: token() });
      if (answer.status === 401) throw new Error(words.loggedout);
      if (!answer.ok) throw new Error(words.broken);
      take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (fault) {
      const said = fault instanceof TypeError ? words.offline : fault.message;
      toast(said);
      tell(said);
      for (const row of sent) later(row);
    } finally {
      sending = false;
      all.setAttribute("aria-busy", "false");
      for (const row of rows()) row.classList.remove("is-sending");
    }
  }

  function counted() {
    const place = document.querySelector("[data-counted]");
    const filed = list.querySelectorAll("[data-state=filed]").length + Number(place.dataset.filed);
    place.textContent = put(words.counted, { open: rows().length, filed, missing: place.dataset.missing });
  }

  function take(page) {
    const told = page.querySelector("[data-answer]");
    if (!told) throw new Error(words.broken);
    const after = new Map(); // row name → the last node that stands for it
    for (const node of told.querySelectorAll("[data-for]")) {
      const name = node.dataset.for;
      const fresh = document.importNode(node, true);
      const old = after.get(name) ?? rowNamed(name);
      if (!old) continue;
      if (after.has(name)) old.after(fresh);
      else old.replaceWith(fresh);
      after.set(name, fresh);
      if (fresh.dataset.row) wake(fresh);
      else fresh.classList.add("is-new");
    }
    for (const one of told.querySelectorAll("[data-lost]")) {
      const row = rowNamed(one.dataset.lost);
      if (!row) continue;
      row.dataset.state = "fault";
      row.querySelector("[data-word]").textContent = words.fault;
      const said = row.querySelector("[data-file-error]");
      said.textContent = words.lost;
      said.hidden = false;
    }
    counted();
    count();
    selected();
    toast(told.dataset.said);
    tell(told.dataset.said);
    const bad = list.querySelector("[data-state=fault] [aria-invalid=true], [data-state=fault] textarea");
    const next = bad ?? rows()[0]?.querySelector("textarea");
    next?.focus();
    if (!rows().length) form.querySelector(".month-foot").hidden = true;
  }

  for (const row of rows()) wake(row);
  count();
}
