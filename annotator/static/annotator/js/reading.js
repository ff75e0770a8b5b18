// How a person wants to read: size of the text, room between the lines, line numbers.

import { byId } from "./dom.js";

export function wireReading(view, preferences) {
  const { style, classList } = view.root;
  const wirePercent = (id, preference, property) => {
    const field = byId(id);
    const show = () => {
      style.setProperty(property, String(field.value / 100));
      field.setAttribute("aria-valuetext", `${field.value}%`);
    };
    field.value = preferences.read(preference);
    field.addEventListener("input", () => {
      preferences.write(preference, Number(field.value));
      show();
    });
    show();
  };
  wirePercent("text-size", "font_size", "--text-scale");
  wirePercent("line-height", "line_height", "--leading");
  const numbers = byId("line-numbers");
  const showNumbers = () => classList.toggle("text--numbered", numbers.checked);
  numbers.checked = preferences.read("has_line_numbers");
  numbers.addEventListener("input", () => {
    preferences.write("has_line_numbers", numbers.checked);
    showNumbers();
  });
  showNumbers();
}
