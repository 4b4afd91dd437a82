import { useState } from "react";
import { readToken, refuse } from "../identity/session.js";
import { EXPORT_FORMATS, formatExportPath, type ExportFormat } from "./export-path.js";
import type { Search } from "./search.js";

/** Shows links to the listed VMs in the formats of other tools. */
export function ExportMenu({ search }: { readonly search: Search }) {
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <details className="export">
      <summary>Export what is shown</summary>
      <ul>
        {EXPORT_FORMATS.map((each) => (
          <li key={each.format}>
            <a
              href={formatExportPath(each, search)}
              download={formatFileName(each)}
              onClick={(event) => {
                const token = readToken();
                setProblem(null);
                if (token === null) return;
                // A link sends no header, so after a sign-in the file is fetched with the token.
                event.preventDefault();
                void downloadFile(each, search, token).then(setProblem);
              }}
            >
              {each.title}
            </a>
          </li>
        ))}
      </ul>
      {problem !== null && <p role="alert">{problem}</p>}
    </details>
  );
}

/** Fetches a file and lets the browser save it. Returns what went wrong; `null`: nothing. */
async function downloadFile(format: ExportFormat, search: Search, token: string): Promise<string | null> {
  try {
    const answer = await fetch(new URL(formatExportPath(format, search), document.baseURI), {
      headers: { authorization: `Bearer ${token}` },
    });
    if (answer.status === 401) refuse();
    if (!answer.ok) return `The server refused the export (${answer.status}).`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = formatFileName(format);
    link.click();
    URL.revokeObjectURL(link.href);
    return null;
  } catch {
    return "The server does not answer. Try again.";
  }
}

function formatFileName({ format, ending }: ExportFormat): string {
  return `vms-${format}.${ending}`;
}
