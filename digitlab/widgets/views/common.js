// Functions that the views share; this file stands in front of each view's module.

/** The page that contains `el`; `el` itself until it is attached. */
const pageOf = (el) => el.closest(".digitlab-page") ?? el;

/** Whether an event belongs to the page: under Voilà the whole document does, in a notebook only
 * the page's own element. */
const isOnPage = (el, target) =>
  document.body.dataset.voila !== undefined || pageOf(el).contains(target);

/** Whether the page may use a key: it is no browser shortcut and not typed into a field. */
const isPageKey = ({ ctrlKey, metaKey, altKey, target }) =>
  !ctrlKey && !metaKey && !altKey && !target.isContentEditable &&
  !target.matches?.("textarea, select, input:not([type=file], [type=checkbox])");

/** Move the focus from a control to the page, so that the page's keys work. */
const releaseFocus = (el) => {
  const page = pageOf(el);
  page.tabIndex = -1;
  page.focus({ preventScroll: true });
};

/** Release the focus after a click with a pointer (`detail` counts its clicks); after a key press
 * on the control, the keyboard user keeps the focus there. */
const releasePointerFocus = (el, event) => {
  if (event.detail) releaseFocus(el);
};

/** Run `action` on each click, then release a pointer's focus. */
const onClick = (el, control, action) =>
  control.addEventListener("click", async (event) => {
    await action(event);
    releasePointerFocus(el, event);
  });

/** Height of the part of an element that is in the window, in pixels. */
const visibleHeight = (element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return Math.max(0, Math.min(bottom, window.innerHeight) - Math.max(top, 0));
};

/** Visible height of the visit's grid, in pixels, from which on a person works in the grid. */
const GRID_IN_USE_PX = 80;

/** Make an element with properties, attributes (names with a dash, or "role") and children. */
const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
};
