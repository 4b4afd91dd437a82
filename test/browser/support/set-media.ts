import type { Page } from "playwright-core";

/**
 * Shows the page in a theme, or on paper, and returns once it is drawn so. The browser takes this over at a later frame:
 * what is read before then still has the look of before.
 *
 * @param media `null` ends what was set: the screen.
 */
export async function setMedia(
  page: Page,
  set: { colorScheme?: "light" | "dark"; media?: "print" | null },
): Promise<void> {
  await page.emulateMedia(set);
  const conditions = [
    ...(set.colorScheme === undefined ? [] : [`(prefers-color-scheme: ${set.colorScheme})`]),
    ...(set.media === undefined ? [] : [set.media ?? "screen"]),
  ];
  await page.waitForFunction((all) => all.every((each) => matchMedia(each).matches), conditions);
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}
