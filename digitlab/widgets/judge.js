// One click or one key for a verdict. What a verdict means is decided in the kernel.

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** A key belongs to the page unless someone is typing or it works a control. */
function isFree(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false;
  const target = event.target;
  if (target.isContentEditable || target.matches?.("textarea, select, input:not([type=file], [type=checkbox])"))
    return false;
  return event.key !== "Enter" || !target.closest?.("button, a, input, summary");
}

function render({ model, el }) {
  const button = (testid, className, ...children) =>
    make("button", { type: "button", className, "data-testid": testid }, ...children);
  const key = (name) => make("kbd", { "aria-hidden": "true" }, name);

  const right = button("judge-right", "dl-button dl-primary dl-right", "Right", key("Enter"));
  const digits = DIGITS.map((digit) => {
    const it = button(`judge-wrong-${digit}`, "dl-key", String(digit));
    it.setAttribute("aria-label", `It is ${digit}`);
    return it;
  });
  const none = button("judge-not-a-digit", "dl-button dl-not", "Not a digit", key("N"));
  const unsure = button("judge-unsure", "dl-button dl-unsure", "Unsure", key("U"));
  const undo = button("judge-undo", "dl-quiet dl-undo", "Undo", key("⌫"));
  const comment = make("input", {
    type: "text", maxLength: 500, autocomplete: "off", "data-testid": "judge-comment",
    placeholder: "Comment (optional)", "aria-label": "Comment, optional; it goes with your verdict",
  });
  const question = make("p", { className: "dl-question" });
  const receipt = make("p", { className: "dl-receipt", role: "status", "data-testid": "receipt" });
  const spoken = make("p", { className: "dl-spoken", role: "status" });

  let sent; // the comment that went with the last verdict
  const send = (type, more) => {
    const item = model.get("item");
    if (item < 0) return;
    sent = comment.value;
    model.send({ type, item, comment: sent, ...more });
  };
  /** The verdict is kept: its comment goes, unless somebody has typed on. */
  const clear = () => {
    if (comment.value === sent) comment.value = "";
  };
  const judge = (verdict) => send("judge", { verdict });
  const answer = (digit) => send("answer", { digit });
  const takeBack = () => model.get("can_undo") && model.send({ type: "undo" });

  const click = (control, work) =>
    control.addEventListener("click", (event) => {
      work();
      if (event.detail) rest(el); // a pointer's click; the keyboard keeps its place
    });
  click(right, () => judge("right"));
  digits.forEach((control, digit) => click(control, () => answer(digit)));
  click(none, () => judge("not-a-digit"));
  click(unsure, () => judge("unsure"));
  click(undo, takeBack);
  comment.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") rest(el); // then a key judges
  });

  /** Show a new prediction when it came up outside the window, as on a phone. */
  const bringIntoView = () => {
    const card = el.closest(".dl-answer-card");
    const top = card?.getBoundingClientRect().top ?? 0;
    if (model.get("item") < 0 || (top >= 0 && top < window.innerHeight / 2)) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    card.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  };

  const listening = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !isFree(event) || !isOurs(el, event.target)) return;
    const name = event.key.toLowerCase();
    if (/^[0-9]$/.test(name)) answer(Number(name));
    else if (name === "enter" && !right.disabled) judge("right");
    else if (name === "n") judge("not-a-digit");
    else if (name === "u") judge("unsure");
    else if (name === "backspace") takeBack();
    else return;
    event.preventDefault();
  }, { signal: listening.signal });

  // A notebook leaves the focus in an output that somebody clicked away from: give it back.
  document.addEventListener("pointerdown", (event) => {
    if (!isOurs(el, event.target) && pageOf(el).contains(document.activeElement))
      document.activeElement.blur();
  }, { signal: listening.signal });

  const show = () => {
    const [item, label, said] = ["item", "label", "said"].map((name) => model.get(name));
    const off = item < 0;
    for (const control of [none, unsure, comment, ...digits]) control.disabled = off;
    right.disabled = off || label < 0;
    undo.disabled = !model.get("can_undo");
    question.textContent = label < 0 && !off ? "Which digit is it?" : "Right, or which digit is it?";
    const press = (control, on) => control.setAttribute("aria-pressed", String(on));
    press(right, said === "right");
    press(none, said === "not-a-digit");
    press(unsure, said === "unsure");
    digits.forEach((control, digit) => press(control, said === String(digit)));
    receipt.textContent = model.get("receipt");
    spoken.textContent = model.get("spoken");
  };
  model.on("change", show);
  model.on("change:item", bringIntoView);
  model.on("change:kept", clear);
  listening.signal.addEventListener("abort", () => {
    model.off("change", show);
    model.off("change:item", bringIntoView);
    model.off("change:kept", clear);
  });

  // JupyterLab leaves keys alone that are pressed inside an element with this mark.
  requestAnimationFrame(() => pageOf(el).setAttribute("data-lm-suppress-shortcuts", "true"));
  el.classList.add("dl-judge");
  const group = { className: "dl-keys", role: "group", "aria-label": "The right digit" };
  el.append(question, right, make("div", group, ...digits), none, unsure, comment, undo, receipt, spoken);
  show();
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
