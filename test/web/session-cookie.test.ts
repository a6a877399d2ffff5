import { readSid, signSid } from "../../src/web/session-cookie";

const SID = "a-session_id";
const COOKIE = { name: "latchkey", secrets: ["the present secret", "an earlier secret"] };
const cookieOf = (value: string) => `latchkey=${encodeURIComponent(value)}`;

describe("the session cookie", () => {
  it.each(COOKIE.secrets)("signed by %s names its session", (secret) => {
    expect(readSid(cookieOf(signSid(SID, secret)), COOKIE)).toBe(SID);
  });

  it.each(["; ", ";", ";  "])("is found among others that are parted by %j", (between) => {
    const cookies = ["theme=dark", cookieOf(signSid(SID, "the present secret")), "other=1"].join(between);
    expect(readSid(cookies, COOKIE)).toBe(SID);
  });

  it.each([
    ["signed by a secret that is not ours", cookieOf(signSid(SID, "somebody's secret"))],
    [
      "of another session with this one's signature",
      cookieOf(signSid(SID, "the present secret").replace(SID, "other")),
    ],
    ["without a signature", cookieOf(`s:${SID}`)],
    ["with an empty signature", cookieOf(`s:${SID}.`)],
    ["with a signature cut short", cookieOf(signSid(SID, "the present secret").slice(0, -1))],
    ["with something after it", cookieOf(`${signSid(SID, "the present secret")}x`)],
    ["with another line after it", cookieOf(`${signSid(SID, "the present secret")}\nx`)],
    ["with something before it", cookieOf(`x${signSid(SID, "the present secret")}`)],
    ["that cannot be decoded", "latchkey=%E0%A4%A"],
    ["of another name", cookieOf(signSid(SID, "the present secret")).replace("latchkey", "latchkey2")],
    ["after another one of its name", `latchkey=x; ${cookieOf(signSid(SID, "the present secret"))}`],
    ["that is not there", undefined],
  ])("%s names none", (_what, header) => {
    expect(readSid(header, COOKIE)).toBeUndefined();
  });
});
