// A row of thumbnails, one for each step. The chosen one is scrolled into sight.

const rows = new WeakMap(); // by element

// Streamlit calls this when the row comes onto the page, and again whenever `data` changes.
export default function ({ data, parentElement, setTriggerValue }) {
  const strip = parentElement.querySelector(".strip");
  if (!rows.has(strip)) rows.set(strip, { chosen: null, requested: null });
  const row = rows.get(strip);
  show(strip, data.steps);
  [...strip.querySelectorAll("input")].forEach((input, place) => {
    input.onchange = () => {
      row.requested = place; // until Python has answered it; data that arrives before is older
      mark(strip, row, place);
      setTriggerValue("choice", place);
    };
  });
  if (data.chosen === row.requested || row.requested >= data.steps.length) row.requested = null;
  if (row.requested === null) mark(strip, row, data.chosen);
}

// The steps are kept while their number stays the same, so that the keyboard's focus stays where it is.
function show(strip, steps) {
  while (strip.children.length > steps.length) strip.lastChild.remove();
  while (strip.children.length < steps.length) strip.append(emptyStep());
  steps.forEach(({ name, detail, picture }, place) => {
    const [, image, title, size] = strip.children[place].children;
    if (image.src !== picture) image.src = picture;
    title.textContent = name;
    size.textContent = detail;
  });
}

function emptyStep() {
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "step" });
  const image = Object.assign(document.createElement("img"), { alt: "" });
  const [name, detail] = ["name", "detail"].map((className) =>
    Object.assign(document.createElement("span"), { className }),
  );
  const label = document.createElement("label");
  label.append(input, image, name, detail);
  return label;
}

function mark(strip, row, place) {
  const label = strip.children[place];
  label.firstChild.checked = true;
  if (row.chosen === place) return;
  row.chosen = place;
  const middle = label.offsetLeft - strip.offsetLeft - (strip.clientWidth - label.clientWidth) / 2;
  strip.scrollTo({ left: middle });
}
