import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A plain proxy in front of the desk, with what else a proxy may send along. */
export type PlainProxy = { origin: string; close(): Promise<void> };

/** Passes everything on to `target` as it came, with these headers added: as one does that takes TLS off. */
export async function openProxy(target: string, added: Record<string, string>): Promise<PlainProxy> {
  const server = createServer((req, res) => {
    const { hostname, port } = new URL(target);
    const { method, url: path } = req;
    const headers = { ...req.headers, "x-forwarded-for": "203.0.113.7", ...added };
    const onward = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(res);
    });
    onward.on("error", () => res.destroy());
    req.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
