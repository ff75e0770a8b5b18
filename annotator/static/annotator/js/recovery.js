// What to do when saving does not simply work: edits of an earlier page that never
// arrived, a version that moved on, an edit that the server refuses.

import { fromWire, makeChange } from "./changes.js";
import { settle } from "./conflict.js";
import { shorten } from "./dom.js";

const MISFITS_NAMED = 5;

// Replay what an earlier page wrote down and the server does not have yet. Returns the
// entries about which a person has to choose (all, when the server moved on meanwhile)
// and those that do not fit what is there now: they are not on the page and not sent.
export async function replay({ api, journal, autosave, model, version }) {
  const entries = journal.entries();
  if (!entries.length) return { disputed: [], misfits: [] };
  const revisions = version > 0 ? await api.revisions() : [];
  const stored = new Set(revisions.map((revision) => revision.edit_id));
  const left = entries.filter((entry) => !stored.has(entry.edit_id));
  for (const entry of entries) {
    if (stored.has(entry.edit_id)) journal.remove(entry);
  }
  const fitting = [];
  for (const entry of left) {
    const change = { ...entry, ...fromWire(entry) }; // a submission changes no span
    if (!model.fits(change)) continue;
    model.apply(change);
    if (entry.state) model.state = entry.state;
    fitting.push(entry);
  }
  const misfits = left.filter((entry) => !fitting.includes(entry));
  const isInOrder = !left.length || left[0].version === version;
  if (!isInOrder) return { disputed: left, misfits };
  autosave.resume(fitting);
  return { disputed: [], misfits };
}

// Let a person choose; until then the journal has the entries, should the page crash.
export async function choose({ desk, autosave, journal, theirs, disputed }) {
  await settle({ desk, autosave, theirs });
  for (const entry of disputed) journal.remove(entry);
}

// Name the edits of an earlier page that are not here, then let the journal forget them.
export function sayMisfits({ desk, journal, misfits }) {
  if (!misfits.length) return;
  desk.say(describeMisfits(misfits, desk.model.offsets), "danger");
  for (const entry of misfits) journal.remove(entry);
}

function describeMisfits(misfits, offsets) {
  const sentence = ngettext(
    "%s unsaved edit does not fit the document any more and was not made: %s.",
    "%s unsaved edits do not fit the document any more and were not made: %s.",
    misfits.length,
  );
  const names = misfits.flatMap((entry) => namesOf(entry, offsets));
  const more = names.length - MISFITS_NAMED;
  const named = names.slice(0, MISFITS_NAMED).join(", ");
  const list = more > 0 ? interpolate(gettext("%s and %s more"), [named, more]) : named;
  return interpolate(sentence, [misfits.length, list]);
}

// What an edit is about, by label and text: what it adds, else what it takes away.
function namesOf(entry, offsets) {
  const { add, remove, reject, unreject } = makeChange(entry);
  const spans = add.length ? add : [...remove, ...reject, ...unreject];
  return spans.map(({ start, end, label }) => {
    const surface = shorten(offsets.slice(start, end), 30);
    return interpolate(add.length ? "%s “%s”" : gettext("without %s “%s”"), [label, surface]);
  });
}

// Wait for replies that need a person.
export function standBy({ api, autosave, desk }) {
  let isWarned = false;
  autosave.addEventListener("change", async ({ detail: { phase, reply } }) => {
    if (reply?.kind === "loggedOut") {
      desk.say(
        gettext("You are logged out. Log in again in another tab: your edits wait here."),
        "danger",
      );
    }
    if (phase === "offline" && autosave.unkept && !isWarned) {
      isWarned = true; // later edits are counted beside the state of saving
      desk.say(
        gettext(
          "This browser cannot keep your unsaved edits. Leave this tab open until they are saved.",
        ),
        "danger",
      );
    }
    if (phase !== "stopped") return;
    if (reply.kind === "conflict") await settle({ desk, autosave, theirs: reply.theirs });
    if (reply.kind === "refused") {
      await undoRefused({ api, autosave, desk, reply }).catch((error) => {
        desk.say(`${reply.detail} ${error.message}`, "danger");
        autosave.postpone();
      });
    }
    if (reply.kind === "forbidden") {
      desk.say(
        gettext("You may not edit this document any more. Your edits were not saved."),
        "danger",
      );
    }
  });
}

// Drop the refused edit, keep those behind it that still fit, and say which did not.
async function undoRefused({ api, autosave, desk, reply }) {
  const { annotation } = await api.read();
  const [, ...later] = autosave.restart(annotation.version);
  desk.adopt(annotation, null);
  const misfits = later.filter((edit) => !redo(desk, edit));
  desk.tidyHistory();
  const sentences = [reply.detail];
  if (misfits.length) sentences.push(describeMisfits(misfits, desk.model.offsets));
  desk.say(sentences.join(" "), "danger");
}

// False where the edit does not fit.
function redo(desk, edit) {
  const change = fromWire(edit);
  if (!desk.model.fits(change)) return false;
  desk.perform(change, { isRecorded: false });
  if (edit.state) desk.setState(edit.state);
  return true;
}
