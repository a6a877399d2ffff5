import { IncomingMessage, type ServerOptions, ServerResponse } from "node:http";
import type { Express } from "express";

const NEWEST_THAT_GAINS = 20;

/**
 * What to give `createServer` so that requests and answers have Express's prototypes from the start. Express gives each
 * of them its own, which on Node 20 makes everything after it slower; on later ones it is left out. It leans on Node's
 * message classes being callable without `new`, which a test holds.
 */
export function bornForExpress(app: Express): ServerOptions {
  if (Number.parseInt(process.versions.node, 10) > NEWEST_THAT_GAINS) return {};
  return {
    IncomingMessage: bornAs(IncomingMessage, app.request),
    ServerResponse: bornAs(ServerResponse, app.response),
  } as ServerOptions;
}

function bornAs(parent: unknown, prototype: object): unknown {
  function Message(this: object, ...args: unknown[]) {
    (parent as (...args: unknown[]) => void).apply(this, args);
  }
  Message.prototype = prototype;
  return Message;
}
