// Everything works without this script. It focuses the message where the browser did not, shows passwords, copies, tells times in the
// reader's own zone, and keeps a form from being sent twice.

document.querySelector("[autofocus]")?.focus();

// Left behind by a button that only leads somewhere: its form has nothing to send.
if (/^[^?#]*\?(#|$)/.test(location.href)) history.replaceState(null, "", location.href.replace("?", ""));

for (const form of document.querySelectorAll('form[method="post"]')) {
  let sent = false;
  const mark = (now, button) => {
    sent = now;
    if (now) button?.setAttribute("aria-disabled", "true");
    else for (const other of form.querySelectorAll("[aria-disabled]")) other.removeAttribute("aria-disabled");
  };
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    mark(true, event.submitter);
    // Whoever stops a slow page and stays may send it again.
    setTimeout(mark, 3000, false);
  });
  // A page that comes back with the Back button may be sent again.
  addEventListener("pageshow", () => mark(false));
}

for (const field of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show-password link";
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide password" : "Show password";
  };
  show(false);
  button.addEventListener("click", () => show(field.type === "password"));
  field.after(button);
  // Sent as a password, so that password managers know it and no browser keeps it among what was typed.
  field.form?.addEventListener("submit", () => show(false));
}

const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const days = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });
const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  const away = Math.round((midnight(at) - midnight(Date.now())) / 86_400_000);
  const day = Math.abs(away) <= 1 ? days.format(away, "day") : date.format(at);
  time.textContent = `${day} at ${clock.format(at)}`;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  button.after(said);
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    said.textContent = button.textContent = (await copy(source)) ? "Copied" : "Select and copy it yourself";
    setTimeout(() => {
      button.textContent = "Copy";
      said.textContent = "";
    }, 4000);
  });
}

async function copy(source) {
  try {
    const codes = [...source.querySelectorAll("code")].map((code) => code.textContent);
    await navigator.clipboard.writeText(source.value ?? codes.join("\n"));
    window.onbeforeunload = null;
    return true;
  } catch {
    // Refused, or not offered over plain HTTP from another machine: what is selected can still be copied.
    getSelection().selectAllChildren(source);
    source.select?.();
    return document.execCommand("copy");
  }
}

// What is shown once: the browser asks before it is left without having been copied, saved or printed. "Done" under
// recovery codes says that they are written down; a key is not for writing down.
const shownOnce = document.querySelector("textarea[data-secret], .recovery-codes[data-secret]");
if (shownOnce) {
  window.onbeforeunload = (event) => event.preventDefault();
  const kept = () => {
    window.onbeforeunload = null;
  };
  document.addEventListener("copy", kept);
  addEventListener("beforeprint", kept);
  document.querySelector("a[download]")?.addEventListener("click", kept);
  if (shownOnce.matches("ul")) shownOnce.closest(".card").addEventListener("submit", kept);
}

// Browsers may keep a page in memory for the Back button even where the server forbids caches; secrets leave with it.
addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-secret], [data-copy]")) secret.remove();
});
