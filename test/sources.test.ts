import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";

// What the sources may do at all. What shows in behaviour is tested there: here stand the promises that one line anywhere
// would break, with the few files that have a reason to do such a thing.

const ROOT = path.join(__dirname, "..");
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

function filesOf(folder: string, ending: RegExp): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => ending.test(file))
    .map((file) => file.split(path.sep).join("/"))
    .sort();
}

/** Each file of src by its path there, without comments. */
const sources = new Map(
  filesOf("src", /\.ts$/).map((file) => [file, withoutComments(read(`src/${file}`))] as const),
);

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** The files of src in which this is said. */
const where = (said: RegExp) => [...sources].filter(([, text]) => said.test(text)).map(([file]) => file);

type Import = { file: string; names: string[]; from: string };

/** Everything that is there at run time: imports of types are gone by then. */
const imports: Import[] = [...sources].flatMap(([file, text]) => [
  ...[...text.matchAll(/^(?:import|export)\s+(?!type\b)([^;]*?)\s+from\s+"([^"]+)"/gm)].map(
    ([, names = "", from = ""]) => ({ file, names: namesIn(names), from }),
  ),
  ...[
    ...text.matchAll(/(?<!typeof )\b(?:import|require|require\.resolve)\(\s*"([^"]+)"|^import\s+"([^"]+)"/gm),
  ].map(([, called, bare]) => ({ file, names: ["*"], from: called ?? bare ?? "" })),
]);

function namesIn(clause: string): string[] {
  return clause
    .replace(/[{}]/g, ",")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "));
}

const importersOf = (from: RegExp) => [
  ...new Set(imports.filter((each) => from.test(each.from) && each.names.length > 0).map(({ file }) => file)),
];

describe("the sources", () => {
  it("are read as they stand", () => {
    expect(sources.size).toBeGreaterThan(200);
    expect(imports.length).toBeGreaterThan(1000);
    expect(importersOf(/^pg$/)).toContain("platform/database/pools.ts");
    expect(importersOf(/^pg$/)).not.toContain("web/desk.ts");
  });

  it("start programs only for the Postgres that comes along, without a shell but for one fixed script", () => {
    const starters = importersOf(/^(node:)?(child_process|cluster|worker_threads)$/);
    const ofPostgres = ["account", "cluster-lock", "guard", "pid-file", "programs", "run-program"];
    expect(starters).toEqual(
      [...ofPostgres, "server-process"].map((file) => `platform/embedded-postgres/${file}.ts`),
    );
    const started = imports.filter(({ from }) => from === "node:child_process").flatMap(({ names }) => names);
    expect([...new Set(started)].sort()).toEqual(["spawn", "spawnSync"]);
    expect(where(/\bshell\s*:/)).toEqual([]);
    expect(where(/["'`](\/bin\/)?(ba|da|z)?sh["'`]|cmd\.exe|powershell/)).toEqual([
      "platform/embedded-postgres/guard.ts",
    ]);
    const [, script = ""] =
      /const SCRIPT = `([^`]+)`/.exec(read("src/platform/embedded-postgres/guard.ts")) ?? [];
    expect(script).toContain("kill");
    // Nothing is put into it: what it needs to know it is told as an argument.
    expect(script).not.toContain("${");
    // No handler comes near: what they import is below them, and none of it leads there.
    const users = importersOf(/embedded-postgres(\/|$)/).filter(
      (file) => !file.startsWith("platform/embedded"),
    );
    expect(users.filter((file) => !file.startsWith("commands/"))).toEqual([]);
  });

  it("make code of texts only for the views, which are files", () => {
    expect(where(/\bnew Function\b|\beval\(|\bFunction\(/)).toEqual(["web/views.ts"]);
    expect(importersOf(/^(node:)?(vm|repl|inspector|wasi)$/)).toEqual([]);
  });

  it("open connections to Postgres and the mail server alone, and for the doctor to the program it looks at", () => {
    expect(where(/\bnew (Pool|Client)\(/)).toEqual([
      "platform/database/pools.ts",
      "platform/embedded-postgres/connect.ts",
      "platform/migrations.ts",
    ]);
    expect(where(/\bcreateTransport\(/)).toEqual(["platform/mailer.ts"]);
    expect(importersOf(/^nodemailer/)).toEqual(["platform/mailer.ts"]);
    expect(where(/\bfetch\(/)).toEqual(["commands/doctor/ask-program.ts", "commands/doctor/look-at-port.ts"]);
    expect(where(/\b(WebSocket|EventSource|XMLHttpRequest|sendBeacon)\b/)).toEqual([]);
    expect(
      importersOf(/^(node:)?(https|http2|tls|dgram|dns(\/promises)?|quic)$|^undici|^axios|^got$/),
    ).toEqual([]);
    const taken = (module: string) =>
      [...new Set(imports.filter(({ from }) => from === module).flatMap(({ names }) => names))].sort();
    expect(taken("node:http")).toEqual([
      "IncomingMessage",
      "STATUS_CODES",
      "ServerResponse",
      "createServer",
      "validateHeaderName",
      "validateHeaderValue",
    ]);
    expect(taken("node:net")).toEqual(["Server as SocketServer", "createServer", "isIP"]);
  });

  it("open files only at the start and for the operator, never for whoever asks", () => {
    const openers = importersOf(/^(node:)?fs(\/promises)?$/).filter(
      (file) => !/^(platform|commands)\//.test(file),
    );
    // Each reads a folder of the program whole, when it starts.
    expect(openers).toEqual(["web/assets.ts", "web/icons.ts", "web/views.ts"]);
    expect(where(/\bsendFile\b|\.download\(|express\.static|\.render\(/)).toEqual([]);
    expect(importersOf(/^(send|serve-static|multer|busboy|formidable)/)).toEqual([]);
  });

  it("take what nobody may guess from node:crypto", () => {
    expect(where(/\bMath\s*(\.\s*random|\[)|=\s*Math\s*[;,)]|\{[^}]*\brandom\b[^}]*\}\s*=/)).toEqual([]);
    const drawn = /\b(randomBytes|randomUUID|randomInt|randomFill(Sync)?|getRandomValues)\(/;
    const drawers = where(drawn);
    expect(drawers.length).toBeGreaterThan(5);
    const fromCrypto = importersOf(/^node:crypto$/);
    expect(drawers.filter((file) => !fromCrypto.includes(file))).toEqual([]);
    expect(importersOf(/^(nanoid|uuid|uid|rndm|random|seedrandom|chance|crypto-js)/)).toEqual([]);
  });

  it("log through one place, to standard output, and write beside it only what a command answers", () => {
    expect(importersOf(/^pino/)).toEqual(["platform/log/index.ts"]);
    expect(where(/\bconsole\b|\bprocess\s*\.\s*(stdout|stderr|emitWarning)\b|\bprocess\[/)).toEqual([]);
    const writers = where(/\bstd(out|err)\s*\.\s*write\b|\bwriteSync\(\s*[12]\b/);
    expect(writers.filter((file) => !file.startsWith("commands/"))).toEqual([]);
    expect(read("src/platform/log/index.ts")).toContain("pino.destination({ dest: 1,");
    expect(where(/\b(appendFile|createWriteStream|syslog)/)).toEqual([]);
  });

  it("need at run time what is installed for it, and nothing is installed for it that they do not need", () => {
    const { dependencies } = JSON.parse(read("package.json"));
    const needed = [
      ...new Set(imports.map(({ from }) => packageOf(from)).filter((name) => name !== undefined)),
    ];
    expect(needed.filter((name) => !(name in dependencies))).toEqual([]);
    // Named to pino, which loads it by itself.
    const text = [...sources.values()].join("\n");
    const unused = Object.keys(dependencies).filter((name) => !needed.includes(name));
    expect(unused.filter((name) => !text.includes(`target: "${name}"`))).toEqual([]);
  });
});

function packageOf(from: string): string | undefined {
  if (from.startsWith(".") || from.startsWith("node:") || builtinModules.includes(from)) return undefined;
  return from.split("/", from.startsWith("@") ? 2 : 1).join("/");
}

describe("what is put into the image", () => {
  const dockerfile = read("Dockerfile");
  const lets = read(".dockerignore").trim().split("\n");
  const MAY = /^(package(-lock)?\.json|\.npmrc|tsconfig(\.build)?\.json|src|migrations|views|public)$/;

  it("is named one by one: neither .git nor tests nor anybody's settings", () => {
    const [all, ...named] = lets;
    expect(all).toBe("*");
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((line) => !line.startsWith("!") || !MAY.test(line.slice(1)))).toEqual([]);
    const copied = [...dockerfile.matchAll(/^(?:COPY|ADD) (?!--from)(.+) \S+$/gm)].flatMap(([, from = ""]) =>
      from.split(" ").map((name) => name.replace(/^\.\//, "")),
    );
    expect(copied.length).toBeGreaterThan(7);
    expect(copied.filter((name) => !MAY.test(name))).toEqual([]);
    expect(dockerfile).not.toMatch(/^\s*(RUN\s+)?git |^ADD /m);
  });

  it("has no package of the tests or the build in the end", () => {
    const [build = "", final = ""] = dockerfile.split(/^FROM \$\{DEBIAN\}$/m);
    expect(build).toMatch(/npm run build && npm prune --omit=dev$/m);
    expect(final).toMatch(/^ENV NODE_ENV=production /m);
    expect(final).not.toMatch(/npm (ci|i|install)|apt-get/);
    const taken = [...final.matchAll(/^COPY --from=build (\S+)/gm)].map(([, from]) => from);
    expect(taken).toEqual(["/usr/local/bin/node", "/usr/bin/tini", "/app/node_modules", "/app/dist"]);
  });
});

describe("what browsers are sent", () => {
  const scripts = filesOf("public", /./);
  const views = filesOf("views", /\.ejs$/);
  const sent = [...scripts.map((file) => `public/${file}`), ...views.map((file) => `views/${file}`)].map(
    (file) => [file, withoutComments(read(file))] as const,
  );
  const saying = (said: RegExp) => sent.filter(([, text]) => said.test(text)).map(([file]) => file);

  it("is HTML, CSS, scripts and pictures, no plug-in, frame or element that browsers have given up", () => {
    expect(views.length).toBeGreaterThan(50);
    expect([...new Set(scripts.map((file) => path.extname(file)))].sort()).toEqual([".css", ".js", ".svg"]);
    const givenUp =
      "applet|object|embed|param|i?frame|frameset|noframes|portal|keygen|marquee|blink|font|center|bgsound";
    expect(saying(new RegExp(`<(${givenUp})\\b`, "i"))).toEqual([]);
    expect(
      saying(/ActiveXObject|\.plugins\b|vbscript:|application\/x-|showModalDialog|openDatabase/i),
    ).toEqual([]);
  });

  it("stores nothing there, and cannot read the cookie", () => {
    expect(
      saying(/localStorage|sessionStorage|indexedDB|\bcaches\b|serviceWorker|storage\.|cookieStore/i),
    ).toEqual([]);
    expect(saying(/document\s*\.\s*cookie/i)).toEqual([]);
  });

  it("keeps nobody from pasting, and hides no field from password managers", () => {
    expect(
      saying(/onpaste|["'`]paste["'`]|oncopy|ondrop|["'`]beforeinput["'`]|data-(1p|lp|bw)-?ignore/i),
    ).toEqual([]);
  });
});
