// Keeps undo and redo of the open document across a reload of the page.

const KEY = "marginalia:history";

// The history, if it was written for exactly this version of this annotation.
export function readHistory(storage, { user, document }, version) {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "null");
    const isMine = kept?.user === user && kept.document === document;
    return isMine && kept.version === version ? kept.history : undefined;
  } catch {
    return undefined;
  }
}

export function keepHistory(storage, { user, document: id }, desk) {
  const write = () => {
    const { history, autosave } = desk;
    const kept = { user, document: id, version: autosave.version, history };
    try {
      storage.setItem(KEY, JSON.stringify(kept));
    } catch {
      storage.removeItem(KEY); // too long to keep: a reload begins a new history
    }
  };
  let waiting = null;
  desk.addEventListener("content", () => {
    clearTimeout(waiting);
    waiting = setTimeout(write, 400);
  });
  window.addEventListener("pagehide", write);
}
