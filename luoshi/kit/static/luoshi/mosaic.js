// The mosaic: one cell per task, by unit, the pressing ones first. A click, or Enter on a cell that
// was reached with the arrow keys, says why the cell has its colour.

const canvas = document.getElementById("mosaic");
const source = document.getElementById("mosaic-data");
const tip = document.getElementById("mosaic-tip");
const HEAD = 20, GAP = 14, COLUMN = 300;
const KEYS = ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End"];
let spots = [];
let chosen = null;

function sizeOf(total, width) {
  const fits = (cell) => {
    const columns = Math.max(1, Math.floor(width / COLUMN));
    const perRow = Math.floor((width / columns - GAP) / cell);
    return Math.ceil(total / perRow / columns) * cell;
  };
  for (const cell of [16, 14, 12, 10]) if (fits(cell) < 620) return cell;
  return 8;
}

function layout(told, width) {
  const columns = Math.max(1, Math.floor(width / COLUMN));
  const wide = Math.floor(width / columns);
  const total = told.fields.reduce((sum, [, cells]) => sum + cells.length, 0);
  const cell = sizeOf(total, width);
  const perRow = Math.max(1, Math.floor((wide - GAP) / cell));
  const heights = new Array(columns).fill(0);
  const fields = told.fields.map(([name, cells]) => {
    const column = heights.indexOf(Math.min(...heights));
    const place = { name, cells, x: column * wide, y: heights[column] };
    heights[column] += HEAD + Math.ceil(cells.length / perRow) * cell + GAP;
    return place;
  });
  return { fields, cell, perRow, wide, height: Math.max(...heights) };
}

function draw(told) {
  const width = canvas.parentElement.clientWidth;
  const { fields, cell, perRow, wide, height } = layout(told, width);
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.textBaseline = "middle";
  pen.font = `13px ${getComputedStyle(document.body).fontFamily}`;
  spots = [];
  for (const { name, cells, x, y } of fields) {
    pen.fillStyle = "#1f2933";
    pen.fillText(`${name} ${cells.length}`, x, y + HEAD / 2, wide - GAP);
    cells.forEach((task, n) => {
      const left = x + (n % perRow) * cell, top = y + HEAD + Math.floor(n / perRow) * cell;
      const late = task[2] === "late";
      pen.fillStyle = late ? told.colours.moving : told.colours[task[2]] ?? told.colours.idle;
      pen.fillRect(left, top, cell - 1, cell - 1);
      if (late) {
        pen.fillStyle = told.colours.late;
        pen.fillRect(left + cell - 4, top, 3, cell - 1);
      }
    });
    spots.push({ x, y: y + HEAD, cells, cell, perRow });
  }
  const at = chosen && places().find((one) => same(one.task, chosen));
  if (!at) return;
  pen.strokeStyle = "#1f2933";
  pen.lineWidth = 2;
  pen.strokeRect(at.x, at.y, cell - 1, cell - 1);
}

function taskAt(event) {
  const edge = canvas.getBoundingClientRect();
  const x = event.clientX - edge.left, y = event.clientY - edge.top;
  for (const spot of spots) {
    const column = Math.floor((x - spot.x) / spot.cell), row = Math.floor((y - spot.y) / spot.cell);
    if (column < 0 || column >= spot.perRow || row < 0) continue;
    const task = spot.cells[row * spot.perRow + column];
    if (task) return task;
  }
  return null;
}

const same = (one, other) => Boolean(one && other && one[0] === other[0]);

// Every cell in reading order, with its place; fields stand in columns, cells in rows of a field.
const places = () => spots.flatMap((spot) => spot.cells.map((task, n) => ({
  task, spot, n,
  x: spot.x + (n % spot.perRow) * spot.cell,
  y: spot.y + Math.floor(n / spot.perRow) * spot.cell,
})));

function nextTo(all, at, key) {
  if (!at) return all[0];
  const here = all.indexOf(at);
  if (key === "ArrowRight") return all[Math.min(here + 1, all.length - 1)];
  if (key === "ArrowLeft") return all[Math.max(here - 1, 0)];
  if (key === "Home") return all[0];
  if (key === "End") return all[all.length - 1];
  const down = key === "ArrowDown" ? 1 : -1;
  const beyond = all.filter((one) => (one.y - at.y) * down > 0 && Math.abs(one.x - at.x) < COLUMN);
  const far = (one) => Math.abs(one.y - at.y) * 4 + Math.abs(one.x - at.x);
  return beyond.length ? beyond.reduce((best, one) => (far(one) < far(best) ? one : best)) : at;
}

if (canvas && source) {
  const told = JSON.parse(source.textContent);
  const urlOf = (task) => told.url.replace("/0/", `/${Number(task[0])}/`);
  draw(told);
  let waiting = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => draw(told));
  });
  canvas.addEventListener("mousemove", (event) => {
    const task = taskAt(event);
    tip.hidden = !task;
    if (!task) return;
    tip.textContent = `${task[1]} · ${task[3]}% ${told.words[task[2]] ?? ""}`;
    tip.style.left = `${Math.min(event.clientX + 12, window.innerWidth - 350)}px`;
    tip.style.top = `${event.clientY + 14}px`;
  });
  canvas.addEventListener("mouseleave", () => { tip.hidden = true; });
  const said = document.getElementById("mosaic-said");
  const explain = (task) => htmx.ajax("GET", `${urlOf(task)}why/`, { source: canvas, target: "#dialog", swap: "innerHTML" });
  canvas.addEventListener("click", (event) => {
    const task = taskAt(event);
    if (task) explain(task);
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (["Enter", " "].includes(event.key) && chosen) {
      event.preventDefault();
      event.stopPropagation();
      explain(chosen);
    } else if (KEYS.includes(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      const all = places();
      const at = nextTo(all, all.find((one) => same(one.task, chosen)), event.key);
      if (!at) return;
      chosen = at.task;
      draw(told);
      said.textContent = `${chosen[1]} · ${chosen[3]}% ${told.words[chosen[2]] ?? ""}`;
      const edge = canvas.getBoundingClientRect();
      if (edge.top + at.y < 80 || edge.top + at.y > innerHeight - 60) scrollBy({ top: edge.top + at.y - innerHeight / 2 });
    }
  });
  canvas.addEventListener("blur", () => { chosen = null; draw(told); });
}
