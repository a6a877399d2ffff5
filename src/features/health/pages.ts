import { clientAddress } from "../../base/client";
import { Refusal } from "../../base/refusal";
import { readVersion } from "../../platform/version";
import { doesAnswer } from "../../records/server";
import { Alive, NotReady, Ready } from "../../web/api/schemas";
import type { Visit } from "../../web/visit";

/** GET /healthz: the process answers. */
export async function alive({ res }: Visit): Promise<void> {
  res.type("text").send(Alive.value);
}

const LONGEST_MS = 1_500;

/** GET /readyz: the database answers too; 503 when it does not within a second and a half. */
export async function ready({ res, desk }: Visit): Promise<void> {
  // Asked where no transaction is waited for: a busy replica is a ready one.
  const answer = await doesAnswer(desk.lookups, LONGEST_MS);
  res
    .status(answer ? 200 : 503)
    .type("text")
    .send(answer ? Ready.value : NotReady.value);
}

/** What the program tells the doctor of how it sees the doctor's own request. */
export type Seen = {
  version: string;
  /** The origin of its BASE_URL, and its COOKIE_DOMAIN and RETURN_ORIGINS. */
  origin: string;
  cookieDomain: string | null;
  returnOrigins: string[];
  protocol: string;
  /** Where the request comes from as this program takes it, and the address at the other end of the connection. */
  address: string | null;
  peer: string | null;
  /** Whether it believes what the other end says of where a request comes from (TRUST_PROXY). */
  believesPeer: boolean;
  /** What a proxy says of how the browser came, believed or not. */
  forwardedProto: string | null;
  forwardedFor: string | null;
  /** Proves that this program has the same APP_SECRET. */
  proof: string;
};

/**
 * GET /healthz/doctor: how this program sees the request, for the doctor alone, who proves by `X-Latchkey-Doctor:
 * <nonce> <proof>` to have APP_SECRET; 404 for anybody else.
 */
export async function describe({ req, res, desk }: Visit): Promise<void> {
  const [nonce = "", proof = ""] = (req.get("x-latchkey-doctor") ?? "").split(" ");
  if (nonce === "" || !desk.introduction.isProof("question", nonce, proof))
    throw new Refusal(404, "There is no page at this address.");
  const seen: Seen = {
    version: readVersion(),
    origin: desk.baseUrl.origin,
    cookieDomain: desk.cookie.domain ?? null,
    returnOrigins: [...desk.returnOrigins],
    protocol: req.protocol,
    address: clientAddress(req.ip),
    peer: clientAddress(req.socket.remoteAddress),
    believesPeer: req.app.get("trust proxy fn")(req.socket.remoteAddress ?? "", 0),
    forwardedProto: req.get("x-forwarded-proto") ?? null,
    forwardedFor: req.get("x-forwarded-for") ?? null,
    proof: desk.introduction.prove("answer", nonce),
  };
  res.json(seen);
}
