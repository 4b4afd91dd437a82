import { Button, Card, PasswordInput, Text, Title } from "@mantine/core";
import { useState } from "react";
import { writeToken } from "./session.js";

/** Asks for a bearer token. It stays in this tab and is sent to this server only. */
export function SignIn({ wasRefused }: { readonly wasRefused: boolean }) {
  const [token, setToken] = useState("");
  return (
    <Card withBorder maw={480} mx="auto" mt="xl" padding="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== "") writeToken(token.trim());
        }}
      >
        <Title order={2} size="h3">
          Sign in
        </Title>
        <Text mt="xs" size="sm">
          This server wants to know who asks. Paste a token that its operator gave you.
        </Text>
        <PasswordInput
          mt="md"
          label="Token"
          autoComplete="off"
          value={token}
          error={wasRefused ? "This token is not valid here, or it has expired." : undefined}
          onChange={(event) => {
            setToken(event.currentTarget.value);
          }}
        />
        <Button type="submit" mt="md" disabled={token.trim() === ""}>
          Sign in
        </Button>
      </form>
    </Card>
  );
}
