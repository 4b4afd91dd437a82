/** Builds portal/ into dist/portal, unless what is there is newer than everything that it is made of. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = resolve(import.meta.dirname, "..");
const folder = join(root, "dist/portal");
const stamp = join(folder, ".built");

if (/[#?]/.test(root)) {
  // Vite takes what follows such a character for a part of a URL.
  console.error(`${root}: pages cannot be built in a folder with # or ? in its path; move the clone`);
  process.exitCode = 1;
} else if (findBuildTime() > findNewestSource()) {
  process.exitCode = 0;
} else {
  // Vite takes over what is set, such as by a runner of tests; React would be the slow one for developers.
  process.env.NODE_ENV = "production";
  const { build } = await import("vite");
  rmSync(folder, { recursive: true, force: true });
  for (const mode of ["index", "graphiql"]) {
    await build({ configFile: join(root, "portal/vite.config.ts"), mode, logLevel: "error" });
  }
  compressAssets(join(folder, "assets"));
  writeFileSync(stamp, "");
}

/** Compresses what texts there are once and well, so that no request has to. Quality 9 takes a tenth of the time of 11. */
function compressAssets(assets) {
  for (const name of readdirSync(assets).filter((each) => /\.(?:css|js)$/.test(each))) {
    const path = join(assets, name);
    const content = readFileSync(path);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
    writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  }
}

function findBuildTime() {
  return statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function findNewestSource() {
  const paths = [
    // Types are for the compiler alone; no page is made of them.
    ...["portal", "src/model"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((path) => !path.endsWith(".d.ts"))
        .map((path) => join(folder, path)),
    ),
    "package-lock.json",
    "scripts/build-pages.mjs",
  ];
  return Math.max(...paths.map((path) => statSync(join(root, path)).mtimeMs));
}
