/**
 * Normalizes what a request asks for, before its route is found:
 * 1. Drop the base path. A proxy may serve us below a path and pass that path on, or take it off.
 * 2. Drop a slash at the path's end, so that both paths are the same.
 * 3. Take what cannot be decoded literally, so that such a path is a name that nothing has. It passes the gate like any
 *    other, and is answered in the form of its route.
 */
export function normalizeTarget(url: string, basePath: string): string {
  const at = url.indexOf("?");
  const [path, query] = at === -1 ? [url, ""] : [url.slice(0, at), url.slice(at)];
  return escapeUndecodable(dropTrailingSlash(dropBasePath(path, basePath))) + query;
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
