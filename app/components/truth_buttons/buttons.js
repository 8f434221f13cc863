// A button for each digit that a drawing may show. A tap sends the choice to Python.

export default function ({ data, parentElement, setTriggerValue }) {
  const { key, question, truth } = data;
  const row = parentElement.querySelector(".truth");
  row.querySelector("#question").textContent = question;
  for (const button of row.querySelectorAll("button")) {
    button.disabled = key === null;
    button.onclick = () => setTriggerValue("tap", { key, truth: button.value });
  }
  for (const button of row.querySelectorAll(".buttons button")) button.ariaPressed = String(button.value === truth);
  row.querySelector(".kept").classList.toggle("shown", truth !== null);
  row.querySelector("[role=status]").textContent = truth === null ? "" : `Kept as ${truth}.`;
}
