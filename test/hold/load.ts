import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import Tokens from "csrf";
import { generateSync } from "otplib";
import type { Pool } from "pg";
import { PASSWORD, type Somebody } from "./crowd";

/** An answer as the load reads it. */
export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };

/** What became of requests of one kind. */
export type Tally = {
  sent: number;
  answered: number;
  /** Answered with 503 and `Retry-After`. */
  refused: number;
  /** Not answered: the connection broke. */
  broken: number;
  /** Answered with anything else, each as it was. */
  strange: string[];
  slowestMs: number;
};

/** What the load was told, to be held against the database afterwards. */
export type Told = {
  /** What somebody was told is saved, and what that nothing was changed. */
  saved: Set<string>;
  unsaved: Set<string>;
  /** Keys that were shown, in their order, by their owner. */
  keys: Map<string, string[]>;
  /** Cookies of sessions that were begun by a password and a code. */
  cookies: string[];
};

type Kind = "save" | "page" | "check" | "regenerate" | "sign-in";

// Values are unique in the run, so that several loads can be told apart in one database.
let number = 0;

/** Mixed load on one or more replicas: each somebody does one thing after another, until `stop`. */
export class Load {
  readonly tallies: Record<Kind, Tally> = {
    save: none(),
    page: none(),
    check: none(),
    regenerate: none(),
    "sign-in": none(),
  };
  readonly told: Told = { saved: new Set(), unsaved: new Set(), keys: new Map(), cookies: [] };
  /** Moments of answers that were as they should be, by the process's clock. */
  readonly good: number[] = [];
  /** The moment of the last refusal. */
  lastRefusal = 0;
  /** How many seconds the program's clock is ahead of the test's. */
  clockAhead = 0;
  /** The session timeout that is saved, in seconds. */
  sessionTimeout = 1800;
  #agent = new Agent({ keepAlive: true, maxSockets: 100 });
  #stopped = false;
  #working: Promise<unknown>[] = [];

  constructor(
    public origins: string[],
    readonly db: Pool,
  ) {}

  /** Four in ten save profiles, two check keys, two regenerate keys, two sign in. */
  start(people: Somebody[]): void {
    const works = [this.#save, this.#check, this.#save, this.#regenerate, this.#signIn];
    this.#working = people.map((somebody, i) => this.#keepAt(works[i % works.length] as Work, somebody));
  }

  /** Lets everybody finish what they are at, and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#working);
    this.#agent.destroy();
  }

  /** How many have been refused so far. */
  refusals(): number {
    return Object.values(this.tallies).reduce((sum, { refused }) => sum + refused, 0);
  }

  /** One request; undefined where the connection broke. */
  async ask(
    kind: Kind,
    path: string,
    somebody?: Somebody,
    form?: Record<string, string>,
    more: Record<string, string> = {},
  ): Promise<Answer | undefined> {
    const tally = this.tallies[kind];
    tally.sent += 1;
    const origin = this.origins[number++ % this.origins.length] as string;
    const began = performance.now();
    const answer = await send(
      this.#agent,
      origin,
      path,
      { ...(somebody && { cookie: somebody.cookie }), ...more },
      form,
    );
    const now = performance.now();
    tally.slowestMs = Math.max(tally.slowestMs, Math.round(now - began));
    if (!answer) tally.broken += 1;
    else if (answer.status === 503 && answer.headers["retry-after"]) {
      tally.refused += 1;
      this.lastRefusal = now;
    } else if (answer.status < 400) {
      tally.answered += 1;
      this.good.push(now);
    } else tally.strange.push(`${answer.status} ${path} ${titleOf(answer)}`);
    return answer;
  }

  async #keepAt(work: Work, somebody: Somebody): Promise<void> {
    while (!this.#stopped) {
      const answer = await work.call(this, somebody);
      if (!answer || answer.status >= 400) await pause(50 + Math.random() * 100);
    }
  }

  async #save(somebody: Somebody): Promise<Answer | undefined> {
    const page = await this.ask("page", "/profile", somebody);
    const version = /name="version" value="(\d+)"/.exec(page?.body ?? "")?.[1];
    if (page?.status !== 200 || version === undefined) {
      // Whoever is signed in must never be taken for signed out.
      if (page && page.status < 400)
        this.tallies.page.strange.push(`${page.status} to ${page.headers.location}`);
      return page;
    }
    const value = `Value ${++number}`;
    const answer = await this.ask("save", "/profile", somebody, {
      _csrf: new Tokens().create(somebody.csrfSecret),
      version,
      firstName: value,
      lastName: "Hopper",
      phoneNumber: "",
      sessionTimeout: String(this.sessionTimeout),
    });
    if (answer?.status === 303) this.told.saved.add(value);
    else if (answer?.body.includes("Nothing was changed")) this.told.unsaved.add(value);
    return answer;
  }

  async #check(somebody: Somebody): Promise<Answer | undefined> {
    const answer = await this.ask("check", "/v1/authentication/verify", undefined, undefined, {
      "x-api-key": somebody.key,
    });
    await pause(5);
    return answer;
  }

  async #regenerate(somebody: Somebody): Promise<Answer | undefined> {
    const live = await this.ask("page", "/profile/api-key/regenerate", somebody);
    const replaces = /name="replaces" value="(\w+)"/.exec(live?.body ?? "")?.[1];
    if (!replaces) return live;
    const form = { _csrf: new Tokens().create(somebody.csrfSecret), replaces };
    const answer = await this.ask("regenerate", "/profile/api-key/regenerate", somebody, form);
    const key = /lk[0-9A-Za-z]{46}/.exec(answer?.body ?? "")?.[0];
    if (answer?.status === 200 && key) {
      const keys = this.told.keys.get(somebody.id) ?? [somebody.key];
      this.told.keys.set(somebody.id, [...keys, key]);
    }
    return answer;
  }

  async #signIn({ id, email, secret }: Somebody): Promise<Answer | undefined> {
    // Each code counts once and then only the next; the test cannot wait 30 seconds for that. Nor for what counts as a
    // guess because the program was killed before it had looked at it.
    const reset = await this.db
      .query(
        `with forgotten as (delete from throttles where key in (select key from throttles for update skip locked))
         update second_factors set last_step = 0 where person_id = $1`,
        [id],
      )
      .catch(() => undefined);
    if (!reset) return undefined;
    const first = await this.ask("sign-in", "/sign-in", undefined, { email, password: PASSWORD });
    const half = cookieOf(first);
    if (first?.status !== 303 || !half) return first;
    const page = await this.ask("page", "/sign-in/two-factor", undefined, undefined, { cookie: half });
    const token = /name="_csrf" value="([^"]+)"/.exec(page?.body ?? "")?.[1];
    if (!token) return page;
    const form = { _csrf: token, code: generateSync({ secret, epoch: Date.now() / 1000 + this.clockAhead }) };
    const answer = await this.ask("sign-in", "/sign-in/two-factor", undefined, form, { cookie: half });
    const cookie = cookieOf(answer);
    if (answer?.status === 303 && answer.headers.location === "/profile" && cookie)
      this.told.cookies.push(cookie);
    await pause(50);
    return answer;
  }
}

type Work = (somebody: Somebody) => Promise<Answer | undefined>;

function none(): Tally {
  return { sent: 0, answered: 0, refused: 0, broken: 0, strange: [], slowestMs: 0 };
}

function titleOf({ body }: Answer): string {
  return /<h1>([^<]*)/.exec(body)?.[1] ?? body.slice(0, 600);
}

function cookieOf(answer: Answer | undefined): string | undefined {
  const [cookie] = [answer?.headers["set-cookie"] ?? []].flat();
  return cookie?.split(";")[0];
}

/** One request on a connection of the agent's, the body read to its end; undefined where the connection broke. */
export function send(
  agent: Agent | false,
  origin: string,
  path: string,
  headers: Record<string, string> = {},
  form?: Record<string, string>,
): Promise<Answer | undefined> {
  const body = form && new URLSearchParams(form).toString();
  const all = {
    ...headers,
    ...(body !== undefined && {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(Buffer.byteLength(body)),
      referer: origin + path,
    }),
  };
  return new Promise((resolve) => {
    const asked = request(
      origin + path,
      { method: body === undefined ? "GET" : "POST", headers: all, agent },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
        response.on("error", () => resolve(undefined));
      },
    );
    asked.on("error", () => resolve(undefined));
    asked.end(body);
  });
}
