import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { escapeXML, Template } from "ejs";

/**
 * Draws a view, named by its path in the folder without ".ejs", with what it reads by name: as `locals` have it, what they
 * have not as `beneath` has it.
 */
export type Views = (view: string, locals: object, beneath?: object) => string;

type Locals = Record<string, unknown>;

type View = {
  name: string;
  /** The names it reads, and then those that the views it includes read. */
  reads: Set<string>;
  includes: string[];
  draw(
    locals: Locals,
    escapeFn: typeof escapeText,
    include: (name: string, given?: Locals) => string,
  ): string;
};

/** A view with those it includes, by the names under which it includes them. */
type Linked = View & {
  parts: Map<string, Linked>;
  /** What it gets of what the view that includes it got, and of what it is given. */
  take(locals: Locals, given: Locals): Locals;
  /** What it gets where nothing includes it, of what all share too. */
  begin(shared: Locals, beneath: Locals, locals: Locals): Locals;
};

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
 * optimise; here a view's names are read from its own code instead, and each view gets those it reads and no others.
 */
export function openViews(folder: string, shared: object): Views {
  const views = new Map<string, View>();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ejs")) continue;
    const name = file.slice(0, -".ejs".length).split(path.sep).join("/");
    views.set(name, compileView(readFileSync(path.join(folder, file), "utf8"), name));
  }
  const linked = linkViews(views, shared);

  function draw(view: Linked, locals: Locals): string {
    return view.draw(locals, escapeText, (name, given = NOTHING) => {
      const part = view.parts.get(name) as Linked;
      return draw(part, part.take(locals, given));
    });
  }
  return (name, locals, beneath = NOTHING) => {
    const view = linked.get(name);
    if (!view) throw new Error(`There is no view ${name}`);
    return draw(view, view.begin(shared as Locals, beneath as Locals, locals as Locals));
  };
}

function linkViews(views: Map<string, View>, shared: object): Map<string, Linked> {
  const linked = new Map<string, Linked>();
  function link(view: View): Linked {
    const known = linked.get(view.name);
    if (known) return known;
    const parts = new Map(view.includes.map((name) => [name, link(included(view, name))]));
    const reads = new Set([view, ...parts.values()].flatMap((part) => [...part.reads]));
    const whole = { ...view, reads, parts, take: takerOf(reads), begin: beginnerOf(reads, shared) };
    linked.set(view.name, whole);
    return whole;
  }
  function included(view: View, name: string): View {
    const beside = path.posix.join(path.posix.dirname(view.name), name);
    const found = views.get(beside) ?? views.get(name);
    if (!found) throw new Error(`${view.name} includes ${name}: there is no such view`);
    return found;
  }
  for (const view of views.values()) link(view);
  return linked;
}

// Written out name by name: an object of one shape costs a fraction of what copying all that there is does.
function takerOf(names: Set<string>): Linked["take"] {
  const taken = [...names].map((name) => `${name}: "${name}" in given ? given.${name} : locals.${name}`);
  return new Function("locals", "given", `return { ${taken.join(", ")} };`) as Linked["take"];
}

function beginnerOf(names: Set<string>, shared: object): Linked["begin"] {
  const taken = [...names].map((name) =>
    name in shared
      ? `${name}: shared.${name}`
      : `${name}: "${name}" in locals ? locals.${name} : beneath.${name}`,
  );
  return new Function("shared", "beneath", "locals", `return { ${taken.join(", ")} };`) as Linked["begin"];
}

function compileView(source: string, filename: string): View {
  // A line that holds only code leaves no empty line behind.
  const text = source.replace(/^[ \t]*(<%(?![=\-%])(?:(?!%>)[\s\S])*?)[-_]?%>[ \t]*\n/gm, "$1-%>\n");
  const code = codeIn(text);
  const names = namesIn(code);
  const includes = [...code.matchAll(/\binclude\(\s*(?:'([^']+)'|"([^"]+)")?/g)].map(([, a, b]) => a ?? b);
  if (includes.includes(undefined)) throw new Error(`${filename} includes a view that it does not name`);
  const reads = new Set([...names, ...[...code.matchAll(/\blocals\.([\w$]+)/g)].map(([, name]) => name)]);
  for (;;) {
    try {
      const options = { filename, compileDebug: false, rmWhitespace: true, _with: false };
      const template = new Template(text, { ...options, destructuredLocals: [...names] });
      template.compile();
      const draw = new Function("locals", "escapeFn", "include", template.source) as View["draw"];
      return { name: filename, reads: reads as Set<string>, includes: includes as string[], draw };
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

/** What stands between the marks of EJS, but remarks. */
function codeIn(text: string): string {
  return [...text.matchAll(/<%(?!#)[-=_]?([\s\S]*?)[-_]?%>/g)].map(([, inner = ""]) => inner).join("\n");
}

/** What code may mean by a local: every name in it, but in texts, behind a dot (three spread it), or known to JavaScript. */
function namesIn(code: string): Set<string> {
  const withoutTexts = code.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, " ");
  const names = withoutTexts.matchAll(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*/g);
  return new Set(
    [...names].map(([name]) => name).filter((name) => !NO_LOCALS.has(name) && !(name in globalThis)),
  );
}
