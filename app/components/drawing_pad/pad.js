// The drawing pad: stores the strokes, draws them, and sends them to Python while they grow. Python sends the reading
// back: a text, and a box for each digit of a number. A picture that is uploaded, photographed, pasted or dropped takes
// the pad's place until it is undone or cleared, or something is drawn.

const SIDE = 1000; // side of the pad in the units of the strokes, independent of its size on the screen
const PEN_WIDTH = 45;
const LETTERS = 42; // height of the labels at the boxes
const LINE = 60; // height of a line of text in a saved picture
const NEAREST = 4; // distance of two points; closer ones are left out
const TIMEOUT = 2000; // milliseconds to wait for Python's answer to a message
// The pause between an answer and the next message while the pen is down. Thanks to it, the final message, sent when the
// pen is lifted, rarely has to wait for an earlier answer. A slow server is busy, so it gets fewer messages.
const PAUSE = { least: 120, most: 1000 }; // milliseconds
const PAUSE_FACTOR = 2; // times the duration of the last answer, within these bounds
const MOST_BYTES = 10 * 2 ** 20; // of a picture's file; Python knows it too
const TAP = 12; // how far the pen moves in a box before it draws; less is a tap that chooses the digit
const STORED = "drawing"; // in the tab's session storage: what a reload and a restart of the server must not lose
// A digit that invites: too faint to be taken for ink.
// prettier-ignore
const GHOST = [[[340, 300], [420, 230], [540, 210], [640, 260], [650, 350], [590, 430], [480, 470], [610, 490],
  [690, 570], [680, 680], [590, 750], [460, 770], [340, 710]]];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let pad = null; // the pad on the page; while another page is shown, the last one

// Streamlit calls this when the pad comes onto the page, and again whenever `data` changes.
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas");
  if (pad?.canvas !== canvas) pad = new Pad(parentElement, canvas, pad ?? stored());
  pad.setStateValue = setStateValue;
  pad.setTriggerValue = setTriggerValue;
  pad.receive(data);
}

document.onpaste = (event) => {
  const file = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (!file || !pad?.canvas.isConnected) return;
  event.preventDefault();
  pad.put(file);
};

// What this tab held before a reload, or null.
function stored() {
  try {
    const { visit, revision, strokes, content } = JSON.parse(sessionStorage.getItem(STORED));
    return { visit, revision, strokes, picture: content && { content } };
  } catch {
    return null;
  }
}

class Pad {
  sent = -1; // the last revision that was sent
  sentAt = 0; // when it was sent
  took = 0; // duration of the last answer in milliseconds
  waiting = false; // for Python's answer
  pausing = false; // before the next message, while the pen is down
  stroke = null; // the current stroke, while the pen is down
  pressed = null; // point and box in which the pen is down without having drawn yet
  pointer = null; // id of the mouse, finger or pen that draws it
  keyboard = false; // whether the keyboard draws
  cursor = [SIDE / 2, SIDE / 2]; // position of the keyboard's pen
  held = new Set(); // the arrow keys that are held down

  constructor(root, canvas, before) {
    this.strokes = before?.strokes ?? [];
    this.picture = before?.picture ?? null; // in the strokes' place: a file in base64, and its image as Python read it
    this.history = before?.history ?? []; // strokes and picture before each change, for Undo
    this.future = before?.future ?? []; // strokes and picture after each undone change, for Redo
    this.visit = before?.visit ?? null; // the server's session that knows the newest revision
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
    this.undoButton = onPress(root.querySelector(".undo"), () => this.undo());
    this.redoButton = onPress(root.querySelector(".redo"), () => this.redo());
    this.clearButton = onPress(root.querySelector(".clear"), () => this.clear());
    this.saveButton = onPress(root.querySelector(".save"), () => this.save());
    for (const name of ["upload", "camera"]) {
      const input = root.querySelector(`input.${name}`);
      root.querySelector(`button.${name}`).onclick = () => input.click();
      input.onchange = () => {
        if (input.files.length) this.put(input.files[0]);
        input.value = ""; // so that the same file can be chosen again
      };
    }
    this.frame.ondragover = (event) => this.drag(event, true);
    this.frame.ondragleave = (event) => this.drag(event, false);
    this.frame.ondrop = (event) => {
      this.drag(event, false);
      if (event.dataTransfer.files.length) this.put(event.dataTransfer.files[0]);
    };
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  // Messages to and from Python

  send() {
    if (this.sent === this.revision || !this.canvas.isConnected) return;
    this.sent = this.revision;
    this.sentAt = performance.now();
    this.wait(true);
    if (this.picture) this.setTriggerValue("picture", { revision: this.revision, content: this.picture.content });
    else this.setStateValue("drawing", { revision: this.revision, strokes: this.strokes });
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

  // Python sends back its newest drawing or picture, and the reading of it.
  receive({ visit, revision, strokes, picture, refused, read }) {
    if (visit !== this.visit) this.sent = -1; // another session does not know what the one before was sent
    this.visit = visit;
    this.read = read;
    if (revision > this.revision) {
      this.strokes = strokes;
      this.picture = picture && {};
    }
    if (revision >= this.revision) {
      this.revision = revision;
      if (refused && this.picture && !this.picture.image) this.picture = this.history.pop()?.picture;
      if (picture) this.showPicture(picture);
      else this.picture = null;
      this.store();
    }
    if (revision >= this.sent) {
      this.sent = revision;
      this.answered();
    }
    this.draw();
    this.announce();
  }

  showPicture(url) {
    this.picture ??= {};
    this.picture.content = url.split(",")[1]; // as small as it is read; the file itself is needed no more
    if (this.picture.image?.src === url) return;
    this.picture.image = new Image();
    this.picture.image.onload = () => this.draw();
    this.picture.image.src = url;
  }

  store() {
    const content = this.picture?.content;
    const { visit, revision, strokes } = this;
    try {
      sessionStorage.setItem(STORED, JSON.stringify({ visit, revision, strokes, content }));
    } catch {
      try {
        sessionStorage.removeItem(STORED); // it is too large
      } catch {} // the browser stores nothing
    }
  }

  // For screen readers: the reading, once the pen is up.
  announce() {
    if (this.isRead()) this.words.textContent = this.read.words;
  }

  // Changes of the drawing. While the pen is down at most one message is in flight; all other changes are sent at once.

  changed() {
    this.revision += 1;
    this.draw();
    if (!this.stroke) this.store();
    if (!this.stroke || !(this.waiting || this.pausing)) this.send();
  }

  lift() {
    this.stroke = null;
    this.draw();
    this.store();
    this.send();
    this.announce();
  }

  begin(point) {
    this.pause(); // do not send the first dot alone
    this.stroke = [point];
    this.replace({ strokes: [...(this.picture ? [] : this.strokes), this.stroke], picture: null });
  }

  replace(next) {
    this.history.push({ strokes: this.strokes, picture: this.picture });
    this.future = [];
    Object.assign(this, next);
    this.changed();
  }

  extend(points) {
    const before = this.stroke.length;
    for (const [x, y] of points) {
      if (distance([x, y], this.stroke.at(-1)) >= NEAREST) this.stroke.push([x, y]);
    }
    if (this.stroke.length > before) this.changed();
  }

  undo() {
    if (this.isBlank() && !this.history.length) return;
    this.stroke = null;
    this.future.push({ strokes: this.strokes, picture: this.picture });
    // What Python or the session storage held has no history.
    const before = { strokes: this.picture ? this.strokes : this.strokes.slice(0, -1), picture: null };
    Object.assign(this, this.history.pop() ?? before);
    this.changed();
  }

  redo() {
    if (!this.future.length) return;
    this.stroke = null;
    this.history.push({ strokes: this.strokes, picture: this.picture });
    Object.assign(this, this.future.pop());
    this.changed();
  }

  clear() {
    if (this.isBlank()) return;
    this.stroke = null;
    this.replace({ strokes: [], picture: null });
  }

  isBlank() {
    return !this.strokes.length && !this.picture;
  }

  // Pictures

  drag(event, isOver) {
    event.preventDefault();
    this.frame.classList.toggle("over", isOver);
  }

  async put(file) {
    const content = file.size > MOST_BYTES ? null : await base64(file);
    this.stroke = null;
    this.replace({ strokes: this.strokes, picture: { content } });
  }

  // Download what is shown, with boxes and reading, as dark ink on white paper.
  save() {
    const paper = document.createElement("canvas");
    const lines = this.isRead() ? [...this.read.words.split("\n"), ...this.read.lines] : [];
    paper.width = SIDE;
    paper.height = SIDE + LINE * (lines.length + 0.5);
    const ink = paper.getContext("2d");
    ink.fillStyle = "white";
    ink.fillRect(0, 0, paper.width, paper.height);
    this.paint(ink, "black");
    ink.fillStyle = "black";
    ink.textAlign = "center";
    lines.forEach((line, i) => {
      ink.font = `${i ? 400 : 600} ${LETTERS}px ${getComputedStyle(this.canvas).fontFamily}`;
      ink.fillText(line, SIDE / 2, SIDE + LINE * (i + 0.8), SIDE);
    });
    paper.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = "reading.png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    });
  }

  // Mouse, finger and pen

  pointerDown(event) {
    if (event.button !== 0 || this.pointer !== null) return;
    this.useKeyboard(false);
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId); // the stroke continues outside the pad
    const point = this.position(event);
    const place = this.placeAt(point);
    if (this.picture || place >= 0) this.pressed = { point, place };
    else this.begin(point);
  }

  pointerMove(event) {
    const last = this.position(event);
    if (this.pointer === null) this.canvas.style.cursor = this.placeAt(last) >= 0 ? "pointer" : "";
    if (event.pointerId !== this.pointer) return;
    if (this.pressed && distance(last, this.pressed.point) >= TAP) {
      this.begin(this.pressed.point);
      this.pressed = null;
    }
    if (!this.stroke) return;
    const steps = event.getCoalescedEvents?.() ?? []; // all moves since the last frame
    this.extend((steps.length ? steps : [event]).map((step) => this.position(step)));
  }

  pointerUp(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    if (this.pressed) this.choose(this.pressed.place);
    else this.lift();
    this.pressed = null;
  }

  // The place of the digit whose box is there; −1 where there is none to choose.
  placeAt([x, y]) {
    if (this.stroke || !this.isRead() || this.read.boxes.length < 2) return -1;
    return this.read.boxes.findIndex(({ box }) => {
      const [left, top, right, bottom] = this.frameOf(box);
      return left <= x && x <= right && top <= y && y <= bottom;
    });
  }

  choose(place) {
    if (place < 0 || !this.isRead()) return;
    this.read.chosen = place;
    this.draw();
    this.setTriggerValue("choice", place);
    document.dispatchEvent(new CustomEvent("digitchosen", { detail: place })); // for the buttons that correct it
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
    if (this.isBlank()) this.drawInvitation(ink);
    this.paint(ink, getComputedStyle(this.canvas).color);
    if (this.keyboard) this.drawCursor(ink);
    disable(this.undoButton, this.isBlank() && !this.history.length);
    disable(this.redoButton, !this.future.length);
    disable(this.clearButton, this.isBlank());
    disable(this.saveButton, this.isBlank());
  }

  paint(ink, colour) {
    const image = this.picture?.image;
    if (image?.complete && image.width) {
      const scale = SIDE / Math.max(image.width, image.height);
      const [width, height] = [scale * image.width, scale * image.height];
      ink.drawImage(image, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
    }
    if (!this.picture) this.drawStrokes(ink, this.strokes, colour);
    // No boxes while the pen is down or for an older drawing: they would not fit the new ink.
    if (this.isRead()) this.read.boxes.forEach((box, place) => this.drawBox(ink, box, place === this.read.chosen));
  }

  // Whether the newest reading is that of what is shown.
  isRead() {
    return !this.stroke && this.read?.revision === this.revision;
  }

  drawStrokes(ink, strokes, colour) {
    ink.strokeStyle = colour;
    ink.lineCap = ink.lineJoin = "round";
    ink.lineWidth = PEN_WIDTH;
    for (const stroke of strokes) ink.stroke(curve(stroke));
  }

  drawInvitation(ink) {
    const { color, fontFamily } = getComputedStyle(this.canvas);
    ink.globalAlpha = 0.08;
    this.drawStrokes(ink, GHOST, color);
    ink.globalAlpha = 0.7;
    ink.fillStyle = color;
    ink.textAlign = "center";
    ink.font = `${LETTERS}px ${fontFamily}`;
    ink.fillText("Draw here", SIDE / 2, 900);
    ink.globalAlpha = 1;
  }

  // A box with some room around the middle of the pen's lines.
  frameOf(box) {
    const room = this.picture ? 20 : PEN_WIDTH / 2 + 12;
    const [left, top] = box.slice(0, 2).map((value) => Math.max(value - room, 4));
    const [right, bottom] = box.slice(2).map((value) => Math.min(value + room, SIDE - 4));
    return [left, top, right, bottom];
  }

  drawBox(ink, { box, above, below }, isChosen) {
    const [left, top, right, bottom] = this.frameOf(box);
    const isOne = this.read.boxes.length === 1;
    ink.strokeStyle = ink.fillStyle = getComputedStyle(this.canvas).accentColor;
    if (isChosen && !isOne) {
      ink.globalAlpha = 0.12;
      ink.fillRect(left, top, right - left, bottom - top);
      ink.globalAlpha = 1;
    }
    ink.lineWidth = isChosen && !isOne ? 11 : 5;
    ink.strokeRect(left, top, right - left, bottom - top);
    ink.font = `600 ${LETTERS}px ${getComputedStyle(this.canvas).fontFamily}`;
    ink.textAlign = "center";
    this.drawLabel(ink, above, (left + right) / 2, Math.max(top - 12, LETTERS));
    this.drawLabel(ink, below, (left + right) / 2, Math.min(bottom + LETTERS, SIDE - 12));
  }

  // On a picture the label needs a ground to be legible.
  drawLabel(ink, text, x, y) {
    if (this.picture && text) {
      const colour = ink.fillStyle;
      const width = ink.measureText(text).width + 16;
      ink.fillStyle = "white";
      ink.fillRect(x - width / 2, y - 0.85 * LETTERS, width, 1.1 * LETTERS);
      ink.fillStyle = colour;
    }
    ink.fillText(text, x, y);
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

function distance([x, y], [otherX, otherY]) {
  return Math.hypot(x - otherX, y - otherY);
}

// Unlike `disabled` it leaves the keyboard's focus on the button.
function disable(button, yes) {
  if (button.ariaDisabled !== String(yes)) button.ariaDisabled = String(yes);
}

// The file's content.
function base64(file) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1] ?? "");
    reader.onerror = () => resolve("");
    reader.readAsDataURL(file);
  });
}

// Lets a button act when it is pressed, and returns it. Chromium gives no click to a tap within 0.4 seconds of a finger's
// stroke, so the pointer's release counts; a click counts if it comes from elsewhere, as from a key.
function onPress(button, action) {
  let released = false;
  button.onpointerdown = () => (released = false);
  button.onpointerup = ({ button: number, clientX, clientY }) => {
    const { left, top, right, bottom } = button.getBoundingClientRect();
    if (number !== 0 || clientX < left || clientX > right || clientY < top || clientY > bottom) return;
    released = true;
    action();
  };
  button.onclick = ({ detail }) => {
    if (!detail || !released) action();
    released = false;
  };
  return button;
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
