// The table of drafts: an arrow in the head fills the empty cells of its column from above.

for (const button of document.querySelectorAll("[data-fill]")) {
  button.addEventListener("click", () => {
    let above = "";
    for (const cell of document.querySelectorAll(`[data-drafts] [name$="-${button.dataset.fill}"]`)) {
      if (cell.value.trim()) above = cell.value;
      else if (above) {
        cell.value = above;
        cell.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  });
}
