import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came to the application. */
export type Came = {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: string;
};

/** A small application that knows nothing of accounts: it greets whoever its proxy says it is. */
export type Application = { port: number; came: Came[]; close(): Promise<void> };

export async function openApplication(): Promise<Application> {
  const came: Came[] = [];
  const server = createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req.setEncoding("utf8")) body += chunk;
    const { method = "", url = "", headers, rawHeaders } = req;
    came.push({ method, url, headers, rawHeaders, body });
    const name = decodeURIComponent(String(headers["x-latchkey-name"] ?? ""));
    res.setHeader("Content-Type", "text/html; charset=utf-8");
    res.end(`<!DOCTYPE html><title>Wiki</title><h1>Good day, ${name}</h1>`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    came,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
