// The corrections that a run fixed, left or broke: groups of thumbnails, each with its digit.

/** Make the gallery; `show(groups)` replaces its groups. All text is set as text. */
function makeGallery() {
  const element = make("div", { className: "dl-gallery", "data-testid": "fine-tune-gallery" });
  const thumbnail = ({ src, alt, digit }) =>
    make("li", {},
      make("img", { src, alt, width: 28, height: 28 }),
      make("span", { "aria-hidden": "true" }, digit));
  const group = ({ kind, title, images, more }) => {
    const section = make("section", { "data-testid": `fine-tune-${kind}` },
      make("h3", {}, title),
      make("ul", {}, ...images.map(thumbnail)),
      make("p", {}, more));
    section.dataset.kind = kind;
    return section;
  };
  const show = (groups) => element.replaceChildren(...groups.map(group));
  return { element, show };
}
