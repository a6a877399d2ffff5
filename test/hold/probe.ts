import { setTimeout as pause } from "node:timers/promises";
import { send } from "./load";

/** Asks /healthz and /readyz twice a second, as an orchestrator does, while the database is away. */
export class Probe {
  #stopped = false;
  #working: Promise<unknown> = Promise.resolve();
  #slowestHealthMs = 0;
  #slowestReadyMs = 0;
  #strange: string[] = [];

  constructor(
    readonly origin: string,
    readonly ready: number[],
  ) {}

  start(): void {
    this.#working = this.#work();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  figures() {
    return {
      slowestHealthMs: this.#slowestHealthMs,
      slowestReadyMs: this.#slowestReadyMs,
      strange: this.#strange,
    };
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      const [health, ready] = await Promise.all([this.#timed("/healthz"), this.#timed("/readyz")]);
      this.#slowestHealthMs = Math.max(this.#slowestHealthMs, health.ms);
      this.#slowestReadyMs = Math.max(this.#slowestReadyMs, ready.ms);
      if (health.status !== 200) this.#strange.push(`/healthz ${health.status}`);
      if (!this.ready.includes(ready.status ?? 0) && !this.#stopped)
        this.#strange.push(`/readyz ${ready.status}`);
      await pause(500);
    }
  }

  async #timed(path: string): Promise<{ status: number | undefined; ms: number }> {
    const began = performance.now();
    const answer = await send(false, this.origin, path);
    return { status: answer?.status, ms: Math.round(performance.now() - began) };
  }
}
