import { lookup } from "node:dns/promises";
import os, { availableParallelism } from "node:os";
import bcrypt from "bcrypt";
import { Refusal } from "../../src/base/refusal";
import { passwordProblem } from "../../src/platform/password-strength";
import { makePasswords, PASSWORD_COST } from "../../src/platform/passwords";

const OWN = ["Ada", "Lovelace", "ada.lovelace@example.com"];

describe("a new password", () => {
  it.each([
    "correct horse battery staple",
    "Sunshine-Harbour-42",
    "   a    b    c    ",
    "пароль-который-никто",
    "😀🚀🎉🌍🔑🧭🪶🧩🛶🎻🪁🧶",
  ])("%j is taken", (password) => {
    expect(passwordProblem(password, OWN)).toBeUndefined();
  });

  it.each([
    ["", "Enter a password"],
    ["elevenchars", "Use at least 12 characters: this has 11"],
    ["😀😀😀😀😀😀", "Use at least 12 characters: this has 6"],
    ["x".repeat(257), "Use at most 256 characters: this has 257"],
    ["password1234", "too easy to guess"],
    ["qwertyuiop12", "too easy to guess"],
    ["aaaaaaaaaaaaaaaa", "too easy to guess"],
    ["123456789012", "too easy to guess"],
    ["AdaLovelace2026", "made of your own name or email"],
    ["Lovelace-2026-ada", "made of your own name or email"],
    ["ada.lovelace@example.com", "made of your own name or email"],
  ])("%j is refused with what to do", (password, message) => {
    expect(passwordProblem(password, OWN)).toContain(message);
  });
});

describe("judging a password", () => {
  it("takes no longer for one made to be hard to judge than for a plain one of 40 characters, within ten times", () => {
    const timed = (password: string, own: string[]) => {
      const began = process.hrtime.bigint();
      passwordProblem(password, own);
      return Number(process.hrtime.bigint() - began);
    };
    const hard = "4@8({[<3€6&9#!1|0$5+7%2".repeat(20).slice(0, 256);
    const many = Array.from({ length: 12_000 }, (_, i) => `word${i}`).join(" ");
    timed(hard, OWN);
    const plain = Math.min(...[1, 2, 3].map(() => timed(hard.slice(0, 40), OWN)));
    expect(Math.min(...[1, 2, 3].map(() => timed(hard, [many, many, many]))) / plain).toBeLessThan(10);
  });

  it("takes a processor at most fifteen times as long for digits and signs that could be letters as for plain words", () => {
    const cost = (password: string) => {
      const times = [1, 2, 3].map(() => {
        const before = process.cpuUsage();
        passwordProblem(password, OWN);
        const { user, system } = process.cpuUsage(before);
        return user + system;
      });
      return Math.min(...times);
    };
    const plain = cost("correct horse battery staple and more");
    for (const hard of [
      "ona@[127.0.0.1]'; drop table people; --",
      "4@8({[<3€6&9#!1|0$5+7%24@8({[<3€6&9#!1|0",
    ])
      expect(cost(hard) / plain).toBeLessThan(15);
  });
});

/** As it is made on a machine with so many cores. */
function makePasswordsOn(cores: number, cost: number): ReturnType<typeof makePasswords> {
  jest.spyOn(os, "availableParallelism").mockReturnValue(cores);
  let make = makePasswords;
  jest.isolateModules(() => {
    make = jest.requireActual<{ makePasswords: typeof makePasswords }>(
      "../../src/platform/passwords",
    ).makePasswords;
  });
  return make(Buffer.from("pepper"), cost);
}

describe("a password's hash", () => {
  afterEach(() => jest.restoreAllMocks());

  it("is bcrypt of cost 12 unless a test asks for less", async () => {
    const passwords = makePasswords(Buffer.from("pepper"));
    expect(PASSWORD_COST).toBeGreaterThanOrEqual(12);
    expect(bcrypt.getRounds(await passwords.hash("anything at all"))).toBe(PASSWORD_COST);
  });

  it("counts every byte, also past 72, and every NUL", async () => {
    const passwords = makePasswords(Buffer.from("pepper"), 4);
    const long = "é".repeat(100);
    const hash = await passwords.hash(`${long}a`);
    expect(await passwords.matches(`${long}a`, hash)).toBe(true);
    expect(await passwords.matches(`${long}b`, hash)).toBe(false);
    expect(await passwords.matches("a\0b", await passwords.hash("a\0c"))).toBe(false);
  });

  it("is the same for both ways of writing an accented letter, and another under another pepper", async () => {
    const passwords = makePasswords(Buffer.from("pepper"), 4);
    const hash = await passwords.hash("caf\u00e9 au lait");
    expect(await passwords.matches("cafe\u0301 au lait", hash)).toBe(true);
    const others = makePasswords(Buffer.from("salt"), 4);
    expect(await others.matches("caf\u00e9 au lait", hash)).toBe(false);
  });

  it("is made anew by the present cost where it has a lower one, and only then", async () => {
    const passwords = makePasswords(Buffer.from("pepper"), 6);
    const hash = await makePasswords(Buffer.from("pepper"), 5).hash("the right password");
    const anew = (await passwords.strengthen("the right password", hash)) ?? "";
    expect(bcrypt.getRounds(anew)).toBe(6);
    expect(await passwords.matches("the right password", anew)).toBe(true);
    expect(await passwords.strengthen("the right password", anew)).toBeUndefined();
    const higher = await makePasswords(Buffer.from("pepper"), 7).hash("the right password");
    expect(await passwords.strengthen("the right password", higher)).toBeUndefined();
  });

  it("waits for its turn, so that many at once leave libuv's threads to everybody else", async () => {
    const passwords = makePasswords(Buffer.from("pepper"), 8);
    const hash = await passwords.hash("the right password");
    let done = 0;
    const many = Array.from({ length: 40 }, async () => {
      expect(await passwords.matches("the right password", hash)).toBe(true);
      done += 1;
    });
    await new Promise(setImmediate);
    await lookup("localhost");
    expect(done).toBeLessThan(10);
    const { active } = passwords.line();
    expect([1, 2, 3]).toContain(active);
    // At least one core draws pages meanwhile, where there is more than one.
    expect(active).toBeLessThan(Math.max(2, availableParallelism()));
    await Promise.all(many);
    expect(done).toBe(40);
  });

  it("is refused with 503 at once where the line is longer than six and a half seconds' work, or not made anew, and both are done later", async () => {
    const passwords = makePasswords(Buffer.from("pepper"), 10);
    const hash = await makePasswords(Buffer.from("pepper"), 4).hash("the right password");
    const many = Array.from({ length: 1_000 }, () => passwords.hash("some").catch((error: Refusal) => error));
    const { turnedAway } = passwords.line();
    expect(turnedAway).toBeGreaterThan(100);
    expect(await passwords.strengthen("the right password", hash)).toBeUndefined();
    expect(passwords.line().turnedAway).toBe(turnedAway);
    const outcomes = await Promise.all(many);
    const refused = outcomes.filter((outcome) => outcome instanceof Refusal);
    expect(outcomes.length - refused.length).toBeGreaterThan(5);
    expect(refused).toHaveLength(turnedAway);
    expect(refused[0]).toMatchObject({ status: 503, retryAfterSeconds: 5 });
    expect(bcrypt.getRounds((await passwords.strengthen("the right password", hash)) ?? "")).toBe(10);
  });

  it("that a stranger would have to wait for too long has a place in the line for whoever is known", async () => {
    let milliseconds = 0;
    jest.spyOn(performance, "now").mockImplementation(() => {
      milliseconds += 2_900;
      return milliseconds;
    });
    const passwords = makePasswordsOn(2, 4);
    const hash = await passwords.hash("some");
    for (let i = 0; i < 40; i++) await passwords.hash("one that was timed");
    const waiting = [1, 2].map(() => passwords.hash("one that is worked on, one that is next"));
    await new Promise(setImmediate);
    expect(passwords.line()).toEqual({ active: 1, waiting: 1, turnedAway: 0 });
    expect(() => passwords.mustHaveRoom(false)).toThrow("Too many passwords");
    await expect(passwords.matches("some", hash, false)).rejects.toMatchObject({ status: 503 });
    passwords.mustHaveRoom(true);
    expect(await passwords.matches("some", hash)).toBe(true);
    await Promise.all(waiting);
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [16, 3],
  ])("where the cores number %d is worked on %d at a time", async (cores, atOnce) => {
    const passwords = makePasswordsOn(cores, 8);
    const many = Array.from({ length: 5 }, () => passwords.hash("some"));
    await new Promise(setImmediate);
    expect(passwords.line().active).toBe(atOnce);
    await Promise.all(many);
  });

  it("that takes a minute is refused to whoever would wait for two, and never to whoever is next", async () => {
    let minutes = 0;
    jest.spyOn(performance, "now").mockImplementation(() => {
      minutes += 1;
      return minutes * 60_000;
    });
    const passwords = makePasswordsOn(2, 10);
    await passwords.hash("one that was timed");
    const first = passwords.hash("one that is worked on");
    await new Promise(setImmediate);
    expect(passwords.line()).toEqual({ active: 1, waiting: 0, turnedAway: 0 });
    const next = passwords.hash("one that is next");
    await expect(passwords.hash("one too many")).rejects.toMatchObject({ status: 503 });
    for (const hash of await Promise.all([first, next])) expect(bcrypt.getRounds(hash)).toBe(10);
  });

  it("is waited for in a short line, however many were made before", async () => {
    const passwords = makePasswords(Buffer.from("pepper"), 4);
    for (let i = 0; i < 60; i++) await passwords.hash("one after another");
    await Promise.all(Array.from({ length: 12 }, () => passwords.hash("a few at once")));
    expect(passwords.line().turnedAway).toBe(0);
  });

  it.each([
    ["one that is there", 8],
    ["one from before the cost was raised", 6],
  ])("that is missing never matches, and takes as long as %s", async (_which, cost) => {
    const passwords = makePasswords(Buffer.from("pepper"), 8);
    const hash = await makePasswords(Buffer.from("pepper"), cost).hash("the right password");
    const timed = async (against: string | undefined) => {
      const began = process.hrtime.bigint();
      expect(await passwords.matches("a wrong password", against)).toBe(false);
      return Number(process.hrtime.bigint() - began);
    };
    const [missing, there]: [number[], number[]] = [[], []];
    for (let i = 0; i < 15; i++) {
      missing.push(await timed(undefined));
      there.push(await timed(hash));
    }
    const median = (times: number[]) => [...times].sort((a, b) => a - b)[7] ?? 0;
    expect(median(missing) / median(there)).toBeGreaterThan(0.5);
    expect(median(missing) / median(there)).toBeLessThan(2);
  });
});
