// A layer's numbers as images: one map large, all maps small. Clicks and arrow keys choose a number.

const MANY = 32; // maps; more of them are shown smaller, so that all fit below the large one
const GAP = 3; // pixels between two small maps
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const views = new WeakMap(); // by the large canvas

// Streamlit calls this when the maps come onto the page, and again whenever `data` changes.
export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector(".large");
  if (!views.has(canvas)) views.set(canvas, new Maps(parentElement, canvas));
  const view = views.get(canvas);
  view.setTriggerValue = setTriggerValue;
  view.receive(data);
}

class Maps {
  requested = null; // the choice that Python has not answered yet; data that arrives before is older

  constructor(root, canvas) {
    this.large = canvas;
    this.all = root.querySelector(".all");
    this.readout = root.querySelector(".readout");
    this.large.onclick = (event) => this.choose(this.cellAt(event));
    this.large.onpointermove = (event) => this.describe(this.cellAt(event));
    this.large.onkeydown = (event) => this.keyDown(event, (down, right) => this.neighbour(down, right));
    this.all.onclick = (event) => this.choose(this.mapAt(event));
    this.all.onpointermove = (event) => this.describe(this.mapAt(event));
    this.all.onkeydown = (event) => this.keyDown(event, (down, right) => this.otherMap(this.grid().inRow * down + right));
    this.large.onpointerleave = this.all.onpointerleave = () => this.describe(null);
    new ResizeObserver(() => this.draw()).observe(this.large);
  }

  receive(data) {
    const moved = String(this.data?.shape) !== String(data.shape);
    const answered = String(data.chosen) === String(this.requested);
    if (moved || answered || this.requested === null) {
      this.chosen = data.chosen;
      this.requested = null;
    }
    this.data = data;
    const bytes = Uint8Array.from(atob(data.values), (letter) => letter.charCodeAt(0));
    this.values = new Float32Array(bytes.buffer); // (maps, rows, columns)
    this.pictures = Array.from({ length: data.shape[2] }, (_, map) => this.picture(map));
    this.all.hidden = data.shape[2] === 1;
    this.large.setAttribute("aria-label", data.description);
    this.all.setAttribute("aria-label", `${data.description}, small`);
    this.large.classList.toggle("choosable", data.choose === "cell");
    this.all.classList.toggle("choosable", data.choose !== "nothing");
    this.draw();
    this.describe(null);
  }

  value([row, column, map]) {
    const [rows, columns] = this.data.shape;
    return this.values[(map * rows + row) * columns + column];
  }

  // The readout: position and value of the number under the mouse, or else of the chosen one

  describe(cell) {
    const [row, column, map] = cell ?? this.chosen;
    const { shape, vector, choose, unit } = this.data;
    const words = [];
    if (shape[2] > 1) words.push(`${unit} ${map}`);
    if (row !== null && (cell || choose === "cell")) {
      words.push(vector ? `number ${row * shape[1] + column}` : `row ${row}, column ${column}`);
      this.readout.textContent = `${words.join(", ")}: ${readable(this.value([row, column, map]))}`;
    } else this.readout.textContent = words.join(", ");
  }

  // Choosing

  choose(cell) {
    const { choose } = this.data;
    if (!cell || choose === "nothing") return;
    const [row, column] = cell[0] === null || choose === "map" ? this.chosen : cell;
    this.chosen = this.requested = [row, column, choose === "map" && cell[0] !== null ? this.chosen[2] : cell[2]];
    this.setTriggerValue("choice", this.chosen);
    this.draw();
    this.describe(null);
  }

  keyDown(event, neighbour) {
    if (!(event.key in ARROWS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(neighbour(...ARROWS[event.key]));
  }

  neighbour(down, right) {
    const [rows, columns] = this.data.shape;
    const [row, column, map] = this.chosen;
    return [inside(row + down, rows), inside(column + right, columns), map];
  }

  otherMap(steps) {
    return [null, null, inside(this.chosen[2] + steps, this.data.shape[2])];
  }

  cellAt(event) {
    const [rows, columns] = this.data.shape;
    const { left, top, width, height } = this.large.getBoundingClientRect();
    const row = inside(Math.floor(((event.clientY - top) / height) * rows), rows);
    return [row, inside(Math.floor(((event.clientX - left) / width) * columns), columns), this.chosen[2]];
  }

  mapAt(event) {
    const { left, top } = this.all.getBoundingClientRect();
    const { wide, high, inRow } = this.grid();
    const column = inside(Math.floor((event.clientX - left) / (wide + GAP)), inRow);
    const map = Math.floor((event.clientY - top) / (high + GAP)) * inRow + column;
    return map < this.data.shape[2] ? [null, null, map] : null;
  }

  // Drawing: an image with one pixel for each number, enlarged with sharp edges

  picture(map) {
    const [rows, columns] = this.data.shape;
    const canvas = new OffscreenCanvas(columns, rows);
    const image = new ImageData(columns, rows);
    for (let i = 0; i < rows * columns; i++) {
      const value = this.values[map * rows * columns + i];
      const colour = this.data.colours[value >= 0 ? 0 : 1];
      image.data.set([...colour, (255 * Math.abs(value)) / this.data.largest], 4 * i);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  // Width and height of a small map, in the page's pixels, and how many stand in a row.
  grid() {
    const [rows, columns, maps] = this.data.shape;
    const inRow = maps > MANY ? 16 : 8;
    const wide = (this.large.clientWidth - GAP * (inRow - 1)) / inRow;
    return { wide, high: (wide * rows) / columns, inRow, lines: Math.ceil(maps / inRow) };
  }

  draw() {
    const [rows, columns] = this.data.shape;
    const width = this.large.clientWidth;
    const { wide, high, inRow, lines } = this.grid();
    if (!width) return;
    const [row, column, chosenMap] = this.chosen;

    const large = prepared(this.large, (width * rows) / columns);
    const side = width / columns;
    large.drawImage(this.pictures[chosenMap], 0, 0, width, side * rows);
    const { region, choose } = this.data;
    if (region) this.frame(large, region[1] * side, region[0] * side, region[3] * side, region[2] * side);
    if (choose === "cell") this.frame(large, column * side, row * side, side, side);

    if (this.all.hidden) return;
    const all = prepared(this.all, lines * (high + GAP));
    this.pictures.forEach((picture, map) => {
      const [x, y] = [(map % inRow) * (wide + GAP), Math.floor(map / inRow) * (high + GAP)];
      all.drawImage(picture, x, y, wide, high);
      all.strokeStyle = getComputedStyle(this.all).color;
      all.globalAlpha = 0.3;
      all.strokeRect(x + 0.5, y + 0.5, wide - 1, high - 1);
      all.globalAlpha = 1;
      if (map === chosenMap) this.frame(all, x, y, wide, high);
    });
  }

  frame(ink, x, y, width, height) {
    ink.strokeStyle = getComputedStyle(this.large).color;
    ink.lineWidth = 2;
    ink.strokeRect(x, y, width, height);
    ink.lineWidth = 1;
  }
}

// A cleared canvas of the full width and the given height, sharp on any screen.
function prepared(canvas, height) {
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  const ink = canvas.getContext("2d");
  ink.scale(canvas.width / canvas.clientWidth, canvas.height / height);
  ink.imageSmoothingEnabled = false;
  return ink;
}

// To three digits, as `format_error` writes it in Python: "0.123", "−1.23 · 10⁻⁵".
function readable(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 0.1 && size < 1000) return value.toFixed(3).replace("-", "−");
  if (size >= 0.001 && size < 1000) return value.toPrecision(3).replace("-", "−");
  const [digits, power] = value.toExponential(2).split("e");
  const raised = [...power.replace("+", "")].map((letter) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(letter)]);
  return `${digits.replace("-", "−")} · 10${raised.join("")}`;
}

function inside(value, size) {
  return Math.min(Math.max(value, 0), size - 1);
}
