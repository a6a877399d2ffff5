// Everything works without this script. It copies, focuses the first problem, and keeps a form from being sent twice.

document.querySelector("[data-focus]")?.focus();

for (const form of document.querySelectorAll('form[method="post"]')) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    // Whoever stops a slow page and stays may send it again.
    setTimeout(() => {
      sent = false;
    }, 3000);
  });
  // A page that comes back with the Back button may be sent again.
  addEventListener("pageshow", () => {
    sent = false;
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    button.textContent = (await copy(source)) ? "Copied" : "Select and copy it yourself";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 4000);
  });
}

async function copy(source) {
  try {
    const codes = [...source.querySelectorAll("code")].map((code) => code.textContent);
    await navigator.clipboard.writeText(source.value ?? codes.join("\n"));
    return true;
  } catch {
    // Refused, or not offered over plain HTTP from another machine: what is selected can still be copied.
    getSelection().selectAllChildren(source);
    source.select?.();
    return document.execCommand("copy");
  }
}

// Browsers may keep a page in memory for the Back button even where the server forbids caches; secrets leave with it.
addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-secret], [data-copy]")) secret.remove();
});
