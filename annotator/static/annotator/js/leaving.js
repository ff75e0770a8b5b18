// Leaving the page: on to the next document once all is saved, never with edits unsaved;
// and a way back to a document where a crash left some behind.

import { byId } from "./dom.js";

export function leaveWhenSaved(desk, autosave, next) {
  const isDone = () => desk.model.state !== "open";
  let isLeaving = false;
  desk.addEventListener("done", () => {
    isLeaving = true;
    if (autosave.phase === "offline") {
      desk.say(gettext("The next document opens when this one is saved."), "warn");
    }
  });
  autosave.addEventListener("change", ({ detail: { phase } }) => {
    if (isLeaving && phase === "saved" && isDone()) window.location.assign(next);
    if (phase === "stopped") isLeaving = false;
  });
}

export function warnBeforeLeaving(autosave) {
  window.addEventListener("beforeunload", (event) => {
    const isCommenting = byId("comment-text")?.value.trim();
    if (autosave.unsaved > 0 || isCommenting) event.preventDefault();
  });
  window.addEventListener("online", () => autosave.retry());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") autosave.retry();
  });
}

// The first of the documents with edits that never arrived; address has 0 for its id.
export function remindOf([id], address) {
  const notice = byId("left-behind");
  if (!notice || id === undefined) return;
  notice.querySelector("a").href = address.replace("/0/", `/${id}/`);
  notice.hidden = false;
}
