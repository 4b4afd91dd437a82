import { Button, Text, Title } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { TimeLineQuery } from "../api/past-queries.js";
import { listNews } from "../live/subjects.js";
import { useEventsBehind } from "../live/use-events-behind.js";
import { navigate } from "../navigation.js";
import { MoreButton } from "../shared/answers/more-button.js";
import { ProblemNote } from "../shared/answers/problem-note.js";
import { RouteLink } from "../shared/route-link.js";
import { Ago, formatExact } from "../shared/values/time.js";
import { useAnswer } from "../shared/answers/use-answer.js";

const FIRST = 20;
const STEP = 100;
/** The most changes that the server gives at once. */
const MOST = 500;

/** Shows the changes of a VM, the newest first. Each links to the VM as it was then. */
export function TimeLine({
  id,
  at,
}: {
  readonly id: string;
  /** The time that is shown; `null`: now. */
  readonly at: string | null;
}) {
  const [first, setFirst] = useState(FIRST);
  const { data, problem, reload, reloadSoon } = useAnswer(TimeLineQuery, { id, first }, id);
  const news = useMemo(() => listNews({ vmIds: [id] }), [id]);
  useEventsBehind({ data, problem }, news, { onEvent: reloadSoon, readAgain: reloadSoon });
  const history = data?.vm?.guestHistory ?? null;
  // The state that is shown was made by the last change before its time.
  const current = at === null ? null : history?.nodes.find((change) => new Date(change.at) <= new Date(at));
  return (
    <section aria-labelledby="time-line-title" className="time-line">
      <Title order={2} size="h4" mt="lg" mb="xs" id="time-line-title">
        Time line
      </Title>
      <ProblemNote problem={problem} onRetry={reload} />
      <PickTime id={id} at={at} />
      {history !== null && history.nodes.length === 0 && (
        <Text className="faint">Nothing has changed since {formatExact(history.keptFrom)}.</Text>
      )}
      <ol>
        {(history?.nodes ?? []).map((change) => (
          <li key={change.at} aria-current={change === current ? "time" : undefined}>
            <RouteLink to={{ view: "vm", id, at: change.at }}>
              <Ago at={change.at} />
            </RouteLink>{" "}
            {change.differences.map(({ summary }) => summary).join(" · ")}
          </li>
        ))}
      </ol>
      <MoreButton
        size="compact-sm"
        count={history?.nodes.length ?? 0}
        hasMore={history?.pageInfo.hasNextPage === true && first < MOST}
        onMore={() => {
          setFirst(Math.min(MOST, first + STEP));
        }}
        text="Show older changes"
      />
    </section>
  );
}

/** Lets people pick a time. It takes effect when the field is left, or with Enter, not with each digit of a year. */
function PickTime({ id, at }: { readonly id: string; readonly at: string | null }) {
  const shown = at === null ? "" : formatLocal(at);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current !== null) field.current.value = shown;
  }, [shown]);
  const show = (): void => {
    const text = field.current?.value ?? "";
    if (text === shown) return;
    const time = new Date(text);
    navigate({ view: "vm", id, at: Number.isNaN(time.getTime()) ? null : time.toISOString() });
  };
  return (
    <form
      className="pick-time"
      onSubmit={(event) => {
        event.preventDefault();
        show();
      }}
    >
      <label>
        As it was at <input type="datetime-local" ref={field} step={1} defaultValue={shown} onBlur={show} />
      </label>{" "}
      <Button type="submit" size="compact-sm" variant="light">
        Show
      </Button>
    </form>
  );
}

/** Formats a time for the browser's own input field, in the reader's zone. */
function formatLocal(at: string): string {
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
