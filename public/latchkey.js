// Everything works without this script. It copies, focuses the first problem, and keeps a form from being sent twice.

document.querySelector("[data-focus]")?.focus();

for (const form of document.querySelectorAll('form[method="post"]')) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // A page that comes back with the Back button may be sent again.
  addEventListener("pageshow", () => {
    sent = false;
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text =
      source.value ?? [...source.querySelectorAll("code")].map((code) => code.textContent).join("\n");
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 4000);
  });
}

// Browsers may keep a page in memory for the Back button even where the server forbids caches; secrets leave with it.
addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-secret]")) secret.remove();
});
