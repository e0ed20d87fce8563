// The feedback query: a report opens beside the list; on a narrow screen it lies over it.

const side = document.getElementById("feedback-side");
let opener = null;

function close() {
  side.classList.remove("is-open");
  for (const row of document.querySelectorAll("tr.is-open")) row.classList.remove("is-open");
  opener?.focus();
}

if (side) {
  const hint = [...side.childNodes].map((node) => node.cloneNode(true));
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === side) opener = event.detail.elt;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== side) return;
    side.classList.add("is-open");
    side.scrollTop = 0;
    for (const row of document.querySelectorAll("tr.is-open")) row.classList.remove("is-open");
    opener?.closest("tr")?.classList.add("is-open");
    if (getComputedStyle(side).position === "fixed") side.querySelector("[data-close-side]")?.focus();
  });
  side.addEventListener("click", (event) => {
    if (!event.target.closest("[data-close-side]")) return;
    event.stopPropagation();
    close();
    side.replaceChildren(...hint.map((node) => node.cloneNode(true)));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("is-open") && !document.querySelector("dialog[open]")) close();
  });
}
