import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Problem } from "../../api/problem.js";
import { LeavingButton } from "./leaving-button.js";
import { useRecovery } from "./use-recovery.js";

/** Shows what went wrong and what to do about it. If that may help, it asks again by itself. */
export function ProblemNote({
  problem,
  onRetry,
}: {
  readonly problem: Problem | null;
  readonly onRetry: () => void;
}) {
  useRecovery(problem, onRetry);
  if (problem === null || problem.kind === "sign-in") return null;
  return (
    <Alert role="alert" color="red" icon={<IconAlertTriangle />} title="This could not be read" mb="md">
      {problem.message} {problem.passes && "It is read again by itself."}
      {problem.kind !== "input" && (
        <LeavingButton variant="light" color="red" size="xs" ml="md" onClick={onRetry}>
          Try again
        </LeavingButton>
      )}
    </Alert>
  );
}
