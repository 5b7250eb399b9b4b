// The digits of this visit as a grid of cells. All text is set as text, never as HTML.

const ARROW_KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
/** Elements that use arrow keys. */
const USES_ARROWS = "canvas, audio, video, [role=radiogroup], [role=slider], [role=tablist], [role=menu], [role=application]";
const CELL_MARGIN_PX = 8; // around the cell in view
const VERDICT_MARKS = { right: "✓", "not-a-digit": "✕", unsure: "?" };

/** Text of the button that confirms many digits; empty when it would confirm none. */
const confirmText = (count, total) =>
  total < 2 || !count ? "" : count === 1 ? "The other one is right" : `${count === total ? "All" : "The other"} ${count} are right`;

/** Whether a key moves through the grid: the focused element has no use for it. */
const isGridKey = (event) =>
  ARROW_KEYS.includes(event.key) && !event.shiftKey && isPageKey(event) && !event.target.closest?.(USES_ARROWS);

/** One digit: its image, its prediction and a mark for its verdict; in words for screen readers. */
class Cell {
  constructor(row) {
    this.spokenText = make("span", { className: "dl-spoken" });
    this.predicted = make("span", { className: "dl-predicted", "aria-hidden": "true" });
    this.verdictMark = make("span", { className: "dl-verdict-mark", "aria-hidden": "true" });
    const image = row.thumbnail
      ? make("img", { className: "dl-thumb", src: row.thumbnail, alt: "", draggable: false })
      : make("span", { className: "dl-thumb", "aria-hidden": "true" }, "!");
    this.element = make("li", { role: "option", "data-testid": `visit-item-${row.id}` },
      this.spokenText, image, this.predicted, this.verdictMark);
    this.inView = false;
    this.show(row);
  }

  show(row) {
    const { name, prediction_text, predicted, uncertainty, remembered, state, label, saving, rejection } = row;
    const text = [`${name}: ${prediction_text}`, verdictText(row)].filter(Boolean).join(", ");
    if (this.element.title !== text) this.spokenText.textContent = this.element.title = text;
    this.predicted.textContent =
      predicted + (uncertainty === "unsure" ? "?" : "") || (uncertainty && "–");
    this.verdictMark.textContent = rejection ? "!" : label || VERDICT_MARKS[state] || "";
    // A test or a style that waits for a verdict waits until the kernel has it.
    const shown = saving ? { state: "saving", verdict: state } : { state, verdict: state };
    this.element.hidden = state === "replaced";
    Object.assign(this.element.dataset, { ...shown, uncertainty, remembered, rejected: Boolean(rejection) });
  }

  set inView(on) {
    this.element.setAttribute("aria-selected", String(on));
    if (on) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
    this.element.tabIndex = on ? 0 : -1; // the grid is one stop of the Tab key
  }
}

function initialize({ model }) {
  visitOf(model).attach(model);
}

function render({ model, el }) {
  const visit = visitOf(model);
  const summary = make("p", { className: "dl-count" });
  const confirm = make("button", { type: "button", className: "dl-button dl-confirm-pending", "data-testid": "judge-others" });
  const list = make("ol", {
    className: "dl-cells", role: "listbox", "data-testid": "visit-list", "aria-label": "Digits of this visit",
  });
  const details = make("p", { className: "dl-details", "data-testid": "visit-about" });
  const hint = make("p", { className: "dl-hint-keys" }, "Arrows move, 0–9 correct, Enter confirms, ⌫ undoes");

  const cells = [];
  const shownRows = []; // JSON of the rows that the cells show
  const showRows = () => {
    for (const row of visit.allRows) {
      const json = JSON.stringify({ ...row, thumbnail: "" });
      if (json === shownRows[row.id]) continue;
      shownRows[row.id] = json;
      if (cells[row.id]) cells[row.id].show(row);
      else list.append((cells[row.id] = new Cell(row)).element);
    }
  };

  let shownItem = -1;
  const showCurrent = () => {
    const item = visit.cursor;
    const hadFocus = list.contains(document.activeElement);
    if (shownItem !== item && cells[shownItem]) cells[shownItem].inView = false;
    if (shownItem !== item && cells[item]) {
      cells[item].inView = true;
      scrollGridTo(cells[item].element);
      if (hadFocus) cells[item].element.focus({ preventScroll: true });
    }
    shownItem = item;
    showDetails(visit.current);
  };
  /** Scroll the grid, never the page. */
  const scrollGridTo = (cell) => {
    const lowest = cell.offsetTop + cell.offsetHeight + CELL_MARGIN_PX - list.clientHeight;
    list.scrollTop = Math.min(Math.max(list.scrollTop, lowest), cell.offsetTop - CELL_MARGIN_PX);
  };
  const showDetails = (row) => {
    const time = row?.judged_at
      ? new Date(row.judged_at * 1000).toLocaleTimeString([], { timeStyle: "short" })
      : "";
    const texts = row ? [row.name, row.prediction_text, verdictText(row), row.comment, row.saving ? "" : time].filter(Boolean) : [];
    if (texts.join("\n") === details.dataset.texts) return;
    details.dataset.texts = texts.join("\n");
    details.replaceChildren(...texts.map((text) => make("span", {}, text)));
  };

  /** The item to which a key moves. */
  const itemAfterKey = (key) => {
    const ids = visit.shownIds;
    const tops = ids.map((id) => cells[id].element.offsetTop);
    const [place, last] = [Math.max(ids.indexOf(visit.cursor), 0), ids.length - 1];
    const firstOfSecondRow = tops.findIndex((top) => top > tops[0]);
    const columns = firstOfSecondRow < 0 ? ids.length : firstOfSecondRow;
    const inLastRow = Math.floor(place / columns) >= Math.floor(last / columns);
    return ids[{
      ArrowLeft: Math.max(place - 1, 0),
      ArrowRight: Math.min(place + 1, last),
      ArrowUp: place < columns ? place : place - columns,
      ArrowDown: inLastRow ? place : Math.min(place + columns, last),
      Home: 0,
      End: last,
    }[key]];
  };
  const listening = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || visit.shownIds.length < 2 || !isOnPage(el, event.target) || !isGridKey(event)) return;
    event.preventDefault();
    const next = itemAfterKey(event.key);
    if (next === visit.cursor && !visit.stayed) return;
    visit.select(next);
    if (visibleHeight(list) >= GRID_IN_USE_PX) cells[next].element.scrollIntoView({ block: "nearest" });
  }, { signal: listening.signal });

  list.addEventListener("click", (event) => {
    const id = cells.findIndex(({ element }) => element.contains(event.target));
    if (id >= 0) visit.select(id);
  });
  onClick(el, confirm, (event) => { // the second click of a double click is ignored
    if (event.detail < 2) visit.confirmAll();
  });

  const show = () => {
    showRows();
    showCurrent();
    const saving = visit.savingCount;
    summary.textContent = `${model.get("summary")}${saving ? `, ${saving} being saved` : ""}`;
    const count = visit.shownIds.length;
    const text = confirmText(visit.confirmable.length, count);
    if (!text && confirm === document.activeElement) releaseFocus(el); // keeps the keys working
    confirm.textContent = text;
    confirm.disabled = !text;
    confirm.hidden = hint.hidden = count < 2;
    list.hidden = !count;
  };
  visit.addEventListener("change", show, { signal: listening.signal });

  el.classList.add("dl-visit");
  el.append(
    make("div", { className: "dl-visit-head" }, make("h2", {}, "This visit"), summary),
    confirm, list,
    make("div", { className: "dl-visit-foot" }, details, hint));
  show();
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { initialize, render };
