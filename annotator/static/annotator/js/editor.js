// The annotation page: loads a document, brings back what a crash left, opens the desk.

import { Api } from "./api.js";
import { Autosave } from "./autosave.js";
import { Desk } from "./desk.js";
import { History } from "./history.js";
import { Journal, MemoryStorage } from "./journal.js";
import { Keys } from "./keys.js";
import { Model } from "./model.js";
import { Preferences } from "./preferences.js";
import { byId, fill, painted } from "./dom.js";
import { keepHistory, readHistory } from "./remember.js";
import { leaveWhenSaved, remindOf, warnBeforeLeaving } from "./leaving.js";
import { choose, replay, sayMisfits, standBy } from "./recovery.js";
import { show } from "./screen.js";
import { showTimer, startTimer } from "./timer.js";

const page = byId("desk");
const config = page.dataset;

// Null where the browser forbids it.
function storageOf(kind) {
  try {
    return globalThis[kind] ?? null;
  } catch {
    return null;
  }
}

async function open() {
  const api = new Api(config);
  const data = await api.read();
  const model = new Model(data);
  const journal = new Journal(storageOf("localStorage"), config.user, config.document);
  const { version } = data.annotation;
  const send = async (edit) => {
    await painted(); // what a person did is shown first
    return api.send(edit);
  };
  const autosave = new Autosave({ send, journal, version });
  const waiting = { api, journal, autosave, model, version };
  const { disputed, misfits } = await replay(waiting);
  const timer = startTimer();
  const session = storageOf("sessionStorage") ?? new MemoryStorage();
  const desk = new Desk({
    model,
    autosave,
    history: new History(readHistory(session, config, autosave.version)),
    timer,
    keys: new Keys(data.preferences.keys),
    mayEdit: config.mayEdit === "yes",
    stateNames: {
      open: gettext("Open"),
      submitted: gettext("Submitted"),
      skipped: gettext("Skipped"),
      flagged: gettext("Flagged"),
    },
  });
  const preferences = keepPreferences(api, desk, data.preferences);
  show({ page, desk, api, preferences, comments: data.comments });
  if (desk.mayEdit) showTimer(timer, data.annotation.seconds_spent);
  keepHistory(session, config, desk);
  warnBeforeLeaving(autosave);
  leaveWhenSaved(desk, autosave, config.next);
  standBy({ api, autosave, desk });
  remindOf(journal.otherDocuments(), config.other);
  if (disputed.length) {
    await choose({ desk, autosave, journal, theirs: data.annotation, disputed });
  }
  sayMisfits({ desk, journal, misfits }); // last, so that no other sentence takes its place
}

function keepPreferences(api, desk, values) {
  const send = (changed, options) =>
    api.changePreferences(changed, options).catch((error) => {
      if (!options.isLeaving) desk.say(error.message, "warn");
    });
  const preferences = new Preferences(values, { project: config.project, send });
  window.addEventListener("pagehide", () => preferences.flush({ isLeaving: true }));
  return preferences;
}

open().catch((error) => {
  page.classList.add("is-broken");
  fill(byId("load-error-text"), error.message);
  byId("load-error").hidden = false;
});
