// The whole flow with @auth0/auth0-spa-js and auth0-js in headless Chromium. This script is the user and the phone; `app.mjs` is the application.
// Usage: node auth0-spa-js.mjs CHROMIUM APPLICATION, the second being the origin that the application is served at and the sandbox lets in.

import { createHash } from "node:crypto";
import { connect } from "node:tls";
import { Browser } from "../../page/browser.mjs";
import { ask, base, clientId, clientSecret, host, listed, must, newUser, phone, realm, say, scope } from "../node/sandbox.mjs";

const [chromium, application] = process.argv.slice(2);

/** The hash of the sandbox's key, from a certificate that Node has verified against the sandbox's authority. Chromium trusts this key alone. */
async function pin() {
  const [name, port] = host.split(":");
  const socket = connect({ host: name, port, servername: name });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const key = socket.getPeerX509Certificate().publicKey.export({ type: "spki", format: "der" });
  socket.destroy();
  return createHash("sha256").update(key).digest("base64");
}

const browser = await Browser.start(chromium, [`--ignore-certificate-errors-spki-list=${await pin()}`]);

async function open(origin) {
  const settings = new URLSearchParams({ host, clientId: "public-client", realm, scope });
  await browser.call("Page.navigate", { url: `${origin}/?${settings}` });
  await browser.until("window.app");
}

/** Calls a function of the application. */
const app = (name, ...given) => browser.eval(`app.${name}(${given.map((one) => JSON.stringify(one)).join(", ")})`);

async function login(user) {
  const answer = await app("login", user);
  must(answer.mfaToken, `mfa_required with a token, not ${answer.refused}`);
  return answer;
}

async function refused(name, ...given) {
  const answer = await app(name, ...given);
  must(answer.refused, `a refusal, not ${Object.keys(answer)}`);
  return answer.refused;
}

async function served(name, ...given) {
  const answer = await app(name, ...given);
  must(!answer.refused, `no refusal, but ${answer.refused}`);
  return answer;
}

/** Checks tokens; spa-js has verified the ID token. */
async function judged(tokens, user) {
  const { told, asked, isAuthenticated } = await app("who", tokens.access_token);
  must(isAuthenticated && told === user.id && asked === user.id, `${user.id} is logged in, not ${told} and ${asked}`);
  return `logged in as the user, scope "${tokens.scope}"`;
}

async function flow() {
  const grant = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret, audience: `${base}/api/v2/` };
  const { access_token: manager } = await ask("POST", "/oauth/token", grant);
  const ada = await newUser(manager, "ada.spa-js");

  await open(application);
  const wrong = await app("login", { ...ada, password: "wrong" });
  say("wrong password", wrong.refused, wrong.mfaToken ? "with a token" : "without a token");
  let { mfaToken, refused: why } = await login(ada);
  say("login", why);
  say("list", listed(await served("list", mfaToken)));

  const enrolment = await served("enrol", mfaToken, "push");
  let [recoveryCode] = enrolment.recoveryCodes;
  say("associate push", `channel ${enrolment.oobChannel}`, `binding ${enrolment.bindingMethod}`, `recovery code of ${recoveryCode.length}`);
  const proof = { oobCode: enrolment.oobCode };
  say("poll", await refused("verify", mfaToken, proof));
  await phone(ada, "enrol", { barcode_uri: enrolment.barcodeUri });
  say("poll after the phone enrolled", await judged(await served("verify", mfaToken, proof), ada));
  say("refresh", await judged(await served("refresh"), ada));

  ({ mfaToken } = await login(ada));
  const authenticators = await served("list", mfaToken);
  say("list", listed(authenticators));
  say("second enrolment", await refused("enrol", mfaToken, "otp"));

  const authenticatorId = authenticators.find((one) => one.id.startsWith("push|")).id;
  for (const decision of ["reject", "approve"]) {
    const challenge = await served("challenge", mfaToken, "oob", authenticatorId);
    say("challenge", `type ${challenge.challengeType}`, `binding ${challenge.bindingMethod}`);
    const proof = { oobCode: challenge.oobCode };
    say("poll", await refused("verify", mfaToken, proof));
    await phone(ada, decision);
    if (decision === "reject") say("poll after reject", await refused("verify", mfaToken, proof));
    else say("poll after approve", await judged(await served("verify", mfaToken, proof), ada));
  }

  const used = recoveryCode;
  ({ mfaToken } = await login(ada));
  const recovered = await served("verify", mfaToken, { recoveryCode });
  recoveryCode = recovered.recovery_code;
  say("recovery code", await judged(recovered, ada), `a new one of ${recoveryCode.length}${recoveryCode === used ? ", the same" : ""}`);
  ({ mfaToken } = await login(ada));
  say("the old recovery code", await refused("verify", mfaToken, { recoveryCode: used }));

  const { code: otp } = await phone(ada, "code");
  say("otp challenge", `type ${(await served("challenge", mfaToken, "otp")).challengeType}`);
  say("otp", await judged(await served("verify", mfaToken, { otp }), ada));
  ({ mfaToken } = await login(ada));
  say("the same otp", await refused("verify", mfaToken, { otp }));
  must(browser.complaints.every((text) => text.includes("status of 40")), `no complaint but of refusals: ${browser.complaints.join("\n")}`);

  // The same application, by an address that the sandbox was not told of.
  browser.complaints = [];
  await open(application.replace("127.0.0.1", "localhost"));
  const { mfaToken: read } = await app("login", ada);
  must(!read && browser.complaints.some((text) => text.includes("CORS")), `a page of another origin reads nothing: ${browser.complaints.join("\n")}`);
  say("a page of another origin", "shut out by the browser");
}

try {
  await flow();
} finally {
  await browser.stop();
}
