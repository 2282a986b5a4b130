// What is wider than the window is scrolled by keyboard too, and headings have a level.

(() => {
  const WIDE = ["pre", ".picture", ".table-wrapper", ".output_area > div"];

  function reachable(box) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }

  // The theme's captions over the table of contents.
  for (const caption of document.querySelectorAll("[role=heading]:not([aria-level])")) caption.ariaLevel = 2;
  const watcher = new ResizeObserver((seen) => seen.forEach(({ target }) => reachable(target)));
  for (const box of document.querySelectorAll(WIDE.map((box) => `article ${box}`).join())) watcher.observe(box);
})();
