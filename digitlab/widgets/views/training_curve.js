// A run's curve: loss as a line, the share read right as points, each with a scale of its own.

/** Loss: from nothing to a round number above the highest one. */
const lossScale = (losses) => {
  const most = Math.max(...losses, 1e-6);
  const power = 10 ** Math.floor(Math.log10(most));
  const high = power * [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((times) => times * power >= most * 0.999999);
  return { low: 0, high, text: (value) => String(Number(value.toPrecision(3))) };
};

/** The share read right: from a round number below the lowest one to all. */
const shareScale = (shares) => {
  const low = [0.9, 0.8, 0.6, 0.4, 0].find((share) => share <= Math.min(...shares));
  return { low, high: 1, text: (value) => `${Math.round(100 * value)} %` };
};

const drawn = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** The drawing and how to bring it up to date; its room is the same however much there is. */
function makeCurve() {
  const key = (className, name) => {
    const value = make("b");
    const mark = drawn("svg", { class: "dl-key-mark", viewBox: "0 0 20 10" },
      drawn("path", { class: className, d: className === "dl-loss" ? "M1 5H19" : "M10 5h.01" }));
    return { value, element: make("span", { className }, mark, name, value) };
  };
  const loss = key("dl-loss", "loss");
  const right = key("dl-share", "hard images read right");
  // The box is stretched to the room, the strokes are not: so there is nothing to measure.
  const svg = drawn("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none" });
  const [left, below, beside, hint] = ["left", "below", "beside", "hint"].map((name) =>
    make("div", { className: `dl-plot-${name}` }));
  const element = make("div", { className: "dl-curve", role: "img", "data-testid": "fine-tune-curve" },
    make("div", { className: "dl-legend" }, loss.element, right.element),
    make("div", { className: "dl-plot" }, left, svg, beside, below, hint));

  const ticks = (side, scale) =>
    side.replaceChildren(...(scale ? [1, 0.5, 0].map((share) =>
      make("span", {}, scale.text(scale.low + share * (scale.high - scale.low)))) : []));

  const show = ({ points, steps, spoken, ...last }) => {
    const end = Math.max(steps, ...points.map(([step]) => step), 1);
    /** Where the values of a column stand in the box. */
    const placed = (column, scale) => points
      .filter((point) => point[column] !== null)
      .map((point) => [point[0] / end, (scale.high - point[column]) / (scale.high - scale.low)])
      .map((place) => place.map((share) => (100 * share).toFixed(2)).join(" "));
    const values = (column) => points.map((point) => point[column]).filter((value) => value !== null);
    const [losses, shares] = [values(1), values(2)];
    const scales = [losses.length && lossScale(losses), shares.length && shareScale(shares)];
    const parts = [0, 50, 100].map((y) => drawn("path", { class: "dl-plot-grid", d: `M0 ${y}H100` }));
    if (scales[1]) {
      const places = placed(2, scales[1]);
      parts.push(drawn("path", { class: "dl-share-way", d: `M${places.join("L")}` }));
      parts.push(drawn("path", { class: "dl-share", d: places.map((at) => `M${at}h.01`).join("") }));
    }
    if (scales[0]) {
      const places = placed(1, scales[0]);
      const [first, last] = [places[0], places.at(-1)].map((place) => place.split(" ")[0]);
      parts.push(drawn("path", { class: "dl-below-loss", d: `M${first} 100L${places.join("L")}L${last} 100Z` }));
      parts.push(drawn("path", { class: "dl-loss", d: `M${places.join("L")}h.01` }));
    }
    svg.replaceChildren(...parts);
    ticks(left, scales[0]);
    ticks(beside, scales[1]);
    below.replaceChildren(...[0, Math.round(end / 2), `${end} steps`].map((text) =>
      make("span", {}, points.length || steps ? String(text) : "")));
    hint.textContent = points.length ? "" : "Drawn here while it trains";
    loss.value.textContent = last.loss;
    right.value.textContent = last.right;
    element.setAttribute("aria-label", spoken);
  };
  return { element, show };
}
