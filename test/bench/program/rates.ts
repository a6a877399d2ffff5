import { forwardChecks, get, keyChecks, profiles } from "./asks";
import type { Ask } from "./connection";
import { openInstallation } from "./installation";
import { load, type Slice } from "./load";
import { serveBetterAuth } from "./peers";
import { type Server, serveBaseline } from "./serve";
import { type Row, rowsOf } from "./table";

const CONNECTIONS = 32;

type Entry = { name: string; server: Server; asks: Ask[] };

/** The product beside the baselines S, P and U, a second of each in turn, as often as there are rounds. */
export async function rates(rounds: number): Promise<Row[]> {
  const installation = await openInstallation({ people: 1_000, trailEntries: 1_000 }, CONNECTIONS);
  const { url, askers } = installation;
  const [first] = askers;
  if (!first) throw new Error("Nobody asks");
  const baselines: Server[] = [];
  const serve = async (kind: string) => {
    const server = await serveBaseline(kind, url, first.id);
    baselines.push(server);
    return server;
  };
  try {
    const usual = await serve("usual");
    await installation.db.query("create database better_auth");
    const peer = await serveBetterAuth(url.replace(/[^/?]+(?=\?|$)/, "better_auth"));
    if (peer) baselines.push(peer.server);
    const product = await installation.serve();
    const entries: Entry[] = [
      {
        name: "S: plain node:http, JSON, one prepared SELECT",
        server: await serve("plain"),
        asks: [get("/", {}, first.email)],
      },
      {
        name: "P: Express, EJS page, one SELECT",
        server: await serve("page"),
        asks: [get("/", {}, first.email)],
      },
      {
        name: "U: express-session, connect-pg-simple, one SELECT, EJS page",
        server: usual,
        asks: [get("/", { Cookie: await cookieOf(usual) }, first.email)],
      },
      { name: "Latchkey: key check", server: product, asks: keyChecks(askers) },
      { name: "Latchkey: /auth/forward, by session", server: product, asks: forwardChecks(askers) },
      { name: "Latchkey: profile page", server: product, asks: profiles(askers) },
      {
        name: "Latchkey: sign-in page, as a stranger",
        server: product,
        asks: [get("/sign-in", {}, "Forgotten your password?")],
      },
    ];
    if (peer) {
      const { server, key, session } = peer;
      entries.push(
        { name: "better-auth: verification of an API key", server, asks: [key] },
        { name: "better-auth: a session's page of one line", server, asks: [session] },
      );
    }
    return rowsOf(await inTurn(entries, rounds));
  } finally {
    for (const server of baselines) await server.stop();
    await installation.stop();
  }
}

// One round to warm up comes first.
async function inTurn(entries: Entry[], rounds: number): Promise<Map<string, Slice[]>> {
  const slices = new Map<string, Slice[]>(entries.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, server, asks } of entries) {
      const slice = await load(server.port, asks, CONNECTIONS, 1);
      if (round >= 0) slices.get(name)?.push(slice);
    }
  }
  return slices;
}

async function cookieOf({ port }: Server): Promise<string> {
  const login = await fetch(`http://127.0.0.1:${port}/login`);
  await login.text();
  return login.headers.get("set-cookie")?.split(";")[0] ?? "";
}
