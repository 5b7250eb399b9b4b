// The digits of this visit. All text is set as text, never as HTML.

function render({ model, el }) {
  const count = make("p", { className: "dl-count" });
  const list = make("ol", { "data-testid": "visit-list" });

  const row = ({ id, name, thumbnail, read, said, state, at }) => {
    const picture = thumbnail
      ? make("img", { className: "dl-thumb", src: thumbnail, alt: "" })
      : make("span", { className: "dl-thumb", "aria-hidden": "true" }, "!");
    const time = at ? new Date(at * 1000).toLocaleTimeString([], { timeStyle: "short" }) : "";
    const button = make("button", { type: "button", "data-testid": `visit-item-${id}` },
      picture,
      make("span", { className: "dl-what" },
        make("span", { className: "dl-row-name" }, name), make("span", { className: "dl-row-read" }, read)),
      make("span", { className: "dl-said" },
        make("span", { className: "dl-verdict" }, said || (state === "waiting" ? "not judged" : "")),
        make("span", {}, time)));
    button.dataset.state = state;
    button.addEventListener("click", (event) => {
      model.send({ type: "select", item: id });
      if (event.detail) rest(el);
    });
    return make("li", {}, button);
  };

  /** Scroll the list, never the page. */
  const bringIntoView = (line) => {
    const top = line.offsetTop - list.offsetTop;
    const low = top + line.offsetHeight - list.clientHeight;
    list.scrollTop = Math.min(Math.max(list.scrollTop, low), top);
  };
  const showRows = () => {
    const rows = model.get("rows");
    count.textContent = model.get("summary");
    list.replaceChildren(...rows.map(row));
    showCurrent();
  };
  const showCurrent = () => {
    for (const button of list.querySelectorAll("button")) {
      const on = button.dataset.testid === `visit-item-${model.get("current")}`;
      if (on) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      if (on) bringIntoView(button.parentElement);
    }
  };
  model.on("change:rows", showRows);
  model.on("change:current", showCurrent);

  el.classList.add("dl-visit");
  el.append(make("h2", {}, "This visit"), count, list);
  showRows();
  model.send({ type: "ready" });
  return () => {
    model.off("change:rows", showRows);
    model.off("change:current", showCurrent);
  };
}

export default { render };
