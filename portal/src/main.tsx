import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "@mantine/core/styles/UnstyledButton.css";
import "@mantine/core/styles/Button.css";
import "@mantine/core/styles/ActionIcon.css";
import "@mantine/core/styles/Alert.css";
import "@mantine/core/styles/Anchor.css";
import "@mantine/core/styles/Card.css";
import "@mantine/core/styles/CloseButton.css";
import "@mantine/core/styles/Group.css";
import "@mantine/core/styles/Input.css";
import "@mantine/core/styles/Kbd.css";
import "@mantine/core/styles/Loader.css";
import "@mantine/core/styles/Modal.css";
import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Overlay.css";
import "@mantine/core/styles/Paper.css";
import "@mantine/core/styles/PasswordInput.css";
import "@mantine/core/styles/Popover.css";
import "@mantine/core/styles/Skeleton.css";
import "@mantine/core/styles/Text.css";
import "@mantine/core/styles/Title.css";
import "@mantine/core/styles/Tooltip.css";
import "./portal.css";
import { createTheme, MantineProvider } from "@mantine/core";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { createClient } from "./api/client.js";
import { App } from "./app.js";
import { printLight } from "./shared/print-light.js";

/** Shades that keep text readable (WCAG AA) in both schemes. */
const THEME = createTheme({ primaryShade: { light: 8, dark: 4 }, autoContrast: true });

printLight();
// This must not be awaited here: the code that completes a sign-in needs this module, so each would wait for the other.
void completeSignIn()
  .catch(() => "Signing in did not work.")
  .then(showPortal);

function showPortal(signInFailure: string | null): void {
  const root = document.getElementById("portal");
  if (root === null) throw new Error("the page has no element for the portal");
  createRoot(root).render(
    <MantineProvider defaultColorScheme="auto" theme={THEME}>
      <Provider value={createClient()}>
        <App signInFailure={signInFailure} />
      </Provider>
    </MantineProvider>,
  );
}

/** Completes a sign-in if the issuer has sent the browser back. It runs before anything is asked. */
async function completeSignIn(): Promise<string | null> {
  if (!new URLSearchParams(location.search).has("state")) return null;
  return (await import("./identity/oidc.js")).finishSignIn();
}
