/** The attribute from which Mantine's styles take the theme. */
const THEME = "data-mantine-color-scheme";

/** Uses the light theme while the page is printed, since the dark one is pale on paper. */
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
