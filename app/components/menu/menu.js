// Closes the menu after a choice, where Streamlit lays it over the page.

const NARROW = "(max-width: 768px)";

export default function () {
  document.onclick = ({ target }) => {
    if (!target.closest("[data-testid=stSidebarNavLink]") || !matchMedia(NARROW).matches) return;
    const close = document.querySelector("[data-testid=stSidebarCollapseButton] button");
    setTimeout(() => close?.click()); // after Streamlit's own answer to the choice
  };
}
