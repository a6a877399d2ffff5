/** A mail as its reader sees it. */
export type ReceivedMail = {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The links in the text part, without the one at its foot. */
  links: string[];
  messageId: string;
  /** Headers by lower-case name, unfolded. */
  headers: Record<string, string>;
  raw: string;
};

/** Reads a mail of one text and one HTML part, from its bytes as latin1. */
export function readMail(raw: string, to: string): ReceivedMail {
  const { headers, body } = split(raw);
  const boundary = /boundary="?([^";]+)"?/.exec(headers["content-type"] ?? "")?.[1];
  if (boundary === undefined) throw new Error(`This mail has one part only:\n${raw}`);
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\r\n/, "").replace(/\r\n$/, "")));
  const partOf = (type: string) => {
    const part = parts.find((each) => each.headers["content-type"]?.startsWith(type));
    return part ? decode(part.body, part.headers["content-transfer-encoding"]) : "";
  };
  const text = partOf("text/plain").replaceAll("\r\n", "\n");
  return {
    to,
    subject: decodeWords(headers.subject ?? ""),
    text,
    html: partOf("text/html"),
    links: text.split("\n-- \n")[0]?.match(/https?:\/\/\S+/g) ?? [],
    messageId: headers["message-id"] ?? "",
    headers,
    raw,
  };
}

function split(text: string): { headers: Record<string, string>; body: string } {
  const end = text.indexOf("\r\n\r\n");
  const head = (end === -1 ? text : text.slice(0, end)).replace(/\r\n[ \t]+/g, " ");
  const lines = head.split("\r\n").map((line) => [line.split(":")[0] ?? "", line.replace(/^[^:]*:\s*/, "")]);
  const headers = Object.fromEntries(lines.map(([name = "", value]) => [name.toLowerCase(), value ?? ""]));
  return { headers, body: end === -1 ? "" : text.slice(end + 4) };
}

function decode(body: string, encoding = "7bit"): string {
  if (encoding === "base64") return Buffer.from(body, "base64").toString("utf8");
  return Buffer.from(encoding === "quoted-printable" ? unquote(body) : body, "latin1").toString("utf8");
}

function unquote(text: string): string {
  return text
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === "b"
        ? Buffer.from(word, "base64").toString("utf8")
        : decode(word.replaceAll("_", " "), "quoted-printable"),
    );
}
