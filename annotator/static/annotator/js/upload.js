// Drag and drop, the list of chosen files, and a size check before anything is sent.
// Without it the form is a plain file input.

const totalSize = (files) => [...files].reduce((sum, file) => sum + file.size, 0);

function showFiles(list, files) {
  list.replaceChildren(
    ...[...files].map((file) => {
      const item = document.createElement("li");
      item.textContent = file.name;
      return item;
    }),
  );
}

function wireDropzone(zone, input) {
  const over = (isOver) => (event) => {
    event.preventDefault();
    zone.classList.toggle("dropzone--over", isOver);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change"));
  });
}

function wire(form) {
  const input = form.querySelector("input[type=file]");
  const problem = form.querySelector("[data-problem]");
  wireDropzone(form.querySelector("[data-dropzone]"), input);

  input.addEventListener("change", () => {
    showFiles(form.querySelector("[data-file-list]"), input.files);
    const isTooLarge = totalSize(input.files) > Number(form.dataset.largest);
    problem.textContent = isTooLarge ? form.dataset.tooLarge : "";
    problem.hidden = !isTooLarge;
  });
  form.addEventListener("submit", (event) => {
    if (!problem.hidden) event.preventDefault();
  });
}

for (const form of document.querySelectorAll("[data-upload]")) wire(form);
