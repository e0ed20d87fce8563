// Quoting beside a report: a passage selected, a button per paragraph, or drag; the server says how
// much is copied and which problems are left out. Without this the tick boxes do the work.

const TYPE = "text/x-luoshi-mark";
const panel = document.querySelector("[data-quoting]");
if (panel) wake(panel);

function wake(panel) {
  const form = panel.closest("form");
  const field = panel.querySelector("[name=quotes]");
  const list = panel.querySelector("[data-quote-list]");
  const card = panel.querySelector("[data-quote-card]");
  const button = panel.querySelector("[data-quote-button]");
  const float = panel.querySelector("[data-quote-selection]");
  const desk = form.querySelector(".report-write");
  let marks = [];
  let known = new Map();
  let timer = 0;
  let running = null;

  // ---- from tick boxes to buttons ----
  const ticked = [...list.querySelectorAll("[data-mark]")].map((line) => line.dataset.mark);
  for (const label of form.querySelectorAll(".quote-tick")) {
    const box = label.querySelector("input");
    if (label.closest(".passage")) {
      if (box.checked) ticked.push(box.value);
      const one = button.content.cloneNode(true).querySelector("button");
      one.dataset.quote = box.value;
      label.replaceWith(one);
    } else if (label.closest("[data-left-out]")) {
      if (box.checked) ticked.push(box.value);
      const take = label.parentElement.querySelector("[data-take]");
      take.dataset.quote = box.value;
      take.hidden = false;
      label.remove();
    } else label.remove();
  }
  for (const note of form.querySelectorAll("[data-with-script]")) note.hidden = false;
  document.body.append(float);

  // ---- what is quoted ----
  const split = (text) => [...new Set(text.split(/\s+/).filter(Boolean))];

  function set(next) {
    marks = [...new Set(next)];
    field.value = marks.join(" ");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    draw();
    look();
  }

  const add = (more) => set([...marks, ...more]);

  function move(mark, by) {
    const at = marks.indexOf(mark);
    const to = at + by;
    if (at < 0 || to < 0 || to >= marks.length) return;
    const next = [...marks];
    next.splice(at, 1);
    next.splice(to, 0, mark);
    set(next);
    list.querySelector(`[data-mark="${CSS.escape(mark)}"] [data-${by < 0 ? "up" : "down"}]`)?.focus();
  }

  function line(mark, place) {
    const item = card.content.cloneNode(true).querySelector("li");
    const quote = known.get(mark);
    item.dataset.mark = mark;
    item.querySelector("[data-text]").textContent = quote?.text ?? "…";
    const source = item.querySelector("[data-source]");
    source.textContent = quote?.source ?? "";
    if (quote) source.href = quote.url;
    if (quote?.note) {
      const note = item.querySelector("[data-note]");
      note.textContent = quote.note;
      note.hidden = false;
    }
    const up = item.querySelector("[data-up]");
    const down = item.querySelector("[data-down]");
    up.disabled = place === 0;
    down.disabled = place === marks.length - 1;
    up.addEventListener("click", () => move(mark, -1));
    down.addEventListener("click", () => move(mark, 1));
    item.querySelector("[data-drop]").addEventListener("click", () => set(marks.filter((one) => one !== mark)));
    return item;
  }

  function draw() {
    list.replaceChildren(...marks.map(line));
    const none = panel.querySelector("[data-no-quotes]");
    none.hidden = marks.length > 0;
    const quoted = new Set(marks);
    for (const one of form.querySelectorAll(".quote-one")) one.setAttribute("aria-pressed", String(quoted.has(one.dataset.quote)));
  }

  // ---- how it stands: asked of the server, which alone knows the rule ----
  function later() {
    clearTimeout(timer);
    timer = setTimeout(look, 700);
  }

  async function look() {
    clearTimeout(timer);
    running?.abort();
    running = new AbortController();
    const body = new URLSearchParams({ quotes: marks.join(" ") });
    for (const name of ["body", "problems", "help_needed", "next_step"]) body.set(name, form.elements[name]?.value ?? "");
    for (const name of ["old", "counting"]) if (panel.dataset[name]) body.set(name, panel.dataset[name]);
    const words = panel.querySelector("[data-words]");
    try {
      const answer = await fetch(panel.dataset.url, {
        method: "POST", body, redirect: "manual", signal: running.signal,
        headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, "X-Requested-With": "fetch" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") words.textContent = panel.dataset.cannot;
    }
  }

  function show(said) {
    panel.querySelector("[data-words]").textContent = said.words;
    panel.querySelector("[data-copied]").classList.toggle("is-over", said.over);
    const passages = panel.querySelector("[data-copied-passages]");
    passages.hidden = said.passages.length === 0;
    passages.querySelector("ul").replaceChildren(...said.passages.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
    known = new Map(said.quotes.map((quote) => [quote.mark, quote]));
    const lost = marks.filter((mark) => !known.has(mark));
    if (lost.length) {
      marks = marks.filter((mark) => known.has(mark));
      field.value = marks.join(" ");
    }
    draw();
    const left = new Set(said.left);
    let any = false;
    for (const item of form.querySelectorAll("[data-problem]")) {
      item.hidden = !left.has(item.dataset.problem);
      any ||= !item.hidden;
    }
    const box = panel.querySelector("[data-left-out]");
    if (box) box.hidden = !any;
  }

  // ---- a passage selected ----
  const count = (text) => [...text].length;

  function before(paragraph, node, offset) {
    const range = document.createRange();
    range.selectNodeContents(paragraph);
    range.setEnd(node, offset);
    return count(range.toString());
  }

  function marksOf(selection) {
    if (!selection || selection.isCollapsed || !selection.rangeCount) return [];
    const range = selection.getRangeAt(0);
    const found = [];
    for (const box of form.querySelectorAll("[data-passages]")) {
      const paragraphs = [...box.querySelectorAll("[data-start]")].filter((one) => range.intersectsNode(one));
      if (!paragraphs.length) continue;
      const [first, last] = [paragraphs[0], paragraphs.at(-1)];
      const from = Number(first.dataset.start)
        + (first.contains(range.startContainer) ? before(first, range.startContainer, range.startOffset) : 0);
      const until = Number(last.dataset.start)
        + (last.contains(range.endContainer) ? before(last, range.endContainer, range.endOffset) : count(last.textContent));
      if (until > from) found.push(`${box.dataset.report}-${box.dataset.letter}-${from}-${until - from}`);
    }
    return found;
  }

  function quoteSelection() {
    const selection = document.getSelection();
    const found = marksOf(selection);
    if (!found.length) return;
    add(found);
    selection.removeAllRanges();
    float.hidden = true;
  }

  document.addEventListener("selectionchange", () => {
    const selection = document.getSelection();
    float.hidden = marksOf(selection).length === 0;
    if (float.hidden) return;
    const place = selection.getRangeAt(0).getBoundingClientRect();
    float.style.top = `${Math.max(8, Math.min(place.bottom + 6, innerHeight - 48))}px`;
    float.style.left = `${Math.max(8, Math.min(place.left, innerWidth - 180))}px`;
  });
  float.addEventListener("pointerdown", (event) => event.preventDefault());
  float.addEventListener("click", quoteSelection);
  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && !event.metaKey && event.code === "KeyQ") {
      event.preventDefault();
      quoteSelection();
    }
  });

  form.addEventListener("click", (event) => {
    const one = event.target.closest("[data-quote]");
    if (!one) return;
    const mark = one.dataset.quote;
    if (one.classList.contains("quote-one") && marks.includes(mark)) set(marks.filter((other) => other !== mark));
    else add([mark]);
  });

  // ---- dragged to the left ----
  form.addEventListener("dragstart", (event) => {
    const one = event.target.closest?.("[data-quote]");
    const dragged = one ? [one.dataset.quote] : marksOf(document.getSelection());
    if (dragged.length) event.dataTransfer.setData(TYPE, dragged.join(" "));
  });
  desk.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes(TYPE)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    desk.classList.add("is-over");
  });
  desk.addEventListener("dragleave", (event) => {
    if (!desk.contains(event.relatedTarget)) desk.classList.remove("is-over");
  });
  desk.addEventListener("drop", (event) => {
    desk.classList.remove("is-over");
    const dragged = event.dataTransfer.getData(TYPE);
    if (!dragged) return;
    event.preventDefault();
    event.stopPropagation();
    add(split(dragged));
  });
  document.addEventListener("dragend", () => desk.classList.remove("is-over"));

  // ---- begin; a draft that comes back brings its quotations ----
  for (const name of ["body", "problems", "help_needed", "next_step"]) form.elements[name]?.addEventListener("input", later);
  for (const name of ["body", "problems", "help_needed", "next_step"]) form.elements[name]?.addEventListener("change", later);
  field.addEventListener("change", () => {
    marks = split(field.value);
    draw();
    look();
  });
  marks = split([field.value, ...ticked].join(" "));
  field.value = marks.join(" ");
  draw();
  if (marks.length || form.elements.body?.value.trim()) look();
}
