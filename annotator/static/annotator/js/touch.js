// A finger marks text with the system's own handles: no mouse event tells, only the
// browser's selection. It is taken when it has come to rest.

const REST = 500; // milliseconds

export function listenToTouch(view, mark) {
  let isFinger = false;
  let waiting = null;
  document.addEventListener("pointerdown", ({ pointerType }) => {
    isFinger = pointerType === "touch";
  });
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    const selection = window.getSelection();
    const isInText = view.root.contains(selection.anchorNode);
    if (isFinger && isInText && !selection.isCollapsed) waiting = setTimeout(mark, REST);
  });
}
