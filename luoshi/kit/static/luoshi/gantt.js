// The Gantt (SEE-2). Rows come column by column in one answer; every text is escaped before it is
// given to the chart, which would insert it as HTML.

const box = document.getElementById("gantt");
const side = document.getElementById("gantt-side");
const word = box.dataset;
const DAY = 86400000;
const narrow = window.matchMedia("(max-width: 720px)").matches;
let told = null;

const NAMES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const safe = (text) => String(text ?? "").replace(/[&<>"']/g, (c) => NAMES[c]);
const dayOf = (number) => new Date(2000, 0, 1 + number);
const two = (n) => String(n).padStart(2, "0");
const written = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

function say(text) {
  const line = document.createElement("p");
  line.className = "gantt-said";
  line.textContent = text;
  box.replaceChildren(line);
}

function rowsOf(answer) {
  return answer.rows.map(([id, parent, title, number, unit, owner, start, due, progress, colour, late, state]) => {
    const end = due ?? start ?? answer.today;
    const begin = Math.min(start ?? end, end);
    return {
      id, parent, text: title, number, progress, late, state,
      unit: answer.units[unit], owner: answer.owners[owner],
      due: due === null ? "" : written(dayOf(due)),
      begin, length: end - begin + 1,
      color: answer.colours[colour],
      start_date: dayOf(begin), end_date: dayOf(end + 1), // the end is exclusive
    };
  });
}

const summary = (task) => `${task.text} · ${task.unit} ${task.owner} · ${task.due} · ${task.progress}% ${told.words[task.state] ?? ""}`;

function nodes(task) {
  const marks = told.milestones[task.id];
  if (!marks) return "";
  return marks
    .map(([due, done]) => {
      const place = ((due - task.begin + 0.5) / task.length) * 100;
      return place < 0 || place > 100 ? "" : `<i class="node${done ? " is-done" : ""}" style="left:${place}%"></i>`;
    })
    .join("");
}

const months = { unit: "month", step: 1, format: (date) => `${date.getMonth() + 1}` + (word.lang.startsWith("zh") ? "月" : "") };
const year = { unit: "year", step: 1, format: "%Y" };
const SCALES = {
  year: { scales: [year, months], width: narrow ? 34 : 44 },
  quarter: { scales: [{ unit: "month", step: 1, format: "%Y-%m" }, { unit: "week", step: 1, format: "%m-%d" }], width: 46 },
  month: { scales: [{ unit: "month", step: 1, format: "%Y-%m" }, { unit: "day", step: 1, format: "%j" }], width: 24 },
};

function scale(name) {
  const { scales, width } = SCALES[name];
  gantt.config.scales = scales;
  gantt.config.min_column_width = width;
}

function setUp() {
  gantt.i18n.setLocale(word.lang.startsWith("zh") ? "cn" : "en");
  gantt.plugins({ keyboard_navigation: true });
  Object.assign(gantt.config, {
    readonly: true,
    static_background: true,
    show_task_cells: false,
    show_links: false,
    show_progress: false,
    open_tree_initially: true,
    row_height: 26,
    bar_height: 14,
    scale_height: 44,
    initial_scroll: false,
    keyboard_navigation_cells: false,
    grid_width: narrow ? 170 : 560,
    grid_elastic_columns: true,
    columns: [
      { name: "text", label: word.title, tree: true, width: narrow ? 170 : 280, template: (t) => `<span title="${safe(t.text)}">${safe(t.text)}</span>` },
      ...(narrow ? [] : [
        { name: "unit", label: word.unit, width: 110, template: (t) => safe(t.unit) },
        { name: "owner", label: word.owner, width: 70, template: (t) => safe(t.owner) },
        { name: "due", label: word.due, width: 86, align: "center", template: (t) => safe(t.due) },
      ]),
    ],
  });
  gantt.templates.task_class = (_start, _end, task) => (task.late ? "is-late" : "");
  gantt.templates.task_text = (_start, _end, task) => nodes(task);
  gantt.templates.rightside_text = (_start, _end, task) => `${Number(task.progress)}%${task.late ? ` ${safe(word.late)}` : ""}`;
  gantt.templates.tooltip_text = (_start, _end, task) => safe(summary(task)); // what screen readers say of a row
  gantt.templates.grid_folder = () => "";
  gantt.templates.grid_file = () => "";
  scale("year");
}

function markToday() {
  const data = gantt.$task_data;
  if (!data || !told) return;
  data.querySelector(".gantt-today")?.remove();
  const date = dayOf(told.today);
  const { min_date: first, max_date: last } = gantt.getState();
  if (date < first || date > last) return;
  const line = document.createElement("div");
  line.className = "gantt-today";
  line.title = `${word.today} ${written(date)}`;
  line.style.left = `${gantt.posFromDate(date)}px`;
  data.append(line);
}

async function open(id) {
  const answer = await fetch(`/tasks/${Number(id)}/brief/`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  side.replaceChildren(...page.body.childNodes);
  htmx.process(side); // marks explain themselves here, too
  side.hidden = false;
  gantt.setSizes();
}

function tip() {
  const label = document.createElement("div");
  label.className = "gantt-tip";
  label.hidden = true;
  document.body.append(label);
  box.addEventListener("mousemove", (event) => {
    const id = event.target.closest(".gantt_task_line") && gantt.locate(event);
    const task = id && gantt.isTaskExists(id) ? gantt.getTask(id) : null;
    label.hidden = !task;
    if (!task) return;
    label.textContent = summary(task);
    label.style.left = `${Math.min(event.clientX + 12, window.innerWidth - 350)}px`;
    label.style.top = `${event.clientY + 14}px`;
  });
  box.addEventListener("mouseleave", () => { label.hidden = true; });
}

function listen() {
  for (const button of document.querySelectorAll("[data-scale]")) {
    button.addEventListener("click", () => {
      for (const other of document.querySelectorAll("[data-scale]")) other.setAttribute("aria-pressed", String(other === button));
      scale(button.dataset.scale);
      gantt.render();
      if (button.dataset.scale !== "year") gantt.showDate(dayOf(told.today - 7));
    });
  }
  const fold = (open_) => () => gantt.batchFold(open_);
  gantt.batchFold = (open_) => {
    gantt.eachTask((task) => { task.$open = open_; });
    gantt.render();
  };
  document.querySelector("[data-fold]").addEventListener("click", fold(false));
  document.querySelector("[data-unfold]").addEventListener("click", fold(true));
  gantt.attachEvent("onTaskClick", (id, event) => {
    if (!event.target.closest(".gantt_tree_icon")) open(id);
    return true;
  });
  box.addEventListener("keydown", (event) => {
    const row = event.key === "Enter" && document.activeElement?.closest("[task_id], [data-task-id]");
    const id = row && (row.getAttribute("task_id") ?? row.getAttribute("data-task-id"));
    if (id) { event.preventDefault(); event.stopPropagation(); open(id); }
  }, true);
  const closeSide = () => { side.hidden = true; gantt.setSizes(); };
  side.addEventListener("click", (event) => { if (event.target.closest("[data-close-side]")) closeSide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !side.hidden) closeSide(); });
  window.addEventListener("beforeprint", () => {
    if (told.rows.length > 600) return;
    gantt.config.smart_rendering = false;
    gantt.config.autosize = "y";
    gantt.render();
  });
  window.addEventListener("afterprint", () => {
    gantt.config.smart_rendering = true;
    gantt.config.autosize = false;
    gantt.render();
  });
}

async function start() {
  say(word.loading);
  let answer;
  try {
    answer = await fetch(word.url);
    if (!answer.ok) throw new Error(String(answer.status));
    told = await answer.json();
  } catch {
    say(word.failed);
    return;
  }
  if (told.too_many) { say(word.many); return; }
  const left = document.getElementById("gantt-left-out");
  left.firstElementChild.textContent = told.left_out;
  left.hidden = !told.left_out;
  document.getElementById("gantt-count").textContent = `${told.rows.length.toLocaleString()} ${word.count}`;
  if (!told.rows.length) { say(word.none); return; }
  box.replaceChildren();
  setUp();
  if (word.year) {
    gantt.config.start_date = new Date(Number(word.year), 0, 1);
    gantt.config.end_date = new Date(Number(word.year) + 1, 0, 20); // room for the words right of the last bars
    gantt.config.show_tasks_outside_timescale = true;
  }
  gantt.attachEvent("onGanttRender", markToday);
  gantt.init(box);
  gantt.parse({ data: rowsOf(told) });
  gantt.scrollTo(0, 0);
  listen();
  tip();
  box.dataset.ready = "true";
}

start();
