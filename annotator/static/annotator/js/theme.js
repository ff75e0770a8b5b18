// Light, dark or as the system says; applied before the first paint.
(() => {
  const KEY = "marginalia-theme";
  const THEMES = ["auto", "light", "dark"];
  const root = document.documentElement;

  const read = () => {
    try {
      const theme = localStorage.getItem(KEY);
      return THEMES.includes(theme) ? theme : "auto";
    } catch {
      return "auto"; // the browser forbids its storage
    }
  };

  const keep = (theme) => {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // no room or no storage: the theme lasts as long as the page
    }
  };

  const apply = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };

  const describe = (button, theme) => {
    button.dataset.theme = theme;
    button.title = button.dataset[`title${theme[0].toUpperCase()}${theme.slice(1)}`];
    button.setAttribute("aria-label", button.title);
  };

  let chosen = read();
  apply(chosen);
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      describe(button, chosen);
      button.addEventListener("click", () => {
        chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
        keep(chosen);
        apply(chosen);
        describe(button, chosen);
      });
    }
  });
})();
