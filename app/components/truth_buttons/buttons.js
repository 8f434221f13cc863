// A button for each digit that a drawing may show, and of a number the choice of the digit that they are about. A tap,
// or a number key, sends the truth to Python. Who is fast corrects a digit before Python has answered that it is chosen.

let row = null; // the buttons on the page; while another page is shown, the last ones
let data = null; // the newest from Python
let requested = null; // the place of a digit that was chosen here or on the pad, until Python has answered it
let setTriggerValue = null;

document.onkeydown = (event) => {
  const target = event.composedPath()[0];
  const isField = target.isContentEditable || target.matches?.("input:not([type=radio]), textarea, select");
  if (isField || event.ctrlKey || event.metaKey || event.altKey || !/^[0-9]$/.test(event.key)) return;
  if (row?.isConnected && data.keys.length) send(event.key);
};

document.addEventListener("digitchosen", ({ detail }) => {
  if (row?.isConnected) request(detail);
});

export default function ({ data: newest, parentElement, setTriggerValue: set }) {
  const found = parentElement.querySelector(".truth");
  const isSame = found === row && String(newest.keys) === String(data.keys);
  if (!isSame || newest.chosen === requested) requested = null;
  [row, data, setTriggerValue] = [found, newest, set];
  show();
}

function chosen() {
  return requested ?? data.chosen;
}

function request(place) {
  requested = place;
  show();
}

function send(truth) {
  setTriggerValue("tap", { key: data.keys[chosen()], truth });
}

function show() {
  const { keys, digits, truths } = data;
  const truth = truths[chosen()] ?? null;
  row.classList.toggle("hidden", !keys.length);
  row.querySelector("#question").textContent = digits.length > 1 ? "Correct:" : "Correct this digit:";
  showDigits(row.querySelector(".digits"), digits);
  for (const button of row.querySelectorAll("button")) button.onclick = () => send(button.value);
  for (const button of row.querySelectorAll(".buttons button")) button.ariaPressed = String(button.value === truth);
  row.querySelector(".kept").classList.toggle("shown", truth !== null);
  row.querySelector("[role=status]").textContent = truth === null ? "" : `Kept as ${truth}.`;
}

// One radio button for each digit of a number; of a single digit none. They are kept while their number stays the same,
// so that the keyboard's focus stays where it is.
function showDigits(group, digits) {
  const shown = digits.length > 1 ? digits : [];
  while (group.children.length > shown.length) group.lastChild.remove();
  while (group.children.length < shown.length) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = "digit";
    label.append(input, document.createElement("span"));
    group.append(label);
  }
  shown.forEach((letter, place) => {
    const [input, span] = group.children[place].children;
    input.checked = place === chosen();
    input.ariaLabel = `${place + 1} of ${shown.length}: ${letter}`;
    input.onchange = () => {
      request(place);
      setTriggerValue("choice", place);
    };
    span.textContent = letter;
  });
}
