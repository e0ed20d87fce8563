// Pickers: a search box beside hidden keys (people.forms.PersonField, UnitField).
// Without this file the text in the box is enough; with it the box is a combobox.
// Everything is delegated, so that pickers in dialogs and new table rows work at once.

const WAIT = 180;
let serial = 0;

const boxOf = (target) => target.closest?.("[data-pick]");
const inputOf = (box) => box.querySelector("input[type=text]");
const listOf = (box) => box.querySelector(".pick-list");
const optionsOf = (box) => [...box.querySelectorAll(".pick-list [role=option]")];

function wake(box) {
  if (box.dataset.awake) return;
  box.dataset.awake = "yes";
  const input = inputOf(box);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  box.dataset.shown = input.value;
}

async function ask(box) {
  const input = inputOf(box);
  const turn = (box.dataset.turn = String(++serial));
  const url = new URL(box.dataset.pick, location.href);
  url.searchParams.set("q", typedIn(box));
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true", "X-Requested-With": "fetch" } });
    if (!answer.ok || box.dataset.turn !== turn || document.activeElement !== input) return;
    show(box, await answer.text());
  } catch { /* offline: the text in the box is still sent */ }
}

// A box that shows what is chosen already asks for everybody near, not for that one name.
function typedIn(box) {
  const input = inputOf(box);
  const chosen = box.querySelector(":scope > input[type=hidden]");
  return chosen?.value && input.value === box.dataset.shown ? "" : input.value.trim();
}

function show(box, html) {
  close(box);
  const input = inputOf(box);
  box.insertAdjacentHTML("beforeend", html);
  const list = listOf(box);
  if (!list) return;
  list.id = `pick-${++serial}`;
  list.setAttribute("aria-label", input.labels?.[0]?.textContent?.trim() ?? "");
  optionsOf(box).forEach((option, i) => { option.id = `${list.id}-${i}`; });
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", list.id);
  const room = innerHeight - input.getBoundingClientRect().bottom;
  list.classList.toggle("is-above", room < 240 && input.getBoundingClientRect().top > 260);
  if (typedIn(box)) mark(box, 0);
}

function close(box) {
  listOf(box)?.remove();
  const input = inputOf(box);
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function mark(box, at) {
  const options = optionsOf(box);
  options.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
  if (!options[at]) return;
  inputOf(box).setAttribute("aria-activedescendant", options[at].id);
  options[at].scrollIntoView({ block: "nearest" });
}

function choose(box, option) {
  const { key, text } = option.dataset;
  const input = inputOf(box);
  if (box.hasAttribute("data-pick-many")) {
    add(box, key, text);
    input.value = "";
  } else {
    box.querySelector(":scope > input[type=hidden]").value = key;
    input.value = text;
  }
  box.dataset.shown = input.value;
  still(box);
  close(box);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function add(box, key, text) {
  const chosen = box.querySelector(".pick-chosen");
  if ([...chosen.querySelectorAll("input")].some((input) => input.value === key)) return;
  const line = document.createElement("li");
  line.className = "chip is-on";
  const hidden = document.createElement("input");
  hidden.type = "hidden";
  hidden.name = box.dataset.pickName;
  hidden.value = key;
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "btn-x";
  drop.dataset.pickDrop = "";
  drop.setAttribute("aria-label", `${box.dataset.pickRemove} ${text}`);
  drop.textContent = "×";
  line.append(hidden, text, drop);
  chosen.append(line);
}

const timers = new WeakMap();
function later(box) {
  clearTimeout(timers.get(box));
  timers.set(box, setTimeout(() => ask(box), WAIT));
}

// What was asked for before a choice is not shown after it.
function still(box) {
  clearTimeout(timers.get(box));
  box.dataset.turn = String(++serial);
}

document.addEventListener("focusin", (event) => {
  const box = boxOf(event.target);
  if (box && event.target === inputOf(box)) wake(box);
});

document.addEventListener("input", (event) => {
  const box = boxOf(event.target);
  if (!box || event.target !== inputOf(box)) return;
  wake(box);
  const hidden = box.querySelector(":scope > input[type=hidden]");
  if (hidden && event.target.value !== box.dataset.shown) hidden.value = "";
  if (!event.isComposing) later(box);
});
document.addEventListener("compositionend", (event) => {
  const box = boxOf(event.target);
  if (box) later(box);
});

document.addEventListener("click", (event) => {
  const box = boxOf(event.target);
  for (const open of document.querySelectorAll("[data-pick] .pick-list")) {
    if (boxOf(open) !== box) close(boxOf(open));
  }
  if (!box) return;
  const drop = event.target.closest("[data-pick-drop]");
  const option = event.target.closest("[role=option]");
  if (drop) {
    drop.closest("li").remove();
    inputOf(box).dispatchEvent(new Event("change", { bubbles: true }));
    inputOf(box).focus();
  } else if (option) {
    choose(box, option);
    inputOf(box).focus();
  } else if (event.target === inputOf(box) && !listOf(box)) {
    wake(box);
    ask(box);
  }
});
// a draft comes back: keys of what was chosen
document.addEventListener("pick-restore", async (event) => {
  const box = boxOf(event.target);
  const keys = event.detail.filter((key) => /^[0-9]+$/.test(key));
  if (!box || !keys.length) return;
  const url = new URL(box.dataset.pick, location.href);
  url.searchParams.set("keys", keys.join(","));
  const answer = await fetch(url, { headers: { "HX-Request": "true", "X-Requested-With": "fetch" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const option of page.querySelectorAll("[role=option]")) {
    if (box.hasAttribute("data-pick-many")) add(box, option.dataset.key, option.dataset.text);
    else {
      box.querySelector(":scope > input[type=hidden]").value = option.dataset.key;
      inputOf(box).value = box.dataset.shown = option.dataset.text;
    }
  }
});

// keep the focus in the box while the mouse goes to the list
document.addEventListener("mousedown", (event) => {
  if (event.target.closest?.(".pick-list")) event.preventDefault();
});

document.addEventListener("focusout", (event) => {
  const box = boxOf(event.target);
  if (box && !box.contains(event.relatedTarget)) close(box);
});

document.addEventListener("keydown", (event) => {
  const box = boxOf(event.target);
  if (!box || event.target !== inputOf(box) || event.isComposing) return;
  const options = optionsOf(box);
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!listOf(box)) ask(box);
    else mark(box, (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % Math.max(options.length, 1));
  } else if (event.key === "Enter" && listOf(box)) {
    event.preventDefault();
    if (options[at]) choose(box, options[at]);
  } else if (event.key === "Escape" && listOf(box)) {
    event.preventDefault();
    event.stopPropagation();
    close(box);
  } else if (event.key === "Tab" && options[at] && typedIn(box)) {
    choose(box, options[at]);
  } else if (event.key === "Backspace" && !event.target.value && box.hasAttribute("data-pick-many")) {
    box.querySelector(".pick-chosen li:last-child")?.remove();
  }
});
