// The whole flow with oauth4webapi, which is strict: discovery, every reply of the token endpoint, each id_token with its signature, and
// the profile are checked as the standards have it. The client authenticates by HTTP Basic.

import * as oauth from "oauth4webapi";
import { clientId, clientSecret, issuer, listed, mfaScope, must, newUser, phone, realm, say, scope, totp } from "./sandbox.mjs";

const MFA = "http://auth0.com/oauth/grant-type/mfa-";
const client = { client_id: clientId, id_token_signed_response_alg: "RS256" };
const authentication = oauth.ClientSecretBasic(clientSecret);

const discovered = await oauth.discoveryRequest(new URL(issuer), { algorithm: "oidc" });
const server = await oauth.processDiscoveryResponse(new URL(issuer), discovered);
say("discovery", server.issuer === issuer ? "the issuer is who it is asked as" : server.issuer);

/** Calls the token endpoint: tokens whose id_token is signed by the issuer's key, or the refusal. */
async function token(grant, parameters) {
  const reply = await oauth.genericTokenEndpointRequest(server, client, authentication, grant, parameters);
  must(reply.headers.get("cache-control") === "no-store", "an answer that is not cached");
  try {
    const tokens = await oauth.processGenericTokenEndpointResponse(server, client, reply);
    if (tokens.id_token) await oauth.validateApplicationLevelSignature(server, reply);
    return tokens;
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return error;
    throw error;
  }
}

/** A request to the MFA API with a token in the header, as a resource server is asked. */
async function mfa(method, path, bearer, body) {
  const url = new URL(path, issuer);
  const headers = new Headers(body ? { "content-type": "application/json" } : {});
  const reply = await oauth.protectedResourceRequest(bearer, method, url, headers, body && JSON.stringify(body)).catch((error) => {
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.response;
    throw error;
  });
  const text = await reply.text();
  return { status: reply.status, ...(text ? { body: JSON.parse(text) } : {}) };
}

const told = (refusal) => {
  must(refusal instanceof oauth.ResponseBodyError, "a refusal");
  return `${refusal.status} ${refusal.error} "${refusal.error_description}"`;
};

async function judged(tokens, user) {
  must(!(tokens instanceof Error), `tokens, not ${tokens.error}`);
  must(oauth.getValidatedIdTokenClaims(tokens).sub === user.id, "the subject of the first factor");
  const profile = await oauth.userInfoRequest(server, client, tokens.access_token);
  const { email } = await oauth.processUserInfoResponse(server, client, user.id, profile);
  must(email === user.username, "the user's own profile");
  return `tokens with a signature that holds, profile of the user, scope "${tokens.scope}"`;
}

async function login(user, wish = { scope }) {
  const { username, password } = user;
  const refusal = await token("http://auth0.com/oauth/grant-type/password-realm", { username, password, realm, ...wish });
  must(refusal.error === "mfa_required", "mfa_required");
  return { told: told(refusal), mfa_token: refusal.cause.mfa_token };
}

const manager = await oauth.processClientCredentialsResponse(
  server,
  client,
  await oauth.clientCredentialsGrantRequest(server, client, authentication, { audience: `${issuer}api/v2/` }),
);
const ada = await newUser(manager.access_token, "ada.oauth4webapi");

let { mfa_token, told: required } = await login(ada);
say("login", required);
const enrolment = await mfa("POST", "/mfa/associate", mfa_token, { authenticator_types: ["oob"], oob_channels: ["auth0"] });
say("associate push", enrolment.status, Object.keys(enrolment.body).sort().join(" "));
const { oob_code, barcode_uri, recovery_codes } = enrolment.body;
let push = { mfa_token, oob_code };
say("poll", told(await token(`${MFA}oob`, push)));
await phone(ada, "enrol", { barcode_uri });
const tokens = await token(`${MFA}oob`, push);
say("poll after the phone enrolled", await judged(tokens, ada));
const renewal = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token);
const renewed = await oauth.processRefreshTokenResponse(server, client, renewal);
await oauth.validateApplicationLevelSignature(server, renewal);
say("refresh", await judged(renewed, ada));

({ mfa_token } = await login(ada));
const authenticators = await mfa("GET", "/mfa/authenticators", mfa_token);
say("list", authenticators.status, listed(authenticators.body));
const second = await mfa("POST", "/mfa/associate", mfa_token, { authenticator_types: ["oob"], oob_channels: ["auth0"] });
say("second enrolment", second.status, second.body.error, second.body.error_description);

const { id } = authenticators.body.find((one) => one.id.startsWith("push|"));
for (const decision of ["reject", "approve"]) {
  const body = { client_id: clientId, client_secret: clientSecret, mfa_token, challenge_type: "oob", authenticator_id: id };
  const challenge = await fetch(server.mfa_challenge_endpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const asked = await challenge.json();
  say("challenge", challenge.status, Object.keys(asked).sort().join(" "));
  push = { mfa_token, oob_code: asked.oob_code };
  say("poll", told(await token(`${MFA}oob`, push)));
  await phone(ada, decision);
  const answer = await token(`${MFA}oob`, push);
  say(`poll after ${decision}`, decision === "reject" ? told(answer) : await judged(answer, ada));
}

const [used] = recovery_codes;
({ mfa_token } = await login(ada));
const recovered = await token(`${MFA}recovery-code`, { mfa_token, recovery_code: used });
say("recovery code", await judged(recovered, ada), recovered.recovery_code === used ? "the same code" : "a new code");
({ mfa_token } = await login(ada));
say("the old recovery code", told(await token(`${MFA}recovery-code`, { mfa_token, recovery_code: used })));

({ mfa_token } = await login(ada));
const { code: otp } = await phone(ada, "code");
say("otp", await judged(await token(`${MFA}otp`, { mfa_token, otp }), ada));
({ mfa_token } = await login(ada));
say("the same otp", told(await token(`${MFA}otp`, { mfa_token, otp })));

({ mfa_token } = await login(ada, { audience: `${issuer}mfa/`, scope: mfaScope }));
const path = `/mfa/authenticators/${encodeURIComponent(id)}`;
const refused = await mfa("DELETE", path, mfa_token);
say("delete with the login token", refused.status, refused.body.error);
const managing = await token(`${MFA}recovery-code`, { mfa_token, recovery_code: recovered.recovery_code });
say("delete with a management token", (await mfa("DELETE", path, managing.access_token)).status);
say("list", listed((await mfa("GET", "/mfa/authenticators", managing.access_token)).body));

const ben = await newUser(manager.access_token, "ben.oauth4webapi");
({ mfa_token } = await login(ben));
const app = await mfa("POST", "/mfa/associate", mfa_token, { authenticator_types: ["otp"] });
say("associate otp", app.status, Object.keys(app.body).sort().join(" "));
say("confirm", await judged(await token(`${MFA}otp`, { mfa_token, otp: totp(app.body.secret) }), ben));

const nobody = oauth.ClientSecretBasic("wrong");
const stranger = await oauth.genericTokenEndpointRequest(server, client, nobody, `${MFA}otp`, { mfa_token, otp });
say("wrong client secret", stranger.status, stranger.headers.get("www-authenticate"), (await stranger.json()).error);
