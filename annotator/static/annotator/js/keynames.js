// What the commands and the keys are called, for the list of keys.

// Groups of commands: [title, [[command, what it does], …]].
export const commandGroups = () => [
  [
    gettext("Move"),
    [
      ["tokenRight", gettext("Next token")],
      ["tokenLeft", gettext("Token before")],
      ["lineDown", gettext("Line below")],
      ["lineUp", gettext("Line above")],
      ["nextSentence", gettext("Next sentence")],
      ["previousSentence", gettext("Sentence before")],
      ["firstToken", gettext("First token")],
      ["lastToken", gettext("Last token")],
    ],
  ],
  [
    gettext("Extend"),
    [
      ["extendRight", gettext("By a token")],
      ["extendLeft", gettext("By a token, back")],
      ["extendDown", gettext("By a line")],
      ["extendUp", gettext("By a line, back")],
      ["extendSentence", gettext("By a sentence")],
      ["extendSentenceBack", gettext("By a sentence, back")],
    ],
  ],
  [
    gettext("Suggestions"),
    [
      ["nextSuggestion", gettext("Next, the least certain first")],
      ["previousSuggestion", gettext("The one before")],
      ["accept", gettext("Accept")],
      ["reject", gettext("Reject")],
      ["acceptAll", gettext("Accept all above the threshold")],
      ["rejectAll", gettext("Reject all")],
    ],
  ],
  [
    gettext("Label"),
    [
      ["repeatLabel", gettext("The last label again")],
      ["labelAll", gettext("All occurrences")],
      ["searchLabel", gettext("Choose from the list of labels")],
      ["labelAgain", gettext("One more label for the same place")],
    ],
  ],
  [
    gettext("Span"),
    [
      ["startLeft", gettext("Start to the left")],
      ["startRight", gettext("Start to the right")],
      ["endRight", gettext("End to the right")],
      ["endLeft", gettext("End to the left")],
      ["startLeftByCharacter", gettext("Start, one character left")],
      ["startRightByCharacter", gettext("Start, one character right")],
      ["endRightByCharacter", gettext("End, one character right")],
      ["endLeftByCharacter", gettext("End, one character left")],
      ["split", gettext("Split before the token")],
      ["merge", gettext("Merge with the next span")],
      ["selectAround", gettext("Choose the span around it")],
      ["remove", gettext("Delete")],
    ],
  ],
  [
    gettext("Document"),
    [
      ["submit", gettext("Submit and next")],
      ["skip", gettext("Skip")],
      ["flag", gettext("Flag")],
      ["comment", gettext("Write a comment")],
      ["undo", gettext("Undo")],
      ["redo", gettext("Redo")],
      ["showKeymap", gettext("This list")],
      ["escape", gettext("Let go; once more leaves the text")],
    ],
  ],
];

const SIGNS = {
  ArrowRight: "→",
  ArrowLeft: "←",
  ArrowDown: "↓",
  ArrowUp: "↑",
  Escape: "Esc",
  Delete: "Del",
  Backspace: "⌫",
  Enter: "⏎",
};

// A chord as the keys one presses: ["Ctrl", "Shift", "Z"].
export function keysOf(chord) {
  const parts = chord === "+" ? ["+"] : chord.split(/\+(?=.)/u);
  return parts.map((part) => SIGNS[part] ?? (/^\p{Ll}$/u.test(part) ? part.toUpperCase() : part));
}
