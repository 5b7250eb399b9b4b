// What the views of the page share; stands in front of each view's module.

/** The page that `el` is part of; only known once `el` is attached. */
const pageOf = (el) => el.closest(".digitlab-page") ?? el;

/** Under Voilà the whole document is the page; in a notebook only the page's own element is. */
const isOurs = (el, target) =>
  document.body.dataset.voila !== undefined || pageOf(el).contains(target);

/** Whether the page may have a key: it is no shortcut of the browser, and nobody is typing. */
const isFree = ({ ctrlKey, metaKey, altKey, target }) =>
  !ctrlKey && !metaKey && !altKey && !target.isContentEditable &&
  !target.matches?.("textarea, select, input:not([type=file], [type=checkbox])");

/** Take the focus off a button that did its work, so that the page's keys answer again. */
const rest = (el) => {
  const page = pageOf(el);
  page.tabIndex = -1;
  page.focus({ preventScroll: true });
};

/** How much of an element's height is in the window, in pixels. */
const inWindow = (element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return Math.max(0, Math.min(bottom, window.innerHeight) - Math.max(top, 0));
};

const IN_GRID = 80; // so much of the visit's grid in the window: somebody works in it

/** An element with properties, attributes (names with a dash, or "role") and children. */
const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
};
