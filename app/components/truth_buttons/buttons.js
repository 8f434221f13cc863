// A button for each digit that a drawing may show, and of a number the choice of the digit that they are about. A tap,
// or a number key, sends the truth to Python.

let pressed = () => {}; // what a number key does

document.onkeydown = (event) => {
  const target = event.composedPath()[0];
  const isField = target.isContentEditable || target.matches?.("input:not([type=radio]), textarea, select");
  if (!isField && !event.ctrlKey && !event.metaKey && !event.altKey && /^[0-9]$/.test(event.key)) pressed(event.key);
};

export default function ({ data, parentElement, setTriggerValue }) {
  const { key, digits, chosen, truth } = data;
  const row = parentElement.querySelector(".truth");
  const send = (value) => setTriggerValue("tap", { key, truth: value });
  row.classList.toggle("hidden", key === null);
  row.querySelector("#question").textContent = digits.length > 1 ? "Correct:" : "Correct this digit:";
  showDigits(row.querySelector(".digits"), digits, chosen, (place) => setTriggerValue("choice", place));
  for (const button of row.querySelectorAll("button")) button.onclick = () => send(button.value);
  for (const button of row.querySelectorAll(".buttons button")) button.ariaPressed = String(button.value === truth);
  row.querySelector(".kept").classList.toggle("shown", truth !== null);
  row.querySelector("[role=status]").textContent = truth === null ? "" : `Kept as ${truth}.`;
  pressed = (value) => {
    if (key !== null && row.isConnected) send(value);
  };
}

// One radio button for each digit of a number; of a single digit none. They are kept while their number stays the same,
// so that the keyboard's focus stays where it is.
function showDigits(group, digits, chosen, choose) {
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
    input.checked = place === chosen;
    input.ariaLabel = `${place + 1} of ${shown.length}: ${letter}`;
    input.onchange = () => choose(place);
    span.textContent = letter;
  });
}
