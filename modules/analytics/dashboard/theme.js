// Light or dark, before anything is drawn: as was chosen here before, or else as the system is.
"use strict";

const theme = {
  chosen: () => localStorage.getItem("theme"),
  dark: () => (theme.chosen() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark",
  apply() {
    const dark = theme.dark();
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.getElementById("theme")?.setAttribute("aria-pressed", String(dark));
  },
  toggle() {
    localStorage.setItem("theme", theme.dark() ? "light" : "dark");
    theme.apply();
  },
};

theme.apply();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme.apply);
document.addEventListener("DOMContentLoaded", () => {
  theme.apply();
  document.getElementById("theme").addEventListener("click", theme.toggle);
});
