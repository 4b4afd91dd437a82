import type { ChangeEvent } from "../live/subjects.js";
import { Ago } from "../shared/values/time.js";

/** Shows what has changed since the page was opened, the newest first. Screen readers read each change aloud. */
export function NewsList({ news }: { readonly news: readonly ChangeEvent[] }) {
  return (
    <div role="log" aria-label="What has just changed">
      {news.length > 0 && (
        <ul className="news">
          {news.map((event) => (
            <li key={event.cursor}>
              <Ago at={event.at} /> · {event.changes.map(({ summary }) => summary).join(" · ")}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
