import { Alert, Button, Card, PasswordInput, Text, Title } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { readSignInSettings } from "./issuer.js";
import { writeToken } from "./session.js";

/**
 * Lets people sign in: at the issuer that is set, or with a bearer token. The token stays in this tab and is sent to
 * this server only.
 */
export function SignIn({
  wasRefused,
  failure,
}: {
  readonly wasRefused: boolean;
  /** Why signing in at the issuer failed; `null`: it did not fail. */
  readonly failure: string | null;
}) {
  const settings = readSignInSettings();
  const [token, setToken] = useState("");
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    card.current?.querySelector<HTMLElement>("[data-first]")?.focus();
  }, []);
  return (
    <Card ref={card} withBorder maw={480} mx="auto" mt="xl" padding="lg">
      <Title order={2} size="h3">
        Sign in
      </Title>
      <Text mt="xs" size="sm">
        This server wants to know who asks.
      </Text>
      {settings !== null && <IssuerButton settings={settings} failure={failure} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== "") writeToken(token.trim());
        }}
      >
        <PasswordInput
          mt="md"
          label="Token"
          placeholder="one that the operator gave you"
          autoComplete="off"
          data-first={settings === null || undefined}
          value={token}
          error={wasRefused ? "This token is not valid here, or it has expired." : undefined}
          onChange={(event) => {
            setToken(event.currentTarget.value);
          }}
        />
        <Button type="submit" mt="md" disabled={token.trim() === ""} variant="light">
          Sign in
        </Button>
      </form>
    </Card>
  );
}

function IssuerButton({
  settings,
  failure,
}: {
  readonly settings: NonNullable<ReturnType<typeof readSignInSettings>>;
  readonly failure: string | null;
}) {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState(failure);
  const start = async (): Promise<void> => {
    setIsBusy(true);
    try {
      // It is loaded when it is first needed, since most people are signed in already.
      const { startSignIn } = await import("./oidc.js");
      await startSignIn(settings);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "Signing in did not work.");
      setIsBusy(false);
    }
  };
  return (
    <>
      {problem !== null && (
        <Alert role="alert" color="red" mt="md">
          {problem}
        </Alert>
      )}
      <Button data-first mt="md" fullWidth variant="light" loading={isBusy} onClick={() => void start()}>
        Sign in at {new URL(settings.issuer).host}
      </Button>
      <Text mt="md" size="sm" ta="center" className="faint">
        or
      </Text>
    </>
  );
}
