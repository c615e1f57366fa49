// The whole flow with @auth0/auth0-auth-js, as a server-side application would use it.

import { AuthClient } from "@auth0/auth0-auth-js";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { clientId, clientSecret, host, issuer, listed, mfaScope, must, newUser, phone, realm, say, scope, totp } from "./sandbox.mjs";

const client = new AuthClient({ domain: host, clientId, clientSecret });
const keys = createRemoteJWKSet(new URL(".well-known/jwks.json", issuer));

/** What a refused call was refused with. */
async function refused(call) {
  try {
    await call;
  } catch (error) {
    const { error: code, error_description: text } = error.cause ?? error;
    must(code, `an OAuth error, not ${error.stack}`);
    return { code, text, status: error.statusCode, mfaToken: error.cause?.mfa_token };
  }
  throw new Error("expected: a refusal");
}

const told = ({ code, text, status }) => `${status} ${code} "${text}"`;

async function login(user, wish = { scope }) {
  const refusal = await refused(client.getTokenByPassword({ username: user.username, password: user.password, realm, ...wish }));
  must(refusal.code === "mfa_required" && refusal.mfaToken, `mfa_required with a token, not ${told(refusal)}`);
  return refusal;
}

/** Checks tokens as an application does that trusts nobody. */
async function judged(tokens, user) {
  const { payload } = await jwtVerify(tokens.idToken, keys, { issuer, audience: clientId, algorithms: ["RS256"] });
  must(payload.sub === user.id && tokens.claims.sub === user.id, "the subject of the first factor");
  must(tokens.expiresAt > Date.now() / 1000, "an access token that is alive");
  const refresh = tokens.refreshToken ? " and refresh_token" : "";
  return `access_token, id_token verified${refresh}, scope "${tokens.scope}"`;
}

const manager = await client.getTokenByClientCredentials({ audience: `${issuer}api/v2/` });
const ada = await newUser(manager.accessToken, "ada.auth-js");

const wrong = await refused(client.getTokenByPassword({ ...ada, password: "wrong", realm, scope }));
say("wrong password", told(wrong), wrong.mfaToken ? "with a token" : "without a token");
let { mfaToken, ...refusal } = await login(ada);
say("login", told(refusal));
say("list", listed(await client.mfa.listAuthenticators({ mfaToken })));

const enrolment = await client.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ["oob"], oobChannels: ["auth0"] });
let [recoveryCode] = enrolment.recoveryCodes;
say("associate push", `channel ${enrolment.oobChannel}`, `binding ${enrolment.bindingMethod}`, `recovery code of ${recoveryCode.length}`);
let push = { factorType: "oob", mfaToken, oobCode: enrolment.oobCode };
say("poll", told(await refused(client.mfa.verify(push))));
await phone(ada, "enrol", { barcode_uri: enrolment.barcodeUri });
const tokens = await client.mfa.verify(push);
say("poll after the phone enrolled", await judged(tokens, ada));
say("refresh", await judged(await client.getTokenByRefreshToken({ refreshToken: tokens.refreshToken }), ada));

({ mfaToken } = await login(ada));
const authenticators = await client.mfa.listAuthenticators({ mfaToken });
say("list", listed(authenticators));
say("second enrolment", told(await refused(client.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ["otp"] }))));

const authenticatorId = authenticators.find((one) => one.id.startsWith("push|")).id;
for (const decision of ["reject", "approve"]) {
  const challenge = await client.mfa.challengeAuthenticator({ mfaToken, challengeType: "oob", authenticatorId });
  say("challenge", `type ${challenge.challengeType}`, `binding ${challenge.bindingMethod}`);
  push = { factorType: "oob", mfaToken, oobCode: challenge.oobCode };
  say("poll", told(await refused(client.mfa.verify(push))));
  await phone(ada, decision);
  if (decision === "reject") say("poll after reject", told(await refused(client.mfa.verify(push))));
  else say("poll after approve", await judged(await client.mfa.verify(push), ada));
}

const used = recoveryCode;
({ mfaToken } = await login(ada));
const recovered = await client.mfa.verify({ factorType: "recovery-code", mfaToken, recoveryCode });
recoveryCode = recovered.recoveryCode;
say("recovery code", await judged(recovered, ada), `a new one of ${recoveryCode.length}${recoveryCode === used ? ", the same" : ""}`);
({ mfaToken } = await login(ada));
say("the old recovery code", told(await refused(client.mfa.verify({ factorType: "recovery-code", mfaToken, recoveryCode: used }))));

({ mfaToken } = await login(ada));
const { code: otp } = await phone(ada, "code");
say("otp challenge", `type ${(await client.mfa.challengeAuthenticator({ mfaToken, challengeType: "otp" })).challengeType}`);
say("otp", await judged(await client.mfa.verify({ factorType: "otp", mfaToken, otp }), ada));
({ mfaToken } = await login(ada));
say("the same otp", told(await refused(client.mfa.verify({ factorType: "otp", mfaToken, otp }))));

({ mfaToken } = await login(ada, { audience: `${issuer}mfa/`, scope: mfaScope }));
const managing = await client.mfa.verify({ factorType: "recovery-code", mfaToken, recoveryCode });
say("delete with the login token", told(await refused(client.mfa.deleteAuthenticator({ authenticatorId, mfaToken }))));
await client.mfa.deleteAuthenticator({ authenticatorId, mfaToken: managing.accessToken });
say("delete with a management token", `scope "${managing.scope}"`, "no content");
say("list", listed(await client.mfa.listAuthenticators({ mfaToken: managing.accessToken })));

const ben = await newUser(manager.accessToken, "ben.auth-js");
({ mfaToken } = await login(ben));
const app = await client.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ["otp"] });
say("associate otp", `type ${app.authenticatorType}`, `secret of ${app.secret.length}`, `recovery code of ${app.recoveryCodes[0].length}`);
say("confirm", await judged(await client.mfa.verify({ factorType: "otp", mfaToken, otp: totp(app.secret) }), ben));
({ mfaToken } = await login(ben));
say("list", listed(await client.mfa.listAuthenticators({ mfaToken })));

const text = await client.mfa.challengeAuthenticator({ mfaToken, challengeType: "oob" }).catch((error) => error);
say("challenge for what he has not", `${text.statusCode} ${text.cause.error}`);
