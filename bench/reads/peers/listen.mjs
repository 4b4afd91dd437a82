/** Prints the URL of this peer for the bench, and ends with the bench. */
export function announce(url) {
  process.stdout.write(`listening ${url}\n`);
  process.stdin.on("end", () => process.exit()).resume();
}

/** Listens on a free port of this machine. */
export function listen(server, path = "/graphql") {
  server.listen(0, "127.0.0.1", () => {
    announce(`http://127.0.0.1:${server.address().port}${path}`);
  });
}
