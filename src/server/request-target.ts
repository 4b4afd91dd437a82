/**
 * Normalizes what a request asks for, before its route is found:
 * 1. Of a whole URL, as clients of a forward proxy send it, take the path. Its name was checked as that of a Host header.
 * 2. Take several slashes in a row for one, as nginx and an engine's web server do: clients join a URL that ends with a
 *    slash and a path that begins with one.
 * 3. Drop the base path. A proxy may serve us below a path and pass that path on, or take it off.
 * 4. Drop a slash at the path's end, so that both paths are the same.
 * 5. Below `/ovirt-engine/api`, take matrix parameters, such as `/vms;max=10`, for parameters of the query: an engine takes both.
 *    Elsewhere `;` is part of a name, so that rules of a proxy for a path hold for all that reaches its route.
 * 6. Take what cannot be decoded literally, so that such a path is a name that nothing has. It passes the gate like any
 *    other, and is answered in the form of its route.
 */
export function normalizeTarget(url: string, basePath: string): string {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const at = target.indexOf("?");
  const [path, query] = at === -1 ? [target, ""] : [target.slice(0, at), target.slice(at)];
  const plain = dropBasePath(mergeSlashes(path === "" ? "/" : path), basePath);
  const [bare, parameters] = /^\/ovirt-engine\/api[;/]/.test(plain) ? takeMatrix(plain) : [plain, []];
  return escapeUndecodable(dropTrailingSlash(bare)) + addToQuery(query, parameters);
}

function mergeSlashes(path: string): string {
  return path.replaceAll(/\/{2,}/g, "/");
}

/** Splits a path and the parameters that stand in it. A segment of nothing else leaves none. */
function takeMatrix(path: string): readonly [string, readonly string[]] {
  if (!path.includes(";")) return [path, []];
  const segments = path.split("/").map((segment) => segment.split(";"));
  return [
    mergeSlashes(segments.map(([name]) => name).join("/")),
    segments.flatMap(([, ...parameters]) => parameters).filter((each) => each !== ""),
  ];
}

function addToQuery(query: string, parameters: readonly string[]): string {
  if (parameters.length === 0) return query;
  // In a path these two are letters like others.
  const moved = parameters.map((each) => each.replaceAll("&", "%26").replaceAll("+", "%2B")).join("&");
  return `${query === "" ? "?" : `${query}&`}${moved}`;
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
