// The page of a report: the slider follows the number and the other way round; cited files are named.
// Without this the number field and the check boxes do the work.

for (const slider of document.querySelectorAll("[data-slider]")) {
  const number = document.getElementById(slider.dataset.slider);
  if (!number) continue;
  const floor = Number(slider.dataset.floor) || 0;

  const show = () => {
    const value = Math.min(100, Math.max(0, Number(number.value) || 0));
    slider.value = String(value);
    slider.style.setProperty("--at", String(value));
  };
  slider.addEventListener("input", () => {
    const value = Math.max(floor, Number(slider.value));
    slider.value = String(value);
    slider.style.setProperty("--at", String(value));
    number.value = String(value);
    number.dispatchEvent(new Event("input", { bubbles: true }));
  });
  number.addEventListener("input", show);
  number.addEventListener("change", show);
  slider.hidden = false;
  show();
}

for (const form of document.querySelectorAll("form[data-report]")) {
  const line = form.querySelector("[data-cited]");
  if (!line) continue;
  const name = () => {
    const ticked = [...form.querySelectorAll("input[name=cited]:checked")];
    const names = [...new Set(ticked.map((box) => box.dataset.name))];
    line.hidden = names.length === 0;
    line.textContent = names.length ? `${line.dataset.cited} ${names.join(" · ")}` : "";
  };
  form.addEventListener("change", name, true);
  name();
}
