// The mosaic: one cell per task, by unit, the pressing ones first. A click opens the task.

const canvas = document.getElementById("mosaic");
const source = document.getElementById("mosaic-data");
const tip = document.getElementById("mosaic-tip");
const HEAD = 20, GAP = 14, COLUMN = 300;
let spots = [];

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
  canvas.addEventListener("click", (event) => {
    const task = taskAt(event);
    if (task) window.location.assign(urlOf(task));
  });
}
