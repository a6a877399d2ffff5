// A minute before the session ends it asks whether to stay signed in; at the end it goes where that is said. Every tab
// keeps its own watch, asks the server before it speaks (another tab, or a device that slept, knows better than a
// timer), and tells the others when somebody stayed. Asking is no activity.

const NOTICE_MS = 60_000;
const LONGEST_TIMER_MS = 2_000_000_000;

const dialog = document.getElementById("session-end");
const unknown = document.createElement("div");
unknown.id = "session-unknown";
unknown.role = "status";
unknown.append(
  saying("h1", "Your session may have ended"),
  saying(
    "p",
    "This page is hidden, because Latchkey cannot be reached to ask. What you typed is still here: it comes back with the connection, if need be after signing in again.",
  ),
);
const others = "BroadcastChannel" in window ? new BroadcastChannel("latchkey-session") : undefined;
let endsAt = 0;
let timer = 0;

function startFrom(secondsLeft) {
  endsAt = Date.now() + secondsLeft * 1000;
  watch();
}

function watch() {
  clearTimeout(timer);
  const left = endsAt - Date.now();
  if (left > NOTICE_MS && dialog?.open) dialog.close();
  const next = left > NOTICE_MS ? left - NOTICE_MS : Math.max(left + 500, 0);
  timer = setTimeout(ask, Math.min(next, LONGEST_TIMER_MS));
}

async function ask() {
  let secondsLeft;
  try {
    const answer = await fetch("/session/remaining", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    ({ secondsLeft } = await answer.json());
  } catch {
    // Offline, or the server is being restarted: the next try may tell.
    cover(endsAt <= Date.now());
    timer = setTimeout(ask, 5_000);
    return;
  }
  if (secondsLeft <= 0) return leave();
  cover(false);
  startFrom(secondsLeft);
  if (secondsLeft * 1000 <= NOTICE_MS && dialog && !dialog.open) dialog.showModal();
}

// Past the end of the session what stands here is for nobody, whoever sits there now.
function cover(isCovered) {
  if (isCovered === unknown.isConnected) return;
  document.body.classList.toggle("covered", isCovered);
  if (!isCovered) return unknown.remove();
  if (dialog?.open) dialog.close();
  document.getElementById("main").append(unknown);
}

function saying(name, words) {
  const element = document.createElement(name);
  element.textContent = words;
  return element;
}

// What was typed is sent, which the server answers by keeping it until the person has signed in again.
function leave() {
  window.onbeforeunload = null;
  const edited = [...document.querySelectorAll('main form[method="post"]')].find((form) =>
    [...form.elements].some(isEdited),
  );
  if (edited) return edited.submit();
  location.replace(`/session/ended?return=${encodeURIComponent(document.body.dataset.here)}`);
}

function isEdited(field) {
  if (field.type === "hidden" || field.readOnly) return false;
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.options) return !field.options[field.selectedIndex]?.defaultSelected && field.selectedIndex > 0;
  return field.value !== undefined && "defaultValue" in field && field.value !== field.defaultValue;
}

dialog?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const body = new URLSearchParams(new FormData(event.target));
    const answer = await fetch("/session/stay", { method: "POST", body, redirect: "manual" });
    if (!answer.ok) return ask();
    const { secondsLeft } = await answer.json();
    startFrom(secondsLeft);
    others?.postMessage(secondsLeft);
  } catch {
    ask();
  }
});

if (others) others.onmessage = ({ data }) => startFrom(data);
// Looked at again, or brought back by the Back button: somebody may have signed out elsewhere, and what stands here is
// not for everybody.
document.addEventListener("visibilitychange", () => !document.hidden && ask());
addEventListener("pageshow", ({ persisted }) => (persisted || endsAt - Date.now() < NOTICE_MS) && ask());
addEventListener("focus", () => endsAt - Date.now() < NOTICE_MS && ask());

const secondsLeft = Number(document.body.dataset.endsIn);
startFrom(secondsLeft);
others?.postMessage(secondsLeft);
