import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { CommandRefused } from "./command";

/** What this program answers to at all. */
const METHODS = "GET, HEAD, POST";

// Longer than proxies keep a connection idle, or they would now and then send a request into one that just closes.
const KEEP_ALIVE_MS = 75_000;
// A head has to arrive within ten seconds and a body within twenty: forms are small. Whoever does not read the answer is
// let go after two minutes.
const LIMITS = { headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 2_000 };
const SILENT_MS = 120_000;
// Some 10 kB each while they are idle.
const MOST_CONNECTIONS = 10_000;

/** Serves on this port and host; what is malformed, too long or too slow is answered with 400, 431 or 408 by Node. */
export async function listen(
  { options, listener }: { options: ServerOptions; listener: RequestListener },
  { port, host }: { port: number; host: string | undefined },
): Promise<Server> {
  const server = createServer({ ...LIMITS, ...options }, listener);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(SILENT_MS);
  // Without a listener Node would hang up without a word.
  server.on("connect", (_req, socket) =>
    socket.end(
      `HTTP/1.1 405 Method Not Allowed\r\nAllow: ${METHODS}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    ),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(asRefusal(error, port, host)));
    server.listen(port, host, resolve);
  });
  return server;
}

function asRefusal(error: NodeJS.ErrnoException, port: number, host: string | undefined): Error {
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} is taken by another program: stop that, or choose another port.`,
    EACCES: `Port ${port} may not be listened on by this user: choose one above 1023.`,
    EADDRNOTAVAIL: `HOST is ${host}, which is no address of this computer.`,
    ENOTFOUND: `HOST is ${host}, a name that nobody knows: give an address of this computer.`,
    EAI_AGAIN: `HOST is ${host}, a name that cannot be looked up: give an address of this computer.`,
  };
  const sentence = sentences[error.code ?? ""];
  return sentence === undefined ? error : new CommandRefused(sentence, { cause: error });
}
