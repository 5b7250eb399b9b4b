// The digits of this visit as a grid of cells. All text is set as text, never as HTML.

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
const KEEPS_ARROWS = "canvas, audio, video, [role=radiogroup], [role=slider], [role=tablist], [role=menu], [role=application]";
const GAP = 8; // pixels kept free around the cell in view
const MARKS = { right: "✓", "not-a-digit": "✕", unsure: "?" };

/** Whether an arrow may go through the grid: nothing under the focus has a use for it. */
const steers = (event) =>
  ARROWS.includes(event.key) && !event.shiftKey && isFree(event) && !event.target.closest?.(KEEPS_ARROWS);

/** One digit: its image, what was read, a mark for what was said; in words for screen readers. */
class Cell {
  constructor(row) {
    this.words = make("span", { className: "dl-spoken" });
    this.read = make("span", { className: "dl-read", "aria-hidden": "true" });
    this.mark = make("span", { className: "dl-mark", "aria-hidden": "true" });
    const picture = row.thumbnail
      ? make("img", { className: "dl-thumb", src: row.thumbnail, alt: "", draggable: false })
      : make("span", { className: "dl-thumb", "aria-hidden": "true" }, "!");
    this.element = make("li", { role: "option", "data-testid": `visit-item-${row.id}` },
      this.words, picture, this.read, this.mark);
    this.inView = false;
    this.show(row);
  }

  show(row) {
    this.row = row;
    const { name, read, digit, doubt, remembered, state, said, answer } = row;
    const words = [`${name}: ${read}`, said].filter(Boolean).join(", ");
    this.words.textContent = this.element.title = words;
    this.read.textContent = digit + (doubt === "unsure" ? "?" : "") || (doubt && "–");
    this.mark.textContent = answer || MARKS[state] || "";
    Object.assign(this.element.dataset, { state, doubt, remembered });
  }

  set inView(on) {
    this.element.setAttribute("aria-selected", String(on));
    if (on) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
    this.element.tabIndex = on ? 0 : -1; // one stop of the Tab key for the whole grid
  }
}

function render({ model, el }) {
  const count = make("p", { className: "dl-count" });
  const others = make("button", { type: "button", className: "dl-button dl-others", "data-testid": "judge-others" });
  const list = make("ol", {
    className: "dl-cells", role: "listbox", "data-testid": "visit-list", "aria-label": "Digits of this visit",
  });
  const about = make("p", { className: "dl-about", "data-testid": "visit-about" });
  const hint = make("p", { className: "dl-hint-keys" }, "Arrows move, 0–9 correct, Enter says right, ⌫ takes back");

  const cells = [];
  let at = -1; // the revision that the cells show
  /** Bring the cells up to date; ask for all where a change was missed. */
  const showRows = () => {
    const { revision, rows } = model.get("changes");
    if (model.get("revision") > at) {
      model.get("rows").forEach(put);
      at = model.get("revision");
    }
    if (revision === at + 1) {
      for (const row of rows) put({ ...cells[row.id]?.row, ...row });
      at = revision;
    } else if (revision > at) model.send({ type: "rows" });
  };
  const put = (row) => {
    if (cells[row.id]) cells[row.id].show(row);
    else list.append((cells[row.id] = new Cell(row)).element);
  };

  let goal; // where an arrow or a click has gone; undefined once the kernel shows it
  let asked; // the name of the message that said so
  let shown = -1;
  const here = () => goal ?? model.get("current");
  const showCurrent = () => {
    const now = here();
    const held = list.contains(document.activeElement);
    if (shown !== now && cells[shown]) cells[shown].inView = false;
    if (cells[now]) cells[now].inView = true;
    if (shown !== now && cells[now]) {
      bringIntoView(cells[now].element);
      if (held) cells[now].element.focus({ preventScroll: true });
    }
    shown = now;
    tell(cells[now]?.row);
  };
  /** Scroll the grid, never the page. */
  const bringIntoView = (cell) => {
    const low = cell.offsetTop + cell.offsetHeight + GAP - list.clientHeight;
    list.scrollTop = Math.min(Math.max(list.scrollTop, low), cell.offsetTop - GAP);
  };
  const tell = (row) => {
    const time = row?.at ? new Date(row.at * 1000).toLocaleTimeString([], { timeStyle: "short" }) : "";
    const words = [row?.name, row?.read, row?.said, time].filter(Boolean);
    about.replaceChildren(...words.map((word) => make("span", {}, word)));
  };

  /** Go to a cell at once, and have the kernel show it; while a key is held, one at a time. */
  const go = (item, held = false) => {
    goal = item;
    pageOf(el).dataset.moving = item; // a digit that is pressed now is meant for this one
    showCurrent();
    if (!held || !asked) ask();
  };
  const ask = () => {
    asked = `${Date.now()}-${Math.random()}`;
    model.send({ type: "select", item: goal, move: asked });
  };
  const arrive = () => {
    if (!asked || model.get("move") !== asked) return;
    asked = undefined;
    if (goal !== model.get("current")) return ask();
    goal = undefined;
    delete pageOf(el).dataset.moving;
  };

  const target = (key) => {
    const [now, last] = [Math.max(here(), 0), cells.length - 1];
    const wide = cells.findIndex((cell) => cell.element.offsetTop > cells[0].element.offsetTop);
    const columns = wide < 0 ? cells.length : wide;
    const below = Math.floor(now / columns) < Math.floor(last / columns) ? Math.min(now + columns, last) : now;
    return {
      ArrowLeft: Math.max(now - 1, 0),
      ArrowRight: Math.min(now + 1, last),
      ArrowUp: now < columns ? now : now - columns,
      ArrowDown: below,
      Home: 0,
      End: last,
    }[key];
  };
  const listening = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || cells.length < 2 || !isOurs(el, event.target) || !steers(event)) return;
    event.preventDefault();
    const next = target(event.key);
    if (next === here()) return;
    go(next, event.repeat);
    if (inWindow(list) >= IN_GRID) cells[next].element.scrollIntoView({ block: "nearest" });
  }, { signal: listening.signal });

  list.addEventListener("click", (event) => {
    const cell = cells.find(({ element }) => element.contains(event.target));
    if (cell) go(cell.row.id);
  });
  others.addEventListener("click", (event) => {
    if (event.detail < 2) model.send({ type: "others", shown: cells.length });
    if (event.detail) rest(el); // a pointer's click; the keyboard keeps its place
  });

  const show = () => {
    arrive();
    showRows();
    showCurrent();
    count.textContent = model.get("summary");
    const offer = model.get("others");
    if (!offer && others === document.activeElement) rest(el); // the keys stay the page's
    others.textContent = offer;
    others.disabled = !offer;
    others.hidden = hint.hidden = cells.length < 2;
    list.hidden = !cells.length;
  };
  model.on("change", show);
  listening.signal.addEventListener("abort", () => model.off("change", show));

  el.classList.add("dl-visit");
  el.append(
    make("div", { className: "dl-visit-head" }, make("h2", {}, "This visit"), count),
    others, list,
    make("div", { className: "dl-visit-foot" }, about, hint));
  show();
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
