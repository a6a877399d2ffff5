import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

type Mood =
  /** Everything passes. */
  | "passes"
  /** Nothing passes, and nobody is told: as when a machine or a network is lost. */
  | "silent"
  /** A `commit` passes; its answer does not, the connection breaks instead. */
  | "loses-answer-to-commit"
  /** A change to somebody's row does not pass, the connection breaks instead. */
  | "breaks-before-change";

/** The wire between a program and its Postgres. */
export class Wire {
  mood: Mood = "passes";
  #server: Server;
  #sockets = new Set<Socket>();
  #connections = new Set<() => void>();

  private constructor(
    readonly url: string,
    server: Server,
  ) {
    this.#server = server;
  }

  static async to(postgresUrl: string): Promise<Wire> {
    const { hostname, port } = new URL(postgresUrl);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(postgresUrl);
    url.port = String((server.address() as AddressInfo).port);
    const wire = new Wire(url.href, server);
    server.on("connection", (near) => wire.#join(near, connect(Number(port), hostname)));
    return wire;
  }

  /** Lets nothing pass any more on the connections there are, and tells nobody; new ones are as ever. */
  forget(): void {
    for (const die of this.#connections) die();
    this.#connections.clear();
  }

  async end(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  // A connection that was silent once stays so: the other side has forgotten it.
  #join(near: Socket, far: Socket): void {
    let dead = false;
    let committing = false;
    this.#connections.add(() => {
      dead = true;
    });
    const hangUp = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        if (!dead) hangUp();
      });
    }
    near.on("data", (bytes) => {
      dead ||= this.mood === "silent";
      if (dead) return;
      committing = bytes.includes("commit\0");
      if (bytes.includes("update people") && this.mood === "breaks-before-change") return hangUp();
      far.write(bytes);
    });
    far.on("data", (bytes) => {
      dead ||= this.mood === "silent";
      if (dead) return;
      if (committing && this.mood === "loses-answer-to-commit") return hangUp();
      near.write(bytes);
    });
  }
}
