/**
 * Normalizes what a request asks for, before its route is found:
 * 1. Of a whole URL, as clients of a forward proxy send it, take the path. Its name was checked as that of a Host header.
 * 2. Take several slashes in a row for one, as nginx and an engine's web server do: clients join a URL that ends with a
 *    slash and a path that begins with one.
 * 3. Drop the base path. A proxy may serve us below a path and pass that path on, or take it off.
 * 4. Drop a slash at the path's end, so that both paths are the same.
 * 5. Take matrix parameters, such as `/vms;max=10`, for parameters of the query: an engine takes both.
 * 6. Take what cannot be decoded literally, so that such a path is a name that nothing has. It passes the gate like any
 *    other, and is answered in the form of its route.
 */
export function normalizeTarget(url: string, basePath: string): string {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const at = target.indexOf("?");
  const [path, query] = at === -1 ? [target, ""] : [target.slice(0, at), target.slice(at)];
  const merged = path === "" ? "/" : path.replaceAll(/\/{2,}/g, "/");
  const [bare, parameters] = takeMatrix(merged);
  return escapeUndecodable(dropTrailingSlash(dropBasePath(bare, basePath))) + addToQuery(query, parameters);
}

/** Splits a path and the parameters that stand in it. */
function takeMatrix(path: string): readonly [string, readonly string[]] {
  if (!path.includes(";")) return [path, []];
  const segments = path.split("/").map((segment) => segment.split(";"));
  return [
    segments.map(([name]) => name).join("/"),
    segments.flatMap(([, ...parameters]) => parameters).filter((each) => each !== ""),
  ];
}

function addToQuery(query: string, parameters: readonly string[]): string {
  if (parameters.length === 0) return query;
  return `${query === "" ? "?" : `${query}&`}${parameters.join("&")}`;
}

function dropBasePath(path: string, basePath: string): string {
  if (basePath === "" || !path.startsWith(basePath)) return path;
  const rest = path.slice(basePath.length);
  return rest === "" ? "/" : rest.startsWith("/") ? rest : path;
}

function dropTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function escapeUndecodable(path: string): string {
  if (!path.includes("%")) return path;
  return path
    .split("/")
    .map((part) => (isDecodable(part) ? part : part.replaceAll("%", "%25")))
    .join("/");
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
