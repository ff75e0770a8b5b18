// A finger, and the pen of some tablets, mark text with the system's own handles: no mouse
// event tells, only the browser's selection. It is taken when it has come to rest.

const REST = 500; // milliseconds

export function listenToTouch(view, pointer) {
  let waiting = null;
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    const selection = window.getSelection();
    const isInText = view.root.contains(selection.anchorNode);
    if (!pointer.isOnScreen || !isInText || selection.isCollapsed) return;
    waiting = setTimeout(() => pointer.markSelection(), REST);
  });
}
