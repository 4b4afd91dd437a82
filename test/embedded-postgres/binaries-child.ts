/** Prepares a PostgreSQL for a test, as another user, and prints where its programs are. */
import { prepareBinaries } from "../../src/embedded-postgres/binaries.js";

const [, , nativeDir = "", dataDir = ""] = process.argv;
process.stdout.write(await prepareBinaries(null, dataDir, { nativeDir, version: "1" }));
