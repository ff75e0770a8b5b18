// Light, dark or as the system says; applied before the first paint.
(() => {
  const KEY = "marginalia-theme";
  const THEMES = ["auto", "light", "dark"];
  const root = document.documentElement;

  const stored = () => {
    const theme = localStorage.getItem(KEY);
    return THEMES.includes(theme) ? theme : "auto";
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

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      describe(button, stored());
      button.addEventListener("click", () => {
        const next = THEMES[(THEMES.indexOf(stored()) + 1) % THEMES.length];
        localStorage.setItem(KEY, next);
        apply(next);
        describe(button, next);
      });
    }
  });
})();
