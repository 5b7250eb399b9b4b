// The digits of this visit as a grid of cells. All text is set as text, never as HTML.

const ARROW_KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
/** Elements that use arrow keys. */
const USES_ARROWS = "canvas, audio, video, [role=radiogroup], [role=slider], [role=tablist], [role=menu], [role=application]";
const CELL_MARGIN_PX = 8; // around the cell in view
const VERDICT_MARKS = { right: "✓", "not-a-digit": "✕", unsure: "?" };

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
    this.row = row;
    const { name, prediction_text, predicted, uncertainty, remembered, state, verdict_text, label } = row;
    const text = [`${name}: ${prediction_text}`, verdict_text].filter(Boolean).join(", ");
    this.spokenText.textContent = this.element.title = text;
    this.predicted.textContent =
      predicted + (uncertainty === "unsure" ? "?" : "") || (uncertainty && "–");
    this.verdictMark.textContent = label || VERDICT_MARKS[state] || "";
    Object.assign(this.element.dataset, { state, uncertainty, remembered });
  }

  set inView(on) {
    this.element.setAttribute("aria-selected", String(on));
    if (on) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
    this.element.tabIndex = on ? 0 : -1; // the grid is one stop of the Tab key
  }
}

function render({ model, el }) {
  const summary = make("p", { className: "dl-count" });
  const confirm = make("button", { type: "button", className: "dl-button dl-confirm-pending", "data-testid": "judge-others" });
  const list = make("ol", {
    className: "dl-cells", role: "listbox", "data-testid": "visit-list", "aria-label": "Digits of this visit",
  });
  const details = make("p", { className: "dl-details", "data-testid": "visit-about" });
  const hint = make("p", { className: "dl-hint-keys" }, "Arrows move, 0–9 correct, Enter confirms, ⌫ undoes");

  const cells = [];
  let shownRevision = -1;
  /** Apply the last change to the cells; request all rows when a change was missed. */
  const showRows = () => {
    const { revision, rows } = model.get("changes");
    if (model.get("revision") > shownRevision) {
      model.get("rows").forEach(showRow);
      shownRevision = model.get("revision");
    }
    if (revision === shownRevision + 1) {
      for (const row of rows) showRow({ ...cells[row.id]?.row, ...row });
      shownRevision = revision;
    } else if (revision > shownRevision) model.send({ type: "get-rows" });
  };
  const showRow = (row) => {
    if (cells[row.id]) cells[row.id].show(row);
    else list.append((cells[row.id] = new Cell(row)).element);
  };

  let selected; // item that an arrow or a click selected, until the kernel shows it
  let selectId; // id of the "select" message that the kernel has not answered
  let shownItem = -1;
  const currentItem = () => selected ?? model.get("current_id");
  const showCurrent = () => {
    const item = currentItem();
    const hadFocus = list.contains(document.activeElement);
    if (shownItem !== item && cells[shownItem]) cells[shownItem].inView = false;
    if (cells[item]) cells[item].inView = true;
    if (shownItem !== item && cells[item]) {
      scrollGridTo(cells[item].element);
      if (hadFocus) cells[item].element.focus({ preventScroll: true });
    }
    shownItem = item;
    showDetails(cells[item]?.row);
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
    const texts = [row?.name, row?.prediction_text, row?.verdict_text, time].filter(Boolean);
    details.replaceChildren(...texts.map((text) => make("span", {}, text)));
  };

  /** Select a cell at once and send it to the kernel; while a key is held, one message at a time. */
  const select = (item, keyHeld = false) => {
    selected = item;
    pageOf(el).dataset.selectedItem = item; // a digit key that follows at once judges this item
    showCurrent();
    if (!keyHeld || !selectId) sendSelect();
  };
  const sendSelect = () => {
    selectId = `${Date.now()}-${Math.random()}`;
    model.send({ type: "select", item_id: selected, select_id: selectId });
  };
  const finishSelect = () => {
    if (!selectId || model.get("select_id") !== selectId) return;
    selectId = undefined;
    if (selected !== model.get("current_id")) return sendSelect();
    selected = undefined;
    delete pageOf(el).dataset.selectedItem;
  };

  /** The item to which a key moves. */
  const itemAfterKey = (key) => {
    const [item, last] = [Math.max(currentItem(), 0), cells.length - 1];
    const firstOfSecondRow = cells.findIndex((cell) => cell.element.offsetTop > cells[0].element.offsetTop);
    const columns = firstOfSecondRow < 0 ? cells.length : firstOfSecondRow;
    const inLastRow = Math.floor(item / columns) >= Math.floor(last / columns);
    return {
      ArrowLeft: Math.max(item - 1, 0),
      ArrowRight: Math.min(item + 1, last),
      ArrowUp: item < columns ? item : item - columns,
      ArrowDown: inLastRow ? item : Math.min(item + columns, last),
      Home: 0,
      End: last,
    }[key];
  };
  const listening = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || cells.length < 2 || !isOnPage(el, event.target) || !isGridKey(event)) return;
    event.preventDefault();
    const next = itemAfterKey(event.key);
    if (next === currentItem()) return;
    select(next, event.repeat);
    if (visibleHeight(list) >= GRID_IN_USE_PX) cells[next].element.scrollIntoView({ block: "nearest" });
  }, { signal: listening.signal });

  list.addEventListener("click", (event) => {
    const cell = cells.find(({ element }) => element.contains(event.target));
    if (cell) select(cell.row.id);
  });
  onClick(el, confirm, (event) => { // the second click of a double click is ignored
    if (event.detail < 2) model.send({ type: "confirm-pending", shown_count: cells.length });
  });

  const show = () => {
    finishSelect();
    showRows();
    showCurrent();
    summary.textContent = model.get("summary");
    const confirmText = model.get("confirm_text");
    if (!confirmText && confirm === document.activeElement) releaseFocus(el); // keeps the keys working
    confirm.textContent = confirmText;
    confirm.disabled = !confirmText;
    confirm.hidden = hint.hidden = cells.length < 2;
    list.hidden = !cells.length;
  };
  model.on("change", show);
  listening.signal.addEventListener("abort", () => model.off("change", show));

  el.classList.add("dl-visit");
  el.append(
    make("div", { className: "dl-visit-head" }, make("h2", {}, "This visit"), summary),
    confirm, list,
    make("div", { className: "dl-visit-foot" }, details, hint));
  show();
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
