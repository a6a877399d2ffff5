/** Who does something, by what, and from where: what every entry of the trail says about its doer. */
export type Actor = {
  kind: "person" | "visitor" | "service-account" | "command-line";
  /** The id of the person or service account. */
  personId: string | null;
  sessionId: string | null;
  /** The API key it was done with. */
  keyId?: string | null;
  /** The address the request came from, as far as the proxy settings let us know it. */
  address: string | null;
  /** The User-Agent, cut to 300 characters. */
  client: string | null;
};

/** The operator at the server's command line: nobody who could be named. */
export const COMMAND_LINE: Actor = {
  kind: "command-line",
  personId: null,
  sessionId: null,
  address: null,
  client: null,
};
