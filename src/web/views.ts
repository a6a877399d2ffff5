import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { escapeXML, Template } from "ejs";
import { writeOutView } from "./write-out-view";

/**
 * Draws a view, named by its path in the folder without ".ejs", with what it reads by name: as `locals` have it, what they
 * have not as `beneath` has it.
 */
export type Views = (view: string, locals: object, beneath?: object) => string;

type Locals = Record<string, unknown>;
type Draw = (escapeFn: typeof escapeText, shared: Locals, locals: Locals, beneath: Locals) => string;

const NOTHING = {};

const TO_ESCAPE = /[&<>'"]/;

// Most texts hold nothing to escape: looking is cheaper than replacing.
function escapeText(value: unknown): string {
  const text = String(value ?? "");
  return TO_ESCAPE.test(text) ? escapeXML(text) : text;
}

/**
 * Compiles every view of a folder once; throws for one that cannot be compiled, or includes one that is not there. An
 * include is looked for beside the view that names it, then in the folder, and gets what that view got and what it is
 * given; all get what is `shared`.
 *
 * EJS itself looks for an included file on the disk each time, and wraps each view into `with`, which engines do not
 * optimise; here a view is one function with those it includes, and what it reads is a constant in it.
 */
export function openViews(folder: string, shared: object): Views {
  const texts = new Map<string, string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ejs")) continue;
    const name = file.slice(0, -".ejs".length).split(path.sep).join("/");
    texts.set(name, withoutSpareLines(readFileSync(path.join(folder, file), "utf8")));
  }
  const views = new Map([...texts.keys()].map((name) => [name, compileView(texts, name, shared)]));
  return (name, locals, beneath = NOTHING) => {
    const draw = views.get(name);
    if (!draw) throw new Error(`There is no view ${name}`);
    return draw(escapeText, shared as Locals, locals as Locals, beneath as Locals);
  };
}

// A line that holds only code leaves no empty line behind.
function withoutSpareLines(source: string): string {
  return source
    .replace(/^[ \t]*(<%(?![=\-%])(?:(?!%>)[\s\S])*?)[-_]?%>[ \t]*\n/gm, "$1-%>\n")
    .replace(/[\r\n]+/g, "\n")
    .replace(/^\s+|\s+$/gm, "");
}

function compileView(texts: Map<string, string>, filename: string, shared: object): Draw {
  const { text, reads } = writeOutView(texts, filename);
  const template = new Template(text, { filename, compileDebug: false, _with: false });
  template.compile();
  const given = [...reads].map((name) =>
    name in shared
      ? `$${name} = shared.${name}`
      : `$${name} = "${name}" in locals ? locals.${name} : beneath.${name}`,
  );
  const constants = given.length > 0 ? `const ${given.join(", ")};` : "";
  return new Function("escapeFn", "shared", "locals", "beneath", `${constants}\n${template.source}`) as Draw;
}
