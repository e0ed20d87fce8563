// The break-down table: add and remove rows, paste rows from Excel.
// Columns pasted into a title cell: title, details, standard, due date.

const table = document.querySelector("[data-split-table]");
const total = document.querySelector('[name="child-TOTAL_FORMS"]');
const COLUMNS = ["title", "details", "standard", "due"];

function rows() {
  return [...table.querySelectorAll("[data-row]")];
}

function number() {
  rows().forEach((row, place) => {
    row.querySelector(".row-number").textContent = String(place + 1);
    for (const node of row.querySelectorAll("[name], [id], [for], [aria-controls], [list]")) {
      for (const attribute of ["name", "id", "for", "aria-controls", "list"]) {
        const value = node.getAttribute(attribute);
        if (value) node.setAttribute(attribute, value.replace(/child-\d+-/, `child-${place}-`));
      }
    }
  });
  total.value = String(rows().length);
}

async function addRow() {
  const address = `${table.dataset.rowUrl}?place=${rows().length}`;
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(`<table>${await answer.text()}</table>`, "text/html");
  const row = document.adoptNode(page.querySelector("[data-row]"));
  table.append(row);
  number();
  if (window.htmx) window.htmx.process(row);
  document.dispatchEvent(new CustomEvent("rows-added", { detail: row }));
  return row;
}

function isoDay(text) {
  const found = text.match(/(\d{4})\D(\d{1,2})\D(\d{1,2})/);
  return found ? `${found[1]}-${found[2].padStart(2, "0")}-${found[3].padStart(2, "0")}` : "";
}

function fill(row, cells) {
  COLUMNS.forEach((name, place) => {
    const input = row.querySelector(`[name$="-${name}"]`);
    const text = (cells[place] ?? "").trim();
    if (input && text) input.value = name === "due" ? isoDay(text) : text;
  });
}

async function paste(event) {
  const text = event.clipboardData.getData("text/plain");
  if (!text.includes("\t") && !text.trim().includes("\n")) return;
  event.preventDefault();
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  let row = event.target.closest("[data-row]");
  for (const [place, line] of lines.entries()) {
    if (place > 0) row = row.nextElementSibling?.matches("[data-row]") ? row.nextElementSibling : await addRow();
    if (!row) return;
    fill(row, line.split("\t"));
  }
}

if (table && total) {
  document.querySelector("[data-add-row]").addEventListener("click", async () => {
    const row = await addRow();
    row?.querySelector("input:not([type=hidden])")?.focus();
  });
  table.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-row]");
    if (!button || rows().length < 2) return;
    button.closest("[data-row]").remove();
    number();
  });
  table.addEventListener("paste", (event) => {
    if (event.target.matches('[name$="-title"]')) paste(event);
  });
  number();
}
