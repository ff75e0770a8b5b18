// Commands about suggestions: go to the next, accept, reject, one or all.

export const suggestionCommands = ({ desk }) => ({
  nextSuggestion: () => step(desk, 1),
  previousSuggestion: () => step(desk, -1),
  accept: () => decide(desk, (suggestion) => desk.accept([suggestion])),
  reject: () => decide(desk, (suggestion) => desk.reject([suggestion])),
  acceptAll: () => acceptAll(desk),
  rejectAll: () => rejectAll(desk),
});

// To the next suggestion, the least certain first; out of the text behind the last.
function step(desk, direction) {
  const { model, target } = desk;
  const order = model.proposals.leastCertainFirst();
  const here = target ? order.indexOf(target.item) : -1;
  const next = here < 0 && direction < 0 ? order.length - 1 : here + direction;
  if (next < 0 || next >= order.length) return false;
  return desk.select(order[next], { isMarked: false, isScrolled: true });
}

// The cursor goes on to what a rejection brought to light, or else to the next one.
function decide(desk, verb) {
  const { model, target } = desk;
  if (target?.kind !== "suggestion") return false;
  const order = model.proposals.leastCertainFirst();
  const following = order[order.indexOf(target.item) + 1] ?? order[0];
  if (!verb(target.item)) return true;
  const known = new Set(order);
  const next = model.proposals.leastCertainFirst().find((item) => !known.has(item)) ?? following;
  const isOpen = next !== target.item && model.pending.includes(next);
  if (isOpen) desk.select(next, { isMarked: false, isScrolled: true });
  return true;
}

function acceptAll(desk) {
  const certain = desk.certainEnough();
  if (!desk.accept(certain)) {
    return desk.say(gettext("No suggestion is that certain."));
  }
  const sentence = ngettext(
    "%s suggestion accepted.",
    "%s suggestions accepted.",
    certain.length,
  );
  return desk.say(interpolate(sentence, [certain.length]));
}

function rejectAll(desk) {
  const all = desk.model.proposals.undecided; // also what waits behind a longer one
  if (!desk.reject(all)) return;
  const sentence = ngettext("%s suggestion rejected.", "%s suggestions rejected.", all.length);
  desk.say(interpolate(sentence, [all.length]));
}
