import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { Server as SocketServer } from "node:net";
import { setImmediate as immediate } from "node:timers/promises";

const SHORT_TURN_MS = 0.1;
const MOST_HELD_MS = 2_000;
const GRACE_MS = 500;
const HEAD_MS = 3_000;
const LOOK_EVERY_MS = 50;
const DRAIN_MS = 25_000;

/**
 * Takes no new connections and waits for the requests under way, at most 25 seconds. A request that was already on its
 * way on a connection that seemed idle is answered too: those are closed half a second later, and those on which nothing
 * has come yet within five seconds.
 */
export async function drain(server: Server): Promise<void> {
  const began = performance.now();
  const goOn = holdRequests(server);
  await quietTurn(server);
  // http.Server's own would close idle connections at once, under a request that has just been sent.
  const closed = new Promise<void>((resolve) => SocketServer.prototype.close.call(server, () => resolve()));
  // Not before: whose connection is closed opens another, and that would be one of those cut off.
  goOn((_req, res) => res.setHeader("Connection", "close"));
  // Who has connected and says nothing is no idle connection to Node, but a head that takes long.
  server.headersTimeout = HEAD_MS;
  const refusing = performance.now();
  const timer = setInterval(async () => {
    const now = performance.now();
    await immediate();
    if (now - began > DRAIN_MS) server.closeAllConnections();
    else if (now - refusing > GRACE_MS) server.closeIdleConnections();
  }, LOOK_EVERY_MS);
  await closed;
  clearInterval(timer);
}

/** Lets requests wait until what is returned is called: from then on `first` gets them before all others do. */
function holdRequests(server: Server): (first: RequestListener) => void {
  const listeners = server.listeners("request") as RequestListener[];
  const held: [IncomingMessage, ServerResponse][] = [];
  server.removeAllListeners("request");
  server.on("request", (req, res) => held.push([req, res]));
  return (first) => {
    server.removeAllListeners("request");
    for (const listener of [first, ...listeners]) server.on("request", listener);
    for (const asked of held) server.emit("request", ...asked);
  };
}

/**
 * Resolves when nobody connects any more, after two seconds at the latest. Who has connected and was not yet taken when the
 * port is closed is cut off by the system, so the time since the last look must be short; and whoever waits for an
 * answer sends nothing.
 */
async function quietTurn(server: Server): Promise<void> {
  const until = performance.now() + MOST_HELD_MS;
  let taken = 0;
  const count = () => (taken += 1);
  server.on("connection", count);
  // Of those who wait a turn takes one (libuv), and the turn that is under way has looked long ago.
  await immediate();
  for (let began = performance.now(), before = taken; began < until; before = taken) {
    await immediate();
    const ended = performance.now();
    if (taken === before && ended - began < SHORT_TURN_MS) break;
    began = ended;
  }
  server.off("connection", count);
}
