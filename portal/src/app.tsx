import { ActionIcon, Button, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKeyboard, IconMoon, IconSun } from "@tabler/icons-react";
import { Suspense, useEffect } from "react";
import { SignIn } from "./identity/sign-in.js";
import { useAccess } from "./identity/use-access.js";
import { useIsRefused, useSession, useToken, writeToken } from "./identity/session.js";
import { LiveNote } from "./live/live-note.js";
import { navigate, useRoute } from "./navigation.js";
import type { Route } from "./route.js";
import { copyNearestAddress } from "./shared/values/copy-text.js";
import { CopyNote } from "./shared/values/copy-note.js";
import { DemoNote } from "./shared/demo-note.js";
import { KeyboardHelp } from "./shared/keyboard/keyboard-help.js";
import type { Key } from "./shared/keyboard/keys.js";
import { createLazyView, preloadViews } from "./shared/lazy-view.js";
import { RouteLink } from "./shared/route-link.js";
import { useKeys } from "./shared/keyboard/use-keys.js";
import { VmsView } from "./vms/vms-view.js";
import { Loading } from "./shared/answers/loading.js";

// These views are loaded after the list of VMs, so that the list is shown sooner.
const AddressView = createLazyView(async () => (await import("./address/address-view.js")).AddressView);
const ConflictsView = createLazyView(
  async () => (await import("./findings/conflicts-view.js")).ConflictsView,
);
const DriftView = createLazyView(async () => (await import("./findings/drift-view.js")).DriftView);
const HostsView = createLazyView(async () => (await import("./hosts/hosts-view.js")).HostsView);
const TopologyView = createLazyView(async () => (await import("./topology/topology-view.js")).TopologyView);
const VmView = createLazyView(async () => (await import("./vm/vm-view.js")).VmView);

/** The links of the bar, their keys, and the views in which each is current. */
const VIEWS: readonly {
  readonly name: string;
  readonly key: Key;
  readonly route: Route;
  readonly views: readonly Route["view"][];
}[] = [
  {
    name: "VMs",
    key: "g",
    route: { view: "vms", search: "", sort: "NAME_ASC" },
    views: ["vms", "vm", "address"],
  },
  { name: "Hosts", key: "h", route: { view: "hosts" }, views: ["hosts"] },
  { name: "Topology", key: "t", route: { view: "topology", network: null }, views: ["topology"] },
  { name: "Drift", key: "d", route: { view: "drift", kind: null }, views: ["drift"] },
  { name: "Conflicts", key: "c", route: { view: "conflicts" }, views: ["conflicts"] },
];

/** Tells whether the page has the mark that the server serves GraphiQL. */
const HAS_GRAPHIQL = document.querySelector('meta[name="vnic-graph-graphiql"]') !== null;

const KEYS_OF_VIEWS: Readonly<Partial<Record<Key, () => void>>> = Object.fromEntries(
  VIEWS.map(({ key, route }) => [
    key,
    () => {
      navigate(route);
    },
  ]),
);

/** The frame around every view: navigation, theme, keys, and who is signed in. */
export function App({ signInFailure }: { readonly signInFailure: string | null }) {
  const route = useRoute();
  const token = useToken();
  const session = useSession();
  const access = useAccess(token);
  const isRefused = useIsRefused();
  const [isHelpOpen, help] = useDisclosure(false);
  useKeys({
    "/": () => document.getElementById("search")?.focus(),
    "?": help.open,
    y: copyNearestAddress,
    ...KEYS_OF_VIEWS,
  });
  useEffect(preloadViews, []);
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="bar">
        {VIEWS.map(({ name, route: to, views }) => (
          <RouteLink key={name} to={to} isCurrent={views.includes(route.view)}>
            {name}
          </RouteLink>
        ))}
        {HAS_GRAPHIQL && <a href="./graphiql">GraphiQL</a>}
        <span className="grow" />
        <LiveNote />
        {token !== null && (
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() => {
              writeToken(null);
            }}
          >
            Sign out
          </Button>
        )}
        <ActionIcon variant="subtle" aria-label="Keys" onClick={help.open}>
          <IconKeyboard size={18} />
        </ActionIcon>
        <ThemeButton />
      </header>
      <DemoNote />
      <main id="content">
        {access === "sign-in" || isRefused ? (
          <SignIn wasRefused={token !== null} failure={signInFailure} />
        ) : (
          <Suspense fallback={<Loading height={240} />}>
            <View key={session} route={route} />
          </Suspense>
        )}
      </main>
      <CopyNote />
      <KeyboardHelp isOpen={isHelpOpen} onClose={help.close} />
    </>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case "vms":
      return <VmsView route={route} />;
    case "vm":
      return <VmView key={route.id} id={route.id} at={route.at} />;
    case "address":
      return <AddressView key={route.of} of={route.of} />;
    case "drift":
      return <DriftView kind={route.kind} />;
    case "conflicts":
      return <ConflictsView />;
    case "topology":
      return <TopologyView network={route.network} />;
    case "hosts":
      return <HostsView />;
  }
}

function ThemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "light" ? "dark" : "light";
  return (
    <ActionIcon
      variant="subtle"
      aria-label={`Use the ${other} theme`}
      onClick={() => {
        setColorScheme(other);
      }}
    >
      {scheme === "light" ? <IconMoon size={18} /> : <IconSun size={18} />}
    </ActionIcon>
  );
}
