// What to do when saving does not simply work: edits of an earlier page that never
// arrived, a version that moved on, an edit that the server refuses.

import { settle } from "./conflict.js";

// Replay what an earlier page wrote down and the server does not have yet. Returns the
// entries about which a person has to choose (all, when the server moved on meanwhile)
// and the number of those that do not fit what is there now and are not on the page.
export async function replay({ api, journal, autosave, model, version }) {
  const entries = journal.entries();
  if (!entries.length) return { disputed: [], misfits: 0 };
  const revisions = version > 0 ? await api.revisions() : [];
  const stored = new Set(revisions.map((revision) => revision.edit_id));
  const left = entries.filter((entry) => !stored.has(entry.edit_id));
  for (const entry of entries) {
    if (stored.has(entry.edit_id)) journal.remove(entry);
  }
  let misfits = 0;
  for (const entry of left) {
    const change = { ...entry, ...bare(entry) }; // a submission changes no span
    if (model.fits(change)) model.apply(change);
    else misfits += 1;
    if (entry.state) model.state = entry.state;
  }
  const isInOrder = !left.length || left[0].version === version;
  if (!isInOrder) return { disputed: left, misfits };
  autosave.resume(left);
  return { disputed: [], misfits };
}

// Let a person choose; until then the journal has the entries, should the page crash.
export async function choose({ desk, autosave, journal, theirs, disputed }) {
  await settle({ desk, autosave, theirs });
  for (const entry of disputed) journal.remove(entry);
}

// Say how many edits of an earlier page are not here, and why.
export function sayMisfits(desk, misfits) {
  if (!misfits) return;
  const count = interpolate(ngettext("%s unsaved", "%s unsaved", misfits), [misfits]);
  const reason = gettext("That does not fit the spans that are there now.");
  desk.say(`${count} · ${reason}`, "danger");
}

// Wait for replies that need a person.
export function standBy({ api, autosave, desk }) {
  autosave.addEventListener("change", async ({ detail: { phase, reply } }) => {
    if (reply?.kind === "loggedOut") {
      desk.say(
        gettext("You are logged out. Log in again in another tab: your edits wait here."),
        "danger",
      );
    }
    if (phase !== "stopped") return;
    if (reply.kind === "conflict") await settle({ desk, autosave, theirs: reply.theirs });
    if (reply.kind === "refused") await undoRefused({ api, autosave, desk, reply });
    if (reply.kind === "forbidden") {
      desk.say(
        gettext("You may not edit this document any more. Your edits were not saved."),
        "danger",
      );
    }
  });
}

// Drop the refused edit, keep those behind it that still fit, and say so.
async function undoRefused({ api, autosave, desk, reply }) {
  const { annotation } = await api.read();
  const [, ...later] = autosave.restart(annotation.version);
  desk.adopt(annotation, null);
  for (const edit of later) {
    if (edit.state) desk.setState(edit.state);
    else desk.perform({ ...bare(edit) }, { isRecorded: false });
  }
  desk.say(reply.detail, "danger");
}

const bare = ({ add = [], remove = [], reject = [], unreject = [] }) => ({
  add,
  remove,
  reject,
  unreject,
});
