// The field for a comment on the item in view. Each item has its own text.

/** Make the field of a visit; `show(row)` shows the text of an item. */
function commentField(visit, el) {
  const field = make("input", {
    type: "text", maxLength: 500, autocomplete: "off", "data-testid": "judge-comment",
  });
  let pointerIsDown = false;
  el.addEventListener("pointerdown", () => (pointerIsDown = true));
  el.addEventListener("pointerup", () => (pointerIsDown = false));
  el.addEventListener("pointercancel", () => (pointerIsDown = false));

  field.addEventListener("input", () => visit.setDraft(field.value));
  field.addEventListener("focus", () => (visit.commenting = true));
  field.addEventListener("blur", () => {
    const leave = () => {
      if (document.activeElement === field) return;
      visit.commenting = false;
      visit.saveComment();
      visit.update(); // what arrived meanwhile may come into view
    };
    // A verdict that the pointer is about to give takes the comment with it.
    if (pointerIsDown) addEventListener("pointerup", () => setTimeout(leave), { once: true });
    else leave();
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    visit.saveComment();
    releaseFocus(el); // the next key judges
  });

  const show = (row) => {
    const text = row ? visit.drafts.get(row.id) ?? "" : "";
    if (field.value !== text) field.value = text;
    field.placeholder = row?.comment ? `Saved: ${row.comment}` : "Comment (optional)";
    field.setAttribute("aria-label", row?.comment
      ? `Comment; saved: ${row.comment}. A new text replaces it.`
      : "Comment, optional; it is saved with your verdict");
  };
  return { field, show };
}
