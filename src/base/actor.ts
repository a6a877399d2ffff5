/** Who does something, by what, and from where: what every entry of the trail says about its doer. */
export type Actor = {
  kind: "person" | "visitor";
  personId: string | null;
  sessionId: string | null;
  /** The address the request came from, as far as the proxy settings let us know it. */
  address: string | null;
  /** The User-Agent, cut to 300 characters. */
  client: string | null;
};
