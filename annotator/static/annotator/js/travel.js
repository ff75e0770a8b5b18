// Undo and redo on the desk: make the change and stand where it happened.

export function travel(desk, direction) {
  const change = desk.history[direction]((candidate) => desk.model.fits(candidate));
  if (!change) {
    const nothing =
      direction === "undo" ? gettext("Nothing to undo.") : gettext("Nothing to redo.");
    return desk.say(nothing);
  }
  desk.perform(change, { isRecorded: false });
  desk.tidyHistory();
  const [place] = [...change.add, ...change.unreject, ...change.remove];
  return place && desk.select(place, { isMarked: false, isScrolled: true });
}
