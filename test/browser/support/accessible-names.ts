import type { Page } from "playwright-core";

/** What a screen reader has of one thing on a page. */
export interface AccessibleNode {
  readonly role: string;
  readonly name: string;
  readonly isFocusable: boolean;
  /** `polite` or `assertive` where changes are read out; `off` else. */
  readonly live: string;
}

/** Reads the tree that Chromium gives to screen readers, without what is hidden from them. */
export async function readAccessibleNodes(page: Page): Promise<AccessibleNode[]> {
  const session = await page.context().newCDPSession(page);
  try {
    const { nodes } = (await session.send("Accessibility.getFullAXTree")) as {
      readonly nodes: readonly AxNode[];
    };
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name, properties = [] }) => {
        const find = (wanted: string) => properties.find((each) => each.name === wanted)?.value.value;
        return {
          role: readText(role?.value),
          name: readText(name?.value).trim(),
          isFocusable: find("focusable") === true,
          live: readText(find("live")) || "off",
        };
      });
  } finally {
    await session.detach();
  }
}

function readText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

interface AxValue {
  readonly value?: unknown;
}

interface AxNode {
  readonly ignored: boolean;
  readonly role?: AxValue;
  readonly name?: AxValue;
  readonly properties?: readonly { readonly name: string; readonly value: AxValue }[];
}
