// The pages follow Airflow's own light or dark, which stands on the window around this one or in its settings, and lead
// out of its frame.
(() => {
  const root = document.documentElement;
  const follow = () => {
    let theme = null;
    try {
      const around = window.parent !== window ? window.parent.document.documentElement.classList : null;
      if (around) theme = around.contains("dark") ? "dark" : around.contains("light") ? "light" : null;
      theme ??= localStorage.getItem("theme");
    } catch {
      // another site's window, or no storage: the browser's preference stands
    }
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  };
  follow();
  try {
    if (window.parent !== window) {
      new MutationObserver(follow).observe(window.parent.document.documentElement, { attributeFilter: ["class"] });
    }
  } catch {
    // as above
  }
  // Airflow's frame lets none of its links out (its sandbox has no allow-top-navigation); one of the window around it goes.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[target="_top"]');
    if (!link || window.parent === window) return;
    event.preventDefault();
    const outside = window.parent.document.createElement("a");
    outside.href = link.href;
    outside.click();
  });
})();
