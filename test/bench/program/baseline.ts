// The baselines, each as it is usually written, in one program: the first argument says which.
import { createServer, type RequestListener } from "node:http";
import path from "node:path";
import connectPgSimple from "connect-pg-simple";
import express from "express";
import session from "express-session";
import { Pool } from "pg";

const [, , kind = "", databaseUrl = "", personId = ""] = process.argv;
const pool = new Pool({ connectionString: databaseUrl, max: 10, idleTimeoutMillis: 0 });
const VIEWS = path.join(__dirname, "..", "..", "test", "bench", "views");
const PERSON = "select id, email, first_name, last_name, phone_number from people where id = $1";

/** S: plain node:http, JSON, one prepared SELECT by primary key. */
const plain: RequestListener = async (_req, res) => {
  const { rows } = await pool.query({ name: "person", text: PERSON, values: [personId] });
  const body = JSON.stringify(rows[0]);
  res.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  res.end(body);
};

/** P: Express, a cached EJS page, one SELECT. */
function page(): RequestListener {
  const app = express();
  app.set("view engine", "ejs").set("views", VIEWS).set("view cache", true);
  app.get("/", async (_req, res) => {
    const { rows } = await pool.query(PERSON, [personId]);
    res.render("profile", { person: rows[0] });
  });
  return app;
}

/** The usual stack: express-session with connect-pg-simple, the user read by the session's id, an EJS page. */
function usual(): RequestListener {
  const app = express();
  app.set("view engine", "ejs").set("views", VIEWS).set("view cache", true);
  const Store = connectPgSimple(session);
  app.use(
    session({
      store: new Store({ pool, tableName: "usual_session", createTableIfMissing: true }),
      secret: "usual",
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 30 * 60_000 },
    }),
  );
  app.get("/login", (req, res) => {
    Object.assign(req.session, { userId: personId });
    res.send("ok");
  });
  app.get("/", async (req, res) => {
    const { userId } = req.session as unknown as { userId: string };
    const { rows } = await pool.query(PERSON, [userId]);
    res.render("profile", { person: rows[0] });
  });
  return app;
}

const kinds: Record<string, () => RequestListener> = { plain: () => plain, page, usual };
const listener = kinds[kind]?.();
if (!listener) throw new Error(`There is no baseline ${kind}`);
const server = createServer(listener).listen(0, "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
