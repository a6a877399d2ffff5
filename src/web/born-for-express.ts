import { IncomingMessage, type ServerOptions, ServerResponse } from "node:http";
import type { Express } from "express";
import { bornToBegin } from "./standing-headers";

/**
 * What to give `createServer` so that requests and answers have Express's prototypes from the start, and answers can begin
 * with standing headers (`standing-headers.ts`). Express gives each of them its own prototype, which makes everything after
 * it slower, on Node 20 most of all.
 */
export function bornForExpress(app: Express): ServerOptions {
  // As classes: V8 then makes room in each for all that Node's own constructors put there. Without that they are hash tables.
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  app.request = bornWith(Request, app.request);
  app.response = bornWith(Response, app.response);
  bornToBegin(Response);
  return { IncomingMessage: Request, ServerResponse: Response } as ServerOptions;
}

// Express asks whether a message has the application's prototype, so that has to be this one.
function bornWith<Message extends object>(Born: { prototype: object }, prototype: Message): Message {
  return Object.setPrototypeOf(Born.prototype, prototype);
}
