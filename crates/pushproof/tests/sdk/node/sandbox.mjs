// What the flows share: the sandbox's address, a user, the phone that the sandbox plays, one-time codes, and the transcript.

import { createHmac } from "node:crypto";

export const host = process.env.SANDBOX_HOST; // "localhost:4010"
export const base = `https://${host}`;
export const issuer = `${base}/`;
export const clientId = "sandbox-client";
export const clientSecret = "sandbox-client-secret";
export const realm = "Username-Password-Authentication";
export const scope = "openid profile email offline_access";
export const mfaScope = "enroll read:authenticators remove:authenticators";

/** One line of the transcript, which the Rust test compares. */
export function say(step, ...results) {
  console.log(`${step}: ${results.join(", ")}`);
}

/** Ends the script with a failure unless the condition holds. */
export function must(condition, what) {
  if (!condition) throw new Error(`expected: ${what}`);
}

/** A request to the sandbox outside the SDK: to its control surface or the Management API. */
export async function ask(method, path, body, token) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const reply = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await reply.text();
  must(reply.ok, `2xx to ${method} ${path}, not ${reply.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** A new user, made with a Management API token. */
export async function newUser(token, name) {
  const user = { connection: realm, email: `${name}@example.com`, password: "correct horse battery staple", email_verified: false };
  const made = await ask("POST", "/api/v2/users", user, token);
  return { id: made.user_id, username: user.email, password: user.password };
}

/** Lets the user's phone act. */
export function phone(user, action, given = {}) {
  return ask("POST", "/__control/device", { action, user: user.username, with: given });
}

/** The one-time code of a base32 secret (RFC 6238: SHA-1, 6 digits, 30 s), `steps` periods from now. */
export function totp(secret, steps = 0) {
  let bits = "";
  for (const letter of secret) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((octet) => parseInt(octet, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** How a list of authenticators reads: sorted, because its order means nothing. */
export function listed(authenticators) {
  const shown = authenticators.map((one) => `${one.id.split("|")[0]}${one.active ? "" : " (inactive)"}`);
  return shown.sort().join(" ") || "nothing";
}
