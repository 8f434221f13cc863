// The drawing pad: stores the strokes, draws them, and sends them to Python while they grow. Python sends the reading
// back: a text, and a box for each digit of a number.

const SIDE = 1000; // side of the pad in the units of the strokes, independent of its size on the screen
const PEN_WIDTH = 45;
const LETTERS = 42; // height of the labels at the boxes
const NEAREST = 4; // distance of two points; closer ones are left out
const TIMEOUT = 2000; // milliseconds to wait for Python's answer to a message
// The pause between an answer and the next message while the pen is down. Thanks to it, the final message, sent when the
// pen is lifted, rarely has to wait for an earlier answer. A slow server is busy, so it gets fewer messages.
const PAUSE = { least: 120, most: 1000 }; // milliseconds
const PAUSE_FACTOR = 2; // times the duration of the last answer, within these bounds
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let pad = null; // the pad on the page; while another page is shown, the last one

// Streamlit calls this when the pad comes onto the page, and again whenever `data` changes.
export default function ({ data, parentElement, setStateValue }) {
  const canvas = parentElement.querySelector("canvas");
  if (pad?.canvas !== canvas) pad = new Pad(parentElement, canvas, pad);
  pad.setStateValue = setStateValue;
  pad.receive(data);
}

class Pad {
  sent = -1; // the last revision that was sent
  sentAt = 0; // when it was sent
  took = 0; // duration of the last answer in milliseconds
  waiting = false; // for Python's answer
  pausing = false; // before the next message, while the pen is down
  stroke = null; // the current stroke, while the pen is down
  pointer = null; // id of the mouse, finger or pen that draws it
  keyboard = false; // whether the keyboard draws
  cursor = [SIDE / 2, SIDE / 2]; // position of the keyboard's pen
  held = new Set(); // the arrow keys that are held down

  constructor(root, canvas, before) {
    this.strokes = before?.strokes ?? [];
    this.history = before?.history ?? []; // the strokes before each change, for Undo
    this.future = before?.future ?? []; // the strokes after each undone change, for Redo
    this.revision = before?.revision ?? -1; // grows with every change
    this.read = before?.read ?? null; // the last reading, with its revision
    this.canvas = canvas;
    this.frame = root.querySelector(".pad");
    this.words = root.querySelector(".words");
    canvas.onpointerdown = (event) => this.pointerDown(event);
    canvas.onpointermove = (event) => this.pointerMove(event);
    canvas.onpointerup = canvas.onpointercancel = canvas.onlostpointercapture = (event) => this.pointerUp(event);
    canvas.onkeyup = (event) => this.held.delete(event.key);
    canvas.onfocus = () => this.useKeyboard(canvas.matches(":focus-visible"));
    canvas.onblur = () => this.useKeyboard(false);
    this.frame.onkeydown = (event) => this.keyDown(event);
    root.querySelector(".undo").onclick = () => this.undo();
    root.querySelector(".redo").onclick = () => this.redo();
    root.querySelector(".clear").onclick = () => this.clear();
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  // Messages to and from Python

  send() {
    if (this.sent === this.revision || !this.canvas.isConnected) return;
    this.sent = this.revision;
    this.sentAt = performance.now();
    this.wait(true);
    this.setStateValue("drawing", { revision: this.revision, strokes: this.strokes });
  }

  wait(yes) {
    this.waiting = yes;
    clearTimeout(this.timer);
    if (yes) this.timer = setTimeout(() => this.answered(), TIMEOUT);
    this.frame.toggleAttribute("data-waiting", yes); // the page's reading is not up to date yet
  }

  answered() {
    if (this.waiting) this.took = performance.now() - this.sentAt;
    this.wait(false);
    if (this.stroke) this.pause();
    else this.send();
  }

  pause() {
    this.pausing = true;
    clearTimeout(this.pauseTimer);
    this.pauseTimer = setTimeout(() => {
      this.pausing = false;
      this.send();
    }, Math.min(Math.max(PAUSE.least, PAUSE_FACTOR * this.took), PAUSE.most));
  }

  // Python sends back its newest drawing, and the reading of it.
  receive({ revision, strokes, read }) {
    this.read = read;
    if (revision > this.revision) {
      this.revision = revision;
      this.strokes = strokes;
    }
    if (revision >= this.sent) {
      this.sent = revision;
      this.answered();
    }
    this.draw();
    this.announce();
  }

  // For screen readers: the reading, once the pen is up.
  announce() {
    if (!this.stroke && this.read?.revision === this.revision) this.words.textContent = this.read.words;
  }

  // Changes of the drawing. While the pen is down at most one message is in flight; all other changes are sent at once.

  changed() {
    this.revision += 1;
    this.draw();
    if (!this.stroke || !(this.waiting || this.pausing)) this.send();
  }

  lift() {
    this.stroke = null;
    this.draw();
    this.send();
    this.announce();
  }

  begin(point) {
    this.pause(); // do not send the first dot alone
    this.stroke = [point];
    this.replace([...this.strokes, this.stroke]);
  }

  replace(strokes) {
    this.history.push(this.strokes);
    this.future = [];
    this.strokes = strokes;
    this.changed();
  }

  extend(points) {
    const before = this.stroke.length;
    for (const [x, y] of points) {
      const [lastX, lastY] = this.stroke.at(-1);
      if (Math.hypot(x - lastX, y - lastY) >= NEAREST) this.stroke.push([x, y]);
    }
    if (this.stroke.length > before) this.changed();
  }

  undo() {
    if (!this.strokes.length && !this.history.length) return;
    this.stroke = null;
    this.future.push(this.strokes);
    this.strokes = this.history.pop() ?? this.strokes.slice(0, -1); // strokes from Python have no history
    this.changed();
  }

  redo() {
    if (!this.future.length) return;
    this.stroke = null;
    this.history.push(this.strokes);
    this.strokes = this.future.pop();
    this.changed();
  }

  clear() {
    if (!this.strokes.length) return;
    this.stroke = null;
    this.replace([]);
  }

  // Mouse, finger and pen

  pointerDown(event) {
    if (event.button !== 0 || this.pointer !== null) return;
    this.useKeyboard(false);
    this.pointer = event.pointerId;
    this.begin(this.position(event));
    this.canvas.setPointerCapture(event.pointerId); // the stroke continues outside the pad
  }

  pointerMove(event) {
    if (event.pointerId !== this.pointer || !this.stroke) return;
    const steps = event.getCoalescedEvents?.() ?? []; // all moves since the last frame
    this.extend((steps.length ? steps : [event]).map((step) => this.position(step)));
  }

  pointerUp(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.lift();
  }

  position(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [inside(((event.clientX - left) / width) * SIDE), inside(((event.clientY - top) / height) * SIDE)];
  }

  // Keyboard

  keyDown(event) {
    const key = event.key.toLowerCase();
    const command = event.ctrlKey || event.metaKey;
    if (command && (key === "y" || (key === "z" && event.shiftKey))) this.redo();
    else if (command && key === "z") this.undo();
    else if (command || event.altKey) return;
    else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else if (event.target !== this.canvas || this.pointer !== null) return;
    else if (event.key === " " || event.key === "Enter") this.togglePen(event);
    else if (event.key in ARROWS) this.moveCursor(event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  useKeyboard(yes) {
    this.held.clear();
    this.frame.classList.toggle("keyboard", yes);
    if (this.keyboard !== yes) this.lift();
    this.keyboard = yes;
    this.draw();
  }

  togglePen(event) {
    if (event.repeat) return;
    if (this.stroke) this.lift();
    else this.begin(this.cursor);
  }

  moveCursor(event) {
    if (!this.keyboard) this.useKeyboard(true);
    this.held.add(event.key);
    const step = event.shiftKey ? 10 : 40;
    for (const key of this.held) {
      this.cursor = this.cursor.map((value, axis) => inside(value + step * ARROWS[key][axis]));
    }
    if (this.stroke) this.extend([this.cursor]);
    this.draw();
  }

  // Drawing on the canvas: from scratch each time, at the screen's own resolution

  draw() {
    const side = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const ink = this.canvas.getContext("2d");
    ink.setTransform(side / SIDE, 0, 0, side / SIDE, 0, 0);
    ink.clearRect(0, 0, SIDE, SIDE);
    ink.strokeStyle = getComputedStyle(this.canvas).color;
    ink.lineCap = ink.lineJoin = "round";
    ink.lineWidth = PEN_WIDTH;
    for (const stroke of this.strokes) ink.stroke(curve(stroke));
    // No boxes while the pen is down or for an older drawing: they would not fit the new ink.
    if (!this.stroke && this.read?.revision === this.revision) this.read.boxes.forEach((box) => this.drawBox(ink, box));
    if (this.keyboard) this.drawCursor(ink);
  }

  drawBox(ink, { box, above, below }) {
    const room = PEN_WIDTH / 2 + 12;
    const [left, top] = box.slice(0, 2).map((value) => Math.max(value - room, 4));
    const [right, bottom] = box.slice(2).map((value) => Math.min(value + room, SIDE - 4));
    ink.strokeStyle = ink.fillStyle = getComputedStyle(this.canvas).accentColor;
    ink.lineWidth = 5;
    ink.strokeRect(left, top, right - left, bottom - top);
    ink.font = `600 ${LETTERS}px ${getComputedStyle(this.canvas).fontFamily}`;
    ink.textAlign = "center";
    ink.fillText(above, (left + right) / 2, Math.max(top - 12, LETTERS));
    ink.fillText(below, (left + right) / 2, Math.min(bottom + LETTERS, SIDE - 12));
  }

  drawCursor(ink) {
    const ring = new Path2D();
    ring.arc(...this.cursor, PEN_WIDTH / (this.stroke ? 2 : 1), 0, 2 * Math.PI);
    ink.lineWidth = 6;
    ink.strokeStyle = getComputedStyle(this.canvas).accentColor;
    ink.stroke(ring);
  }
}

function inside(value) {
  return Math.round(Math.min(Math.max(value, 0), SIDE));
}

// A smooth line through the midpoints between neighbouring points, which are its control points.
function curve(points) {
  const path = new Path2D();
  path.moveTo(...points[0]);
  for (let i = 1; i < points.length - 1; i++) {
    const [x, y] = points[i];
    const [nextX, nextY] = points[i + 1];
    path.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  const [x, y] = points.at(-1);
  path.lineTo(x + 0.1, y); // a little length, so that a single point shows as a dot
  return path;
}
