// better-auth with its API key plugin, as its own documents set it up, in one program: it prints its port, a key and a
// session's cookie, and answers /verify and /session. Limits of rate are off, as for everything beside it.
import { createServer } from "node:http";
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { fromNodeHeaders } from "better-auth/node";
import { Pool } from "pg";

const [, , databaseUrl] = process.argv;
const EMAIL = "peer@example.com";

const auth = betterAuth({
  database: new Pool({ connectionString: databaseUrl, max: 10, idleTimeoutMillis: 0 }),
  baseURL: "http://127.0.0.1",
  secret: "a secret for benches that nobody else may use",
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const { headers, response } = await auth.api.signUpEmail({
  body: { email: EMAIL, password: "correct horse battery staple", name: "Peer" },
  returnHeaders: true,
});
const { key } = await auth.api.createApiKey({ body: { name: "bench", userId: response.user.id } });

async function answer(req) {
  if (req.url === "/verify") {
    const { valid } = await auth.api.verifyApiKey({ body: { key: req.headers["x-api-key"] } });
    return valid ? [200, "good"] : [401, "bad"];
  }
  const session = await auth.api.getSession({ headers: fromNodeHeaders(req.headers) });
  return session ? [200, `You are ${session.user.email}`] : [401, "nobody"];
}

const server = createServer((req, res) => {
  answer(req)
    .catch((error) => [500, String(error)])
    .then(([status, body]) =>
      res
        .writeHead(status, { "Content-Type": "text/plain", "Content-Length": Buffer.byteLength(body) })
        .end(body),
    );
}).listen(0, "127.0.0.1", () => {
  const cookie = headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  process.stdout.write(`${JSON.stringify({ key, cookie, email: EMAIL, ...server.address() })}\n`);
});
