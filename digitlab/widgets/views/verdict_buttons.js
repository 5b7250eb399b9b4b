// A verdict with one click or one key, on the item that the browser shows.

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const DOUBLE_CLICK_MS = 300; // too short to see the next picture and judge it

/** Whether a key press may give a verdict: the first press of a key that the page may use; Enter
 * not on a focused control, which it activates. */
const isVerdictKey = (event) =>
  isPageKey(event) && !event.repeat && (event.key !== "Enter" || !event.target.closest?.("button, a, input, summary"));

function render({ model, el }) {
  const visit = visitOf(model);
  const button = (testid, className, ...children) =>
    make("button", { type: "button", className, "data-testid": testid }, ...children);
  const keyHint = (name) => make("kbd", { "aria-hidden": "true" }, name);

  const right = button("judge-right", "dl-button dl-primary dl-right", "Right", keyHint("Enter"));
  const digitButtons = DIGITS.map((digit) => {
    const control = button(`judge-wrong-${digit}`, "dl-key", String(digit));
    control.setAttribute("aria-label", `It is ${digit}`);
    return control;
  });
  const keys = make("div", { className: "dl-keys", role: "group", "aria-label": "The right digit" }, ...digitButtons);
  const notADigit = button("judge-not-a-digit", "dl-button dl-not-a-digit", "Not a digit", keyHint("N"));
  const unsure = button("judge-unsure", "dl-button dl-unsure", "Unsure", keyHint("U"));
  const undo = button("judge-undo", "dl-quiet dl-undo", "Undo", keyHint("⌫"));
  const { field: comment, show: showComment } = commentField(visit, el);
  const questionText = make("span");
  const position = button("judge-place", "dl-quiet dl-position");
  const receipt = make("p", { role: "status", "data-testid": "receipt" });
  const unsaved = button("unsaved", "dl-quiet dl-unsaved");
  const alert = make("p", { className: "dl-spoken", role: "alert", hidden: true });
  const spokenText = make("p", { className: "dl-spoken", role: "status" });

  /** Judge on a click; the second click of a double click would judge the next picture. */
  const onVerdictClick = (control, judge) => {
    let clickedAt = -Infinity;
    onClick(el, control, ({ detail, timeStamp }) => {
      const isDouble = detail > 1 && timeStamp - clickedAt < DOUBLE_CLICK_MS;
      clickedAt = timeStamp;
      if (!isDouble) judge();
    });
  };
  onVerdictClick(right, () => visit.judgeAsRight(false));
  digitButtons.forEach((control, digit) => onVerdictClick(control, () => visit.judge("label", digit, false)));
  onVerdictClick(notADigit, () => visit.judge("not-a-digit", undefined, false));
  onVerdictClick(unsure, () => visit.judge("unsure", undefined, false));
  onClick(el, undo, () => visit.undo(false));
  onClick(el, unsaved, () => visit.select([...visit.rejections.keys()].find((id) => id !== visit.cursor) ?? visit.cursor));
  position.addEventListener("click", () => pageOf(el).querySelector(".dl-cells [aria-current]")?.focus());
  const scrollTo = (element) => {
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "start", behavior: reducedMotion ? "auto" : "smooth" });
  };
  /** Scroll to a new prediction that is outside the window, as on a phone. */
  const bringIntoView = () => {
    const grid = pageOf(el).querySelector(".dl-cells");
    if (grid && visibleHeight(grid) >= GRID_IN_USE_PX) { // shows the digit; fingers need the buttons too
      const cutOff = [right, keys].some((control) => visibleHeight(control) < control.offsetHeight - 1);
      if (cutOff && matchMedia("(hover: none)").matches) scrollTo(right);
      return;
    }
    const card = el.closest(".dl-result-card");
    const top = card?.getBoundingClientRect().top ?? 0;
    if (top < 0 || top >= window.innerHeight / 2) scrollTo(card);
  };

  const listening = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !isVerdictKey(event) || !isOnPage(el, event.target)) return;
    const key = event.key.toLowerCase();
    if (/^[0-9]$/.test(key)) visit.judge("label", Number(key), true);
    else if (key === "enter" && visit.current?.predicted) visit.judgeAsRight(true);
    else if (key === "n") visit.judge("not-a-digit", undefined, true);
    else if (key === "u") visit.judge("unsure", undefined, true);
    else if (key === "backspace") visit.undo(true);
    else return;
    event.preventDefault();
  }, { signal: listening.signal });

  // A notebook leaves the focus in an output after a click outside it, so keys would go there.
  document.addEventListener("pointerdown", (event) => {
    if (!isOnPage(el, event.target) && pageOf(el).contains(document.activeElement))
      document.activeElement.blur();
  }, { signal: listening.signal });

  let shownItem = -1;
  let rejected = [];
  const show = () => {
    const row = visit.current;
    const disabled = !row || ["unreadable", "replaced"].includes(row.state);
    for (const control of [notADigit, unsure, comment, ...digitButtons]) control.disabled = disabled;
    right.disabled = disabled || !row.predicted;
    undo.disabled = !visit.canUndo;
    const isReading = visit.reading && visit.stayed;
    questionText.textContent = isReading ? "Reading the next picture…"
      : right.disabled && !disabled ? "Which digit is it?" : "Right, or which digit is it?";
    const setPressed = (control, on) => control.setAttribute("aria-pressed", String(on));
    const ids = visit.shownIds;
    position.textContent = row && ids.length > 1 && ids.includes(row.id) ? `${ids.indexOf(row.id) + 1} of ${ids.length}` : "";
    position.hidden = !position.textContent;
    setPressed(right, row?.state === "right");
    setPressed(notADigit, row?.state === "not-a-digit");
    setPressed(unsure, row?.state === "unsure");
    digitButtons.forEach((control, digit) => setPressed(control, row?.label === String(digit)));
    showComment(row);
    showReceipt(row);
    const prediction = row?.one_of_several ? `${row.name}: ${row.prediction_text}` : row?.prediction_text;
    const text = disabled ? "" : [prediction, severalOffer(row)].filter(Boolean).join(". ");
    if (spokenText.textContent !== text) spokenText.textContent = text;
    if (visit.cursor !== shownItem && !disabled) bringIntoView();
    shownItem = visit.cursor;
  };
  /** Show why a key was refused or a verdict was not saved, else the last receipt. */
  const showReceipt = (row) => {
    const text = visit.note || row?.rejection || model.get("receipt");
    if (receipt.textContent !== text) receipt.textContent = text; // is announced when it changes
    receipt.classList.toggle("dl-warning", text !== model.get("receipt"));
    const ids = [...visit.rejections.keys()];
    unsaved.hidden = !ids.length;
    unsaved.textContent = `${ids.length} not saved`;
    const added = ids.filter((id) => !rejected.includes(id));
    alert.hidden = !ids.length;
    if (added.length) alert.textContent = added.map((id) => `${visit.rows[id].name}: ${visit.rejections.get(id)}`).join(" ");
    rejected = ids;
  };
  const setReading = ({ target, detail }) => {
    if (!isOnPage(el, target)) return;
    if (detail === "chosen") visit.expectArrival();
    else visit.setReading(detail === "reading");
  };
  document.addEventListener("digitlab-reading", setReading, { signal: listening.signal });
  visit.addEventListener("change", show, { signal: listening.signal });
  model.on("change:receipt", show);
  model.on("change:can_undo", show);
  listening.signal.addEventListener("abort", () => {
    model.off("change:receipt", show);
    model.off("change:can_undo", show);
  });

  // JupyterLab ignores keys that are pressed inside an element with this attribute.
  requestAnimationFrame(() => pageOf(el).setAttribute("data-lm-suppress-shortcuts", "true"));
  el.classList.add("dl-verdict-buttons");
  const question = make("p", { className: "dl-question" }, questionText, position);
  el.append(question, right, keys, notADigit, unsure, comment, undo,
    make("div", { className: "dl-receipt" }, unsaved, receipt), alert, spokenText);
  show();
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
