// Leads from the menu to the page: once a page is open or was chosen, the Tab key begins in it, as if "Skip to main
// content" had been followed. Where Streamlit lays the menu over the page, it closes after a choice.

const NARROW = "(max-width: 768px)";

let opened = false; // whether the first page is

export default function () {
  if (!opened && document.activeElement === document.body) beginInPage();
  opened = true;
  document.onclick = ({ target }) => {
    if (!target.closest("[data-testid=stSidebarNavLink]")) return;
    setTimeout(() => {
      if (matchMedia(NARROW).matches) document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
      beginInPage();
    }); // after Streamlit's own answer to the choice
  };
}

// The element that had the focus last is where the Tab key begins, even if it has the focus no more.
function beginInPage() {
  const main = document.querySelector("[data-testid=stMain]");
  main.focus({ preventScroll: true });
  main.blur();
}
