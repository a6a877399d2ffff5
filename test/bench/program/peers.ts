import { existsSync } from "node:fs";
import path from "node:path";
import { get } from "./asks";
import type { Ask } from "./connection";
import { type Server, startProgram } from "./serve";

const PEERS = path.join(__dirname, "..", "..", "test", "bench", "peers");

/**
 * better-auth with its API key plugin on a database of its own, with what is asked of it; undefined where nobody has
 * installed it in the bench's folder.
 */
export async function serveBetterAuth(
  databaseUrl: string,
): Promise<{ server: Server; key: Ask; session: Ask } | undefined> {
  if (!existsSync(path.join(PEERS, "node_modules", "better-auth"))) {
    process.stdout.write("better-auth is left out: npm ci in test/bench/peers installs it\n");
    return undefined;
  }
  const command = [process.execPath, path.join(PEERS, "better-auth.mjs"), databaseUrl];
  const { server, printed } = await startProgram(
    command,
    { NODE_ENV: "production" },
    /^\{.*"port":(\d+).*\}$/m,
  );
  const { key, cookie, email } = JSON.parse(printed);
  return {
    server,
    key: get("/verify", { "X-API-Key": key }, "good"),
    session: get("/session", { Cookie: cookie }, email),
  };
}
