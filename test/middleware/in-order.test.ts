import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { inOrder } from "../../src/middleware/in-order";

const told: ErrorRequestHandler = (error, _req, res, _next) => {
  res.status(500).send(`refused: ${error instanceof Error ? error.message : error}`);
};

async function ask(...handlers: RequestHandler[]): Promise<{ status: number; text: string }> {
  const app = express();
  app.use(inOrder(handlers));
  app.use((_req, res) => res.send("nobody"));
  app.use(told);
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const text = await answer.text();
  server.closeAllConnections();
  server.close();
  return { status: answer.status, text };
}

const passes: RequestHandler = (_req, _res, next) => next();
const passesLater: RequestHandler = (_req, _res, next) => void setImmediate(next);
const answers: RequestHandler = (_req, res) => void res.send("answered");
const mustNotBeAsked: RequestHandler = (_req, res) => void res.send("asked all the same");

describe("a request that is handed to one after the other", () => {
  it("is answered by the first that passes it to nobody, now or later", async () => {
    expect((await ask(passes, passesLater, passes, answers, mustNotBeAsked)).text).toBe("answered");
  });

  it("goes on behind them when all pass it on", async () => {
    expect((await ask(passes, passesLater)).text).toBe("nobody");
    expect((await ask()).text).toBe("nobody");
  });

  it.each<[string, RequestHandler, string]>([
    [
      "throws",
      () => {
        throw new Error("thrown");
      },
      "refused: thrown",
    ],
    ["passes on an error", (_req, _res, next) => next("passed on"), "refused: passed on"],
    [
      "rejects",
      async () => {
        throw new Error("rejected");
      },
      "refused: rejected",
    ],
    ["rejects without a reason", () => Promise.reject(), "refused: A request failed without saying why"],
    [
      "throws nothing",
      () => {
        throw undefined;
      },
      "refused: A request failed without saying why",
    ],
  ])("is refused where one %s, and asks nobody else", async (_how, fails, answer) => {
    expect(await ask(passes, fails, mustNotBeAsked)).toEqual({ status: 500, text: answer });
  });
});
