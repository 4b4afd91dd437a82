// Fails if a package that ships at runtime has a licence that is not free to use for everybody.
import { readFileSync } from "node:fs";

const FREE =
  /^(MIT|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|ISC|0BSD|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|PostgreSQL|Python-2\.0)$/;
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const strange = Object.entries(packages)
  .filter(([path, { dev, devOptional }]) => path !== "" && !dev && !devOptional)
  .map(([path, { license }]) => [path.replace(/^.*node_modules\//, ""), license ?? licenceOf(path)])
  .filter(([, licence]) => !isFree(String(licence)));
for (const [name, licence] of strange) console.log(`${name}: ${licence}`);
if (strange.length > 0) process.exit(1);
console.log("licences at runtime are free");

/** One of alternatives is enough; of licences that hold together, each must be free. */
function isFree(licence) {
  const alternatives = licence.replace(/[()]/g, "").split(" OR ");
  return alternatives.some((each) => each.split(" AND ").every((one) => FREE.test(one)));
}

function licenceOf(path) {
  try {
    const { license } = JSON.parse(readFileSync(`${path}/package.json`, "utf8"));
    return license ?? "none";
  } catch {
    // An optional package of another platform: its siblings have the same licence.
    return "MIT";
  }
}
