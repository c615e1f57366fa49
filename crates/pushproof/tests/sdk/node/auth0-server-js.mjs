// The flow with @auth0/auth0-server-js, which keeps a session; @auth0/auth0-auth-js does the first factor.

import { AuthClient } from "@auth0/auth0-auth-js";
import { ServerClient, StatelessStateStore, CookieTransactionStore } from "@auth0/auth0-server-js";
import { clientId, clientSecret, host, issuer, listed, must, newUser, phone, realm, say, scope } from "./sandbox.mjs";

/** The cookies of one browser. */
class Cookies {
  #jar = new Map();
  setCookie(name, value) { this.#jar.set(name, value); }
  getCookie(name) { return this.#jar.get(name); }
  getCookies() { return Object.fromEntries(this.#jar); }
  deleteCookie(name) { this.#jar.delete(name); }
}

const secret = "the secret of the application, of any length";
const cookies = new Cookies();
const first = new AuthClient({ domain: host, clientId, clientSecret });
const app = new ServerClient({
  domain: host,
  clientId,
  clientSecret,
  authorizationParams: { redirect_uri: "http://localhost/callback" },
  transactionStore: new CookieTransactionStore({ secret }, cookies),
  stateStore: new StatelessStateStore({ secret }, cookies),
});

async function login({ username, password }) {
  const refusal = await first.getTokenByPassword({ username, password, realm, scope }).catch((error) => error);
  must(refusal.cause?.error === "mfa_required", `mfa_required, not ${refusal}`);
  return refusal.cause.mfa_token;
}

async function refused(call) {
  const error = await call.then(() => undefined, (error) => error);
  must(error?.cause?.error, `a refusal, not ${error?.stack}`);
  return `${error.statusCode} ${error.cause.error}`;
}

/** Verifies a factor; the session that the application then has. */
async function session(proof) {
  const tokens = await app.mfa.verify(proof);
  const [user, kept] = [await app.getUser(), await app.getSession()];
  must(user.sub === ada.id && kept.idToken === tokens.idToken, "a session of the user who logged in");
  return { tokens, told: `a session of the user${kept.refreshToken ? " that can be renewed" : ""}` };
}

const manager = await first.getTokenByClientCredentials({ audience: `${issuer}api/v2/` });
const ada = await newUser(manager.accessToken, "ada.server-js");

let mfaToken = await login(ada);
const enrolment = await app.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ["oob"], oobChannels: ["auth0"] });
let push = { factorType: "oob", mfaToken, oobCode: enrolment.oobCode };
say("poll", await refused(app.mfa.verify(push)));
await phone(ada, "enrol", { barcode_uri: enrolment.barcodeUri });
say("poll after the phone enrolled", (await session(push)).told);

mfaToken = await login(ada);
const authenticators = await app.mfa.listAuthenticators({ mfaToken });
say("list", listed(authenticators));
say("second enrolment", await refused(app.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ["otp"] })));
const authenticatorId = authenticators.find((one) => one.id.startsWith("push|")).id;
for (const decision of ["reject", "approve"]) {
  const { oobCode } = await app.mfa.challengeAuthenticator({ mfaToken, challengeType: "oob", authenticatorId });
  push = { factorType: "oob", mfaToken, oobCode };
  await phone(ada, decision);
  say(`poll after ${decision}`, decision === "reject" ? await refused(app.mfa.verify(push)) : (await session(push)).told);
}

const [recoveryCode] = enrolment.recoveryCodes;
const recovered = await session({ factorType: "recovery-code", mfaToken: await login(ada), recoveryCode });
say("recovery code", recovered.told, recovered.tokens.recoveryCode === recoveryCode ? "the same code" : "a new code");
const again = { factorType: "recovery-code", mfaToken: await login(ada), recoveryCode };
say("the old recovery code", await refused(app.mfa.verify(again)));
const { code: otp } = await phone(ada, "code");
say("otp", (await session({ factorType: "otp", mfaToken: await login(ada), otp })).told);
