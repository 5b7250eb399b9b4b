// A run's curve: loss as a line, accuracy on hard images as points, each with its own scale.

/** Scale of the loss: from 0 to a round number above the highest loss. */
const lossScale = (losses) => {
  const highest = Math.max(...losses, 1e-6);
  const power = 10 ** Math.floor(Math.log10(highest));
  const factor = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((times) => times * power >= highest * 0.999999);
  return { low: 0, high: power * factor, text: (value) => String(Number(value.toPrecision(3))) };
};

/** Scale of the accuracy: from a round number below the lowest accuracy to 100 %. */
const accuracyScale = (accuracies) => {
  const low = [0.9, 0.8, 0.6, 0.4, 0].find((share) => share <= Math.min(...accuracies));
  return { low, high: 1, text: (value) => `${Math.round(100 * value)} %` };
};

const makeSvg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** Make the chart; `show(values)` draws a curve. The chart has the same size with any curve. */
function makeCurve() {
  const legendEntry = (className, name) => {
    const value = make("b");
    const mark = makeSvg("svg", { class: "dl-legend-mark", viewBox: "0 0 20 10" },
      makeSvg("path", { class: className, d: className === "dl-loss" ? "M1 5H19" : "M10 5h.01" }));
    return { value, element: make("span", { className }, mark, name, value) };
  };
  const loss = legendEntry("dl-loss", "loss");
  const accuracy = legendEntry("dl-accuracy", "hard images read right");
  // The view box is stretched to the element and the strokes are not, so no size is measured.
  const svg = makeSvg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none" });
  const [left, below, right, hint] = ["left", "below", "right", "hint"].map((name) =>
    make("div", { className: `dl-plot-${name}` }));
  const element = make("div", { className: "dl-curve", role: "img", "data-testid": "fine-tune-curve" },
    make("div", { className: "dl-legend" }, loss.element, accuracy.element),
    make("div", { className: "dl-plot" }, left, svg, right, below, hint));

  const showTicks = (axis, scale) =>
    axis.replaceChildren(...(scale ? [1, 0.5, 0].map((share) =>
      make("span", {}, scale.text(scale.low + share * (scale.high - scale.low)))) : []));

  const show = ({ points, steps, curve_text, last_loss, last_accuracy }) => {
    const end = Math.max(steps, ...points.map(([step]) => step), 1);
    /** Positions of a column's values in the view box, as "x y". */
    const positions = (column, scale) => points
      .filter((point) => point[column] !== null)
      .map((point) => [point[0] / end, (scale.high - point[column]) / (scale.high - scale.low)])
      .map((position) => position.map((share) => (100 * share).toFixed(2)).join(" "));
    const values = (column) => points.map((point) => point[column]).filter((value) => value !== null);
    const [losses, accuracies] = [values(1), values(2)];
    const leftScale = losses.length && lossScale(losses);
    const rightScale = accuracies.length && accuracyScale(accuracies);
    const paths = [0, 50, 100].map((y) => makeSvg("path", { class: "dl-plot-grid", d: `M0 ${y}H100` }));
    if (rightScale) {
      const places = positions(2, rightScale);
      paths.push(makeSvg("path", { class: "dl-accuracy-line", d: `M${places.join("L")}` }));
      paths.push(makeSvg("path", { class: "dl-accuracy", d: places.map((place) => `M${place}h.01`).join("") }));
    }
    if (leftScale) {
      const places = positions(1, leftScale);
      const [first, last] = [places[0], places.at(-1)].map((place) => place.split(" ")[0]);
      paths.push(makeSvg("path", { class: "dl-below-loss", d: `M${first} 100L${places.join("L")}L${last} 100Z` }));
      paths.push(makeSvg("path", { class: "dl-loss", d: `M${places.join("L")}h.01` }));
    }
    svg.replaceChildren(...paths);
    showTicks(left, leftScale);
    showTicks(right, rightScale);
    below.replaceChildren(...[0, Math.round(end / 2), `${end} ${end === 1 ? "step" : "steps"}`].map((text) =>
      make("span", {}, points.length || steps ? String(text) : "")));
    hint.textContent = points.length ? "" : "Appears here during training";
    loss.value.textContent = last_loss;
    accuracy.value.textContent = last_accuracy;
    element.setAttribute("aria-label", curve_text);
  };
  return { element, show };
}
