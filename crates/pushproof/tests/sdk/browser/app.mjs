// The application in the browser: the first factor with auth0-js, all else with @auth0/auth0-spa-js, both as their packages ship them.
// Each of its functions gives what came of it as a value, a refusal too, because the test calls them from outside the page.

import { Auth0Client } from "/node_modules/@auth0/auth0-spa-js/dist/auth0-spa-js.production.esm.js";

const { host, clientId, realm, scope } = Object.fromEntries(new URLSearchParams(location.search));
const first = new window.auth0.Authentication({ domain: host, clientID: clientId });
// With refresh tokens and a cache in memory, the SDK speaks to the token endpoint from a worker.
const client = new Auth0Client({ domain: host, clientId, useRefreshTokens: true, authorizationParams: { scope } });

/** What a promise of spa-js comes to: its value, or what it was refused with. */
const settled = (promise) => promise.catch(({ error, error_description: text, message }) => ({ refused: `${error} "${text ?? message}"` }));

/** A call of auth0-js; its errors carry the reply. */
function called(call) {
  return new Promise((resolve) => {
    call((error, value) => {
      if (!error) return resolve(value);
      const { body } = error.original.response ?? {};
      resolve({ refused: `${error.statusCode} ${error.code} "${error.description}"`, mfaToken: body?.mfa_token });
    });
  });
}

window.app = {
  /** The first factor; its `mfa_token` is handed to spa-js, which looks after the second. */
  async login({ username, password }) {
    const answer = await called((done) => first.login({ username, password, realm, scope }, done));
    if (answer.mfaToken) client.mfa.setMFAAuthDetails(answer.mfaToken, scope);
    return answer;
  },
  list: (mfaToken) => settled(client.mfa.getAuthenticators(mfaToken)),
  enrol: (mfaToken, factorType) => settled(client.mfa.enroll({ mfaToken, factorType })),
  challenge: (mfaToken, challengeType, authenticatorId) => settled(client.mfa.challenge({ mfaToken, challengeType, authenticatorId })),
  verify: (mfaToken, proof) => settled(client.mfa.verify({ mfaToken, ...proof })),
  refresh: () => settled(client.getTokenSilently({ cacheMode: "off", detailedResponse: true })),
  /** Who is logged in, as spa-js has it from the ID token and as auth0-js has it from the userinfo endpoint. */
  async who(accessToken) {
    const { sub: asked } = await called((done) => first.userInfo(accessToken, done));
    return { told: (await client.getUser())?.sub, asked, isAuthenticated: await client.isAuthenticated() };
  },
};
