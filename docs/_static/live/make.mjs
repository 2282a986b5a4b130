// The elements that a cell is made of.

export function make(kind, properties) {
  return Object.assign(document.createElement(kind), properties);
}

/** A button in a bar; `label` is its name for a screen reader, if its words are not enough. */
export function button(bar, words, pressed, label) {
  const made = make("button", { type: "button", textContent: words });
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", () => {
    if (made.getAttribute("aria-disabled") !== "true") pressed();
  });
  bar.append(made);
  return made;
}

/** Let a button be pressed or not; one that cannot be pressed keeps the focus. */
export function enable(button, enabled) {
  if (enabled) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
}
