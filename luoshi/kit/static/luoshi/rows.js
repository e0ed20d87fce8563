// Rows of a list: a button that adds a blank one. Without this file the page shows one blank row.
const add = (button) => {
  const prefix = button.dataset.addRow;
  const total = document.getElementById(`id_${prefix}-TOTAL_FORMS`);
  const blank = document.querySelector(`template[data-blank="${prefix}"]`);
  const body = document.querySelector(`table[data-rows="${prefix}"] tbody`);
  const holder = document.createElement("tbody");
  holder.innerHTML = blank.innerHTML.replaceAll("__prefix__", total.value);
  const row = holder.firstElementChild;
  body.append(row);
  total.value = Number(total.value) + 1;
  row.querySelector("select, input, textarea")?.focus();
};

for (const button of document.querySelectorAll("[data-add-row]")) {
  button.hidden = false;
  button.addEventListener("click", () => add(button));
}
