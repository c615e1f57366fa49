"use strict";
// Everything that came from outside reaches the page as `textContent` alone. Nothing here builds HTML from text.

const $ = (id) => document.getElementById(id);
const POLL_MS = 1000;
const FACTORS = { "push": "Push", "totp": "One-time codes", "sms": "Text message", "voice": "Voice call", "email": "E-mail", "recovery-code": "Recovery code" };
const TONES = { tokens: "good", authorization_pending: "calm", slow_down: "warn", too_many_attempts: "warn", too_many_requests: "warn" };

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// Keeps the nodes of a list that are still wanted where they are, so that focus and selection survive an update.
function sync(list, items, keyOf, create, update) {
  const wanted = new Set(items.map((item) => String(keyOf(item))));
  for (const node of [...list.children]) if (!wanted.has(node.dataset.key)) node.remove();
  const nodes = new Map([...list.children].map((node) => [node.dataset.key, node]));
  let next = list.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = nodes.get(key);
    if (!node) {
      node = create(item);
      node.dataset.key = key;
    }
    update(node, item);
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
}

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

function clock(ms) {
  return new Date(ms).toISOString().slice(11, 19);
}

function say(text) {
  set($("said"), text);
}

// Pages of another origin are refused in plain text. This page is one where a proxy gives it an address that the sandbox does not know.
function why(status, text) {
  try {
    return JSON.parse(text).error_description ?? status;
  } catch {
    return status === 403 ? `${text} Behind a proxy the sandbox has to be started with --trust-forwarded.` : status;
  }
}

async function act(button, item, action, done) {
  if (button.getAttribute("aria-disabled") === "true") return;
  const card = button.closest(".card");
  for (const other of card.querySelectorAll("button")) other.setAttribute("aria-disabled", "true");
  try {
    const body = JSON.stringify({ user: item.user, action, with: { transaction: item.transaction } });
    const reply = await fetch("/__control/device", { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await reply.text();
    say(reply.ok ? done : `That did not work: ${why(reply.status, text)}`);
  } catch {
    say("That did not work: the sandbox does not answer.");
  }
  for (const other of card.querySelectorAll("button")) other.removeAttribute("aria-disabled");
  await refresh();
}

function button(className, text, label, press) {
  const node = make("button", className, text);
  node.type = "button";
  node.setAttribute("aria-label", label);
  node.addEventListener("click", () => press(node));
  return node;
}

function waitingCard(item) {
  const who = make("bdi", "", item.user);
  const what = make("h3");
  const actions = make("div", "actions");
  if (item.kind === "push") {
    const name = item.device ?? "a phone";
    what.append("Push to ", make("bdi", "", name));
    const of = `the push to ${name} for ${item.user}`;
    actions.append(
      button("yes", "Approve", `Approve ${of}`, (b) => act(b, item, "approve", `Approved ${of}.`)),
      button("no", "Reject", `Reject ${of}`, (b) => act(b, item, "reject", `Rejected ${of}.`)));
  } else {
    what.append("A phone to enrol");
    const of = `a phone for ${item.user}`;
    actions.append(button("yes", "Enrol a phone", `Enrol ${of}`, (b) => act(b, item, "enrol", `Enrolled ${of}.`)));
  }
  const text = make("p", "quiet", who, " · ", make("span", "since"), " · ", make("span", "left"));
  const card = make("li", "card new", make("div", "", what, text), actions);
  card.tabIndex = -1;
  return card;
}

function userCard(user) {
  return make("li", "card", make("h3", "", make("bdi", "", user.email)), make("p", "quiet"), make("ul", "factors"));
}

function factorLine() {
  return make("li", "", make("span", "state"), make("span", "kind"), make("bdi", "quiet"));
}

function pollRow() {
  return make("tr", "", make("td"), make("td", "", make("bdi")), make("td"), make("td"));
}

function showWaiting(state) {
  const list = $("waiting");
  const held = document.activeElement?.closest("#waiting > li");
  const after = held && [...list.children].indexOf(held);
  sync(list, state.waiting, (item) => item.transaction, waitingCard, (node, item) => {
    set(node.querySelector(".since"), `asked ${span(state.now_ms - item.since_ms)} ago`);
    set(node.querySelector(".left"), `${span(item.expires_ms - state.now_ms)} left`);
  });
  if (held && !held.isConnected) {
    // The card that had the focus is gone: its neighbour takes it over, or the heading when there is none. Not a button
    // of it, or who presses a key twice would answer two pushes.
    (list.children[Math.min(after, list.children.length - 1)] ?? $("waiting-title")).focus();
  }
  $("waiting-empty").hidden = state.waiting.length > 0;
  set($("waiting-count"), state.waiting_total ? String(state.waiting_total) : "");
  document.title = state.waiting_total ? `(${state.waiting_total}) pushproof sandbox` : "pushproof sandbox";
}

function showUsers(state) {
  sync($("users"), state.users, (user) => user.user_id, userCard, (node, user) => {
    set(node.querySelector("h3 bdi"), user.email);
    const facts = [user.user_id, user.email_verified ? "e-mail verified" : "", user.blocked ? "blocked" : ""];
    set(node.querySelector("p"), facts.filter(Boolean).join(" · "));
    sync(node.querySelector(".factors"), user.authenticators, (one) => one.id, factorLine, (line, one) => {
      const [status, kind, name] = line.children;
      status.classList.toggle("on", one.active);
      set(status, one.active ? "active" : "not yet");
      set(kind, FACTORS[one.id.split("|")[0]] ?? one.authenticator_type);
      set(name, one.name ?? "");
    });
  });
  $("users-empty").hidden = state.users.length > 0;
  const more = state.users_total - state.users.length;
  set($("users-count"), state.users_total ? String(state.users_total) + (more > 0 ? `, the newest ${state.users.length} shown` : "") : "");
}

function showPolls(state) {
  sync($("polls"), state.polls, (poll) => poll.number, pollRow, (row, poll) => {
    const [when, who, operation, outcome] = row.children;
    set(when, clock(poll.at_ms));
    set(who.firstElementChild, poll.user ?? "somebody");
    set(operation, poll.operation);
    set(outcome, poll.outcome);
    outcome.dataset.tone = TONES[poll.outcome] ?? "bad";
  });
  $("polls-empty").hidden = state.polls.length > 0;
  $("polls-table").hidden = state.polls.length === 0;
  set($("polls-count"), state.polls_total ? String(state.polls_total) : "");
}

function show(state) {
  set($("issuer"), state.issuer);
  set($("profile"), state.profile);
  set($("clock"), `${new Date(state.now_ms).toISOString().slice(0, 10)} ${clock(state.now_ms)} UTC`);
  $("faults").hidden = state.faults.length === 0;
  set($("faults"), `Faults switched on: ${state.faults.join(", ")}`);
  showWaiting(state);
  showUsers(state);
  showPolls(state);
}

function link(name, text) {
  $("link").dataset.state = name;
  set($("link"), text);
}

let newest = 0;
async function refresh() {
  const mine = ++newest;
  try {
    const reply = await fetch("/__control/state", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!reply.ok) throw new Error(String(reply.status));
    const state = await reply.json();
    if (mine !== newest) return; // a later question was asked meanwhile, and its answer is newer
    show(state);
    link("up", "live");
  } catch {
    if (mine === newest) link("down", "no answer, trying again");
  }
}

async function live() {
  if (!document.hidden) await refresh();
  setTimeout(live, POLL_MS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
live();
