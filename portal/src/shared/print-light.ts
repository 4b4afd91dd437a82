/** Where Mantine's styles find the theme. */
const THEME = "data-mantine-color-scheme";

/** Shows the page in the light theme while it is printed: the dark one is pale on paper. */
export function printLight(): void {
  const paper = matchMedia("print");
  const root = document.documentElement;
  let before: string | null = null;
  paper.addEventListener("change", () => {
    if (paper.matches) {
      before = root.getAttribute(THEME);
      root.setAttribute(THEME, "light");
    } else if (before !== null) {
      root.setAttribute(THEME, before);
    }
  });
}
