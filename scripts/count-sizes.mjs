/** Counts the lines of files and functions in `src/`, as docs/architecture.md shows them; functions are declared ones and methods. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".ts"),
);
const fileSizes = [];
const functionSizes = [];
for (const path of files) {
  const text = readFileSync(join("src", path), "utf8");
  fileSizes.push(text.split("\n").length - 1);
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const findLine = (position) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node) => {
    const isFunction = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
    if (isFunction && node.body !== undefined) {
      functionSizes.push(1 + findLine(node.end) - findLine(node.getStart()));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}
print("files", fileSizes);
print("functions", functionSizes);

function print(what, sizes) {
  const sorted = sizes.toSorted((left, right) => left - right);
  const at = (share) => sorted[Math.floor(sorted.length * share)];
  console.log(`${what}: ${sorted.length}, median ${at(0.5)}, p90 ${at(0.9)}, longest ${sorted.at(-1)}`);
}
