// Evidence by drag and by paste, a list of what is chosen, and a word about files that are too large.
// Without this the plain file field does the work.

document.documentElement.classList.add("with-evidence");

const fieldIn = (box) => box.querySelector("input[type=file]");

function size(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

// Files chosen so far: choosing, dropping or pasting again adds to them.
const chosen = new WeakMap();

function put(box, files) {
  const all = new DataTransfer();
  for (const file of files) all.items.add(file);
  chosen.set(box, [...files]);
  fieldIn(box).files = all.files;
  list(box);
}

function add(box, files) {
  const known = chosen.get(box) ?? [];
  const fresh = [...files].filter(
    (file) => !known.some((old) => old.name === file.name && old.size === file.size && old.lastModified === file.lastModified),
  );
  put(box, [...known, ...fresh]);
  fieldIn(box).dispatchEvent(new Event("input", { bubbles: true }));
}

function list(box) {
  const limit = Number(box.dataset.limit);
  const lines = (chosen.get(box) ?? []).map((file, place) => {
    const line = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = file.name;
    const note = document.createElement("span");
    const large = file.size > limit;
    note.className = large ? "field-error" : "grey small";
    note.textContent = large ? box.dataset.tooLarge : size(file.size);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn-x";
    remove.dataset.leaveOut = place;
    remove.title = box.dataset.remove;
    remove.setAttribute("aria-label", `${box.dataset.remove}: ${file.name}`);
    remove.textContent = "×";
    line.append(name, note, remove);
    return line;
  });
  box.querySelector("[data-chosen]").replaceChildren(...lines);
}

document.addEventListener("change", (event) => {
  const box = event.target.matches?.("[data-evidence] input[type=file]") && event.target.closest("[data-evidence]");
  if (box) add(box, event.target.files);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-leave-out]");
  const box = button?.closest("[data-evidence]");
  if (!box) return;
  put(box, (chosen.get(box) ?? []).filter((_, place) => place !== Number(button.dataset.leaveOut)));
  fieldIn(box).focus();
});

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

// A file dropped beside the box would replace the page and lose the form: the whole form takes it.
function boxFor(event) {
  const at = event.target instanceof Element ? event.target : null;
  return at?.closest("[data-evidence]") ?? at?.closest("form")?.querySelector("[data-evidence]");
}

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event) || !document.querySelector("[data-evidence]")) return;
  event.preventDefault();
  const box = boxFor(event);
  event.dataTransfer.dropEffect = box ? "copy" : "none";
  for (const other of document.querySelectorAll("[data-evidence].is-over")) other.classList.toggle("is-over", other === box);
  box?.classList.add("is-over");
});

for (const name of ["dragend", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    if (name === "dragleave" && event.relatedTarget) return;
    for (const box of document.querySelectorAll("[data-evidence].is-over")) box.classList.remove("is-over");
  });
}

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event) || !document.querySelector("[data-evidence]")) return;
  event.preventDefault();
  const box = boxFor(event);
  if (box) add(box, event.dataTransfer.files);
});

document.addEventListener("paste", (event) => {
  const files = event.clipboardData?.files;
  const box = files?.length ? boxFor(event) : null;
  if (!box) return;
  event.preventDefault();
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, "");
  add(
    box,
    [...files].map((file, place) =>
      file.name && file.name !== "image.png" ? file : new File([file], `${stamp}-${place + 1}.${file.type.split("/")[1] ?? "png"}`, { type: file.type }),
    ),
  );
});
