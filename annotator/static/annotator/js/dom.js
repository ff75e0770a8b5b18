// Small helpers for the markup: clone a template, fill it with text, never with HTML.

export const byId = (id) => document.getElementById(id);

// The first element of a <template>, its data-slot parts by name.
export function clone(id) {
  const element = byId(id).content.firstElementChild.cloneNode(true);
  const slots = { element };
  for (const slot of element.querySelectorAll("[data-slot]")) {
    slots[slot.dataset.slot] = slot;
  }
  return slots;
}

export function fill(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const percent = (share) => `${Math.round(share * 100)}%`;

// When the next frame is on the screen, or soon where none is drawn (a hidden tab).
export const painted = () =>
  new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 100);
  });

// Do something behind what runs now, once however often it is asked for: what has to be
// measured is then measured once, while the page waits for the next frame anyway.
export function afterwards(act) {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    queueMicrotask(() => {
      isWaiting = false;
      act();
    });
  };
}

// A text for one line: white space as single spaces, shortened in the middle.
export function shorten(text, length = 60) {
  const points = Array.from(text.replace(/\s+/gu, " ").trim());
  if (points.length <= length) return points.join("");
  const half = Math.floor(length / 2) - 1;
  return `${points.slice(0, half).join("")} … ${points.slice(-half).join("")}`;
}
