import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";

/** A certificate of the tests' own for example.com, its hosts, and localhost, and the file to trust it by. */
export const CERTIFICATE = path.join(__dirname, "example.com.pem");
const KEY = path.join(__dirname, "example.com.key");

/** How the proxy says where a request comes from. */
type ProxyHeaders = (seen: {
  address: string;
  headers: Record<string, unknown>;
}) => Record<string, string | undefined>;

/** What a proxy in front of Latchkey should send. */
export const asItShould: ProxyHeaders = ({ address }) => ({
  "x-forwarded-for": address,
  "x-forwarded-proto": "https",
});

/** A proxy that takes TLS off at https://localhost, and passes everything on to a port of this computer. */
export async function openTlsProxy(
  to: number,
  more: ProxyHeaders = asItShould,
  port = 0,
): Promise<{ origin: string; port: number; close(): Promise<void> }> {
  const server = createServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) }, (req, res) => {
    const address = req.socket.remoteAddress ?? "";
    const headers = { ...req.headers, ...more({ address, headers: req.headers }) };
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const { method, url: where } = req;
    const onward = request(
      { host: "127.0.0.1", port: to, method, path: where, headers: given, agent: false },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(res);
      },
    );
    onward.on("error", () => res.writeHead(502).end("Bad gateway"));
    req.pipe(onward);
  });
  server.listen(port, "localhost");
  await once(server, "listening");
  const taken = (server.address() as AddressInfo).port;
  return {
    origin: `https://localhost:${taken}`,
    port: taken,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
