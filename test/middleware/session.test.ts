import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express, { type RequestHandler } from "express";
import { sessions } from "../../src/middleware/session";
import { openTestDesk, type TestDesk } from "../support/desk";
import { type Known, setUp } from "../support/people";
import { ageSession, idleFor } from "../support/time";
import { untilBlocked } from "../support/until";

let desk: TestDesk;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterAll(() => desk.close());

describe("a page whose session was not changed", () => {
  it("is answered once its request is counted as activity, whole and once", async () => {
    await ada.visitor.open("/profile/sessions");
    await ageSession(desk, ada.visitor, 100);
    const blocker = await desk.db.connect();
    await blocker.query("begin; lock table sessions in exclusive mode");
    let answered = false;
    const opened = ada.visitor.open("/profile/sessions").then(() => {
      answered = true;
    });
    await untilBlocked(desk.db);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(answered).toBe(false);
    await blocker.query("commit");
    blocker.release();
    await opened;
    expect([ada.visitor.status, ada.visitor.heading]).toEqual([200, "Where you're signed in"]);
    expect(await idleFor(desk, ada.visitor)).toBeLessThan(50);
  });
});

describe("what a handler leaves in a session", () => {
  it.each<[string, boolean, RequestHandler]>([
    [
      "is saved with the answer, whoever forgot to save it before",
      true,
      (req, res) => {
        req.session.notice = "Something was left here.";
        res.end("done");
      },
    ],
    [
      "and saved, and then changed back, is saved again",
      false,
      (req, res) => {
        req.session.notice = "Something was left here.";
        req.session.save(() => {
          Reflect.deleteProperty(req.session, "notice");
          res.end("done");
        });
      },
    ],
    [
      "is nothing: then it is answered once, too",
      false,
      (_req, res) => {
        res.end("done");
        res.end("done again");
      },
    ],
    [
      "and changed back while it is saved is answered once",
      true,
      (req, res) => {
        req.session.notice = "Something was left here.";
        res.end("done");
        Reflect.deleteProperty(req.session, "notice");
        res.end("done again");
      },
    ],
  ])("%s", async (_name, kept, handler) => {
    const app = express().use(sessions(desk.desk)).get("/forgetful", handler);
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const visitor = await ada.visitor.tab().open("/profile/sessions");
      await ageSession(desk, visitor, 100);
      const headers = { cookie: visitor.cookieHeader() };
      const answer = await fetch(`http://127.0.0.1:${port}/forgetful`, { headers });
      expect([answer.status, await answer.text()]).toEqual([200, "done"]);
      expect((await visitor.open("/profile")).text.includes("Something was left here.")).toBe(kept);
      expect((await visitor.open("/profile")).text).not.toContain("Something was left here.");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
