/** A mail before it is dressed: a subject, paragraphs of plain text, and at most one link. */
export type Letter = {
  subject: string;
  paragraphs: string[];
  link?: { label: string; url: string };
};

/** A letter as plain text and as HTML, both ending with where it comes from. */
export function dressLetter(letter: Letter, baseUrl: URL): { text: string; html: string } {
  const home = baseUrl.origin;
  return { text: asText(letter, home), html: asHtml(letter, home) };
}

function asText({ paragraphs, link }: Letter, home: string): string {
  const blocks = [...paragraphs, ...(link ? [`${link.label}:\n${link.url}`] : [])];
  return `${blocks.join("\n\n")}\n\n-- \nLatchkey at ${home}\n`;
}

// Without colours of its own, so that the reader's light or dark ones hold; nothing is loaded from anywhere.
function asHtml({ subject, paragraphs, link }: Letter, home: string): string {
  const texts = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`);
  const links = link ? [linkBlock(link)] : [];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(subject)}</title>
</head>
<body style="margin: 0; padding: 24px; font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif">
<div style="max-width: 560px; overflow-wrap: break-word">
${[...texts, ...links].join("\n")}
<p style="margin-top: 32px; font-size: 14px">Latchkey at <a href="${escapeHtml(home)}">${escapeHtml(home)}</a></p>
</div>
</body>
</html>
`;
}

function linkBlock({ label, url }: { label: string; url: string }): string {
  const button =
    "display: inline-block; padding: 10px 18px; border-radius: 6px; background: #1d5f4b; color: #ffffff; font-weight: 600; text-decoration: none";
  return `<p><a href="${escapeHtml(url)}" style="${button}">${escapeHtml(label)}</a></p>
<p style="font-size: 14px">If that does not open, copy this address: <br>${escapeHtml(url)}</p>`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
}
