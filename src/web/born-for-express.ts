import { IncomingMessage, type ServerOptions, ServerResponse } from "node:http";
import type { Express } from "express";

const NEWEST_THAT_GAINS = 20;

/**
 * What to give `createServer` so that requests and answers have Express's prototypes from the start. Express gives each
 * of them its own, which on Node 20 makes everything after it slower; on later ones it is left out.
 */
export function bornForExpress(app: Express): ServerOptions {
  if (Number.parseInt(process.versions.node, 10) > NEWEST_THAT_GAINS) return {};
  // As classes: V8 then makes room in each for all that Node's own constructors put there. Without that they are hash tables.
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  app.request = bornWith(Request, app.request);
  app.response = bornWith(Response, app.response);
  return { IncomingMessage: Request, ServerResponse: Response } as ServerOptions;
}

// Express asks whether a message has the application's prototype, so that has to be this one.
function bornWith<Message extends object>(Born: { prototype: object }, prototype: Message): Message {
  return Object.setPrototypeOf(Born.prototype, prototype);
}
