import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const LEVELS: ReadonlySet<string> = new Set(["debug", "info", "warn", "error", "fatal"]);

/** Lists the message of every line that the sources log. Of a template it is the text before the first value. */
export function listLogLines(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  const found = files.flatMap((path) => {
    const text = readFileSync(join(folder, path), "utf8");
    return listLinesIn(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  });
  return [...new Set(found)].sort();
}

function listLinesIn(source: ts.SourceFile): string[] {
  const lines: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && (isLog(node.expression) || isHandedLog(node))) {
      lines.push(...node.arguments.flatMap(listMessages));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return lines;
}

function isLog(callee: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(callee) || !LEVELS.has(callee.name.text)) return false;
  return /\blog$/.test(callee.expression.getText());
}

/** Tells whether a call passes the log, and the message for it, to a function. */
function isHandedLog({ arguments: [first] }: ts.CallExpression): boolean {
  return first !== undefined && ts.isIdentifier(first) && first.text === "log";
}

function listMessages(argument: ts.Expression): string[] {
  if (ts.isStringLiteralLike(argument)) return [argument.text];
  if (ts.isTemplateExpression(argument)) return [argument.head.text.trim()].filter((words) => words !== "");
  if (ts.isConditionalExpression(argument))
    return [argument.whenTrue, argument.whenFalse].flatMap(listMessages);
  return [];
}
