import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { escapeXML, Template } from "ejs";

/** Draws a view, named by its path in the folder without ".ejs", with what it reads by name. */
export type Views = (view: string, locals: object) => string;

type View = (
  locals: object,
  escapeFn: typeof escapeXML,
  include: (name: string, given?: object) => string,
) => string;

/**
 * Compiles every view of a folder once; throws for one that cannot be compiled. An include is looked for beside the view
 * that names it, then in the folder, and gets what that view got and what it is given; all get what is `shared`.
 *
 * EJS itself looks for an included file on the disk each time, and wraps each view into `with`, which engines do not
 * optimise; here a view's names are read from its own code instead.
 */
export function openViews(folder: string, shared: object): Views {
  const templates = new Map<string, View>();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ejs")) continue;
    const name = file.slice(0, -".ejs".length).split(path.sep).join("/");
    templates.set(name, compileView(readFileSync(path.join(folder, file), "utf8"), name));
  }

  function draw(view: string, locals: object): string {
    const template = templates.get(view);
    if (!template) throw new Error(`There is no view ${view}`);
    return template(locals, escapeXML, (name, given) => {
      const beside = path.posix.join(path.posix.dirname(view), name);
      return draw(templates.has(beside) ? beside : name, given ? { ...locals, ...given } : locals);
    });
  }
  return (view, locals) => draw(view, { ...shared, ...locals });
}

function compileView(text: string, filename: string): View {
  const names = namesIn(text);
  for (;;) {
    try {
      const options = { filename, compileDebug: false, rmWhitespace: true, _with: false };
      const template = new Template(text, { ...options, destructuredLocals: [...names] });
      template.compile();
      return new Function("locals", "escapeFn", "include", template.source) as View;
    } catch (error) {
      // The view declares this name itself.
      const declared = /Identifier '([^']+)' has already been declared/.exec(String(error))?.[1];
      if (declared === undefined || !names.delete(declared)) throw error;
    }
  }
}

const WORDS_OF_EJS = ["locals", "include", "escapeFn", "rethrow"];
const WORDS_OF_JAVASCRIPT =
  "const let var if else for of in new return typeof instanceof true false null undefined function while do switch case break continue".split(
    " ",
  );
const NO_LOCALS = new Set([...WORDS_OF_EJS, ...WORDS_OF_JAVASCRIPT]);

/** What a view's code may mean by a local: every name in it, but in texts, behind a dot (three spread it), or known to JavaScript. */
function namesIn(text: string): Set<string> {
  const code = [...text.matchAll(/<%(?!#)[-=_]?([\s\S]*?)[-_]?%>/g)]
    .map(([, inner = ""]) => inner)
    .join("\n");
  const withoutTexts = code.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, " ");
  const names = withoutTexts.matchAll(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*/g);
  return new Set(
    [...names].map(([name]) => name).filter((name) => !NO_LOCALS.has(name) && !(name in globalThis)),
  );
}
