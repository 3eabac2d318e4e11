// Before anything is painted: light or dark as was chosen here, else as the system has it.
(() => {
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => document.documentElement.setAttribute("data-bs-theme", stored() ?? (system.matches ? "dark" : "light"));
  document.documentElement.classList.add("scripted");
  apply();
  system.addEventListener("change", apply);
  window.addEventListener("theme-chosen", apply);
})();
