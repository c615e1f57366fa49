// A person plays the phone on the page, with the keyboard. Usage: node page.mjs BASE_URL CHROMIUM FOLDER
// Tells what happens line by line; pictures of the page go into the folder.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { Browser } from "./browser.mjs";

const [base, chromium, folder] = process.argv.slice(2);
const CLIENT = { client_id: "sandbox-client", client_secret: "sandbox-client-secret" };
const HOSTILE = `<img src=x onerror="document.title='owned'">`;
const OOB = "http://auth0.com/oauth/grant-type/mfa-oob";

async function call(method, path, body, bearer) {
  const headers = { "content-type": "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }) };
  const reply = await fetch(base + path, { method, headers, body: JSON.stringify(body) });
  return { status: reply.status, ...(await reply.json()) };
}
const token = (grant) => call("POST", "/oauth/token", { ...CLIENT, ...grant });

// A proxy that gives the sandbox another address, and does not say so.
function proxy() {
  const server = createServer((asked, answer) => {
    const { method, url, headers } = asked;
    const onward = request(base + url, { method, headers: { ...headers, host: new URL(base).host } }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    });
    asked.pipe(onward);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
const brief = (reply) => `${reply.status} ${reply.error ?? (reply.access_token ? "tokens" : "done")}`;

const { access_token: manager } = await token({ grant_type: "client_credentials", audience: `${base}/api/v2/` });

async function login(email) {
  await call("POST", "/api/v2/users", { connection: "Username-Password-Authentication", email, password: "x" }, manager);
  return (await token({ grant_type: "password", username: email, password: "x" })).mfa_token;
}
const associate = (mfa_token) => call("POST", "/mfa/associate", { authenticator_types: ["oob"], oob_channels: ["auth0"] }, mfa_token);
const challenge = async (mfa_token) => (await call("POST", "/mfa/challenge", { ...CLIENT, mfa_token, challenge_type: "oob" })).oob_code;
const poll = async (mfa_token, oob_code) => brief(await token({ grant_type: OOB, mfa_token, oob_code }));

const browser = await Browser.start(chromium);
const tell = (text) => console.log(text);
const said = (text) => browser.until(`document.getElementById('said').textContent === ${JSON.stringify(text)}`);
const cards = (n) => browser.until(`document.querySelectorAll('#waiting > li').length === ${n}`);

try {
  await browser.look(1280, "light");
  await browser.call("Page.navigate", { url: `${base}/` });
  await browser.until("document.getElementById('link')?.textContent === 'live'");
  tell(`empty: ${(await browser.told("heading")).join(" | ")}`);

  const ada = await login("ada@example.com");
  const begun = await associate(ada);
  await cards(1);
  tell(`before the scan: ${await poll(ada, begun.oob_code)}`);
  await browser.tabTo("Enrol a phone for ada@example.com");
  await browser.press("Enter");
  await said("Enrolled a phone for ada@example.com.");
  await cards(0);
  tell(`enrolled by Enter: ${await poll(ada, begun.oob_code)}, focus on ${await browser.focus()}`);

  const mallory = await login("<b>mallory</b>@example.com");
  const { barcode_uri } = await associate(mallory);
  const enrol = { user: "<b>mallory</b>@example.com", action: "enrol", with: { barcode_uri, name: HOSTILE } };
  assert.equal((await call("POST", "/__control/device", enrol)).status, 200);

  const codes = [await challenge(ada), await challenge(mallory), await challenge(ada)];
  await cards(3);
  tell(`three pushes: ${(await browser.told("button")).join(" | ")}`);
  const shown = await browser.eval("[...document.querySelectorAll('#waiting h3, #users bdi')].map((node) => node.textContent)");
  assert.ok(shown.includes(`Push to ${HOSTILE}`) && shown.includes(HOSTILE) && shown.includes("<b>mallory</b>@example.com"));
  assert.equal(await browser.eval("document.querySelectorAll('main img, main b').length"), 0);
  assert.equal(await browser.eval("document.title"), "(3) pushproof sandbox");
  tell("a hostile device name is text");

  const hostile = `Approve the push to ${HOSTILE} for <b>mallory</b>@example.com`;
  await browser.tabTo(hostile);
  await browser.eval("window.held = document.activeElement, true");
  const fourth = await challenge(ada);
  await cards(4);
  await new Promise((resolve) => setTimeout(resolve, 2200));
  assert.equal(await browser.eval("document.activeElement === window.held"), true);
  tell("the focus stays through updates and a new push");
  await browser.press("Space");
  await said(`Approved the push to ${HOSTILE} for <b>mallory</b>@example.com.`);
  await cards(3);
  tell(`approved by Space: ${await poll(mallory, codes[1])}, focus on ${await browser.focus()}`);

  await browser.tabTo("Reject the push to Sandbox phone for ada@example.com");
  await browser.press("Enter");
  await said("Rejected the push to Sandbox phone for ada@example.com.");
  await cards(2);
  const after = [await poll(ada, codes[0]), await poll(ada, codes[2]), await poll(ada, fourth)];
  tell(`rejected by Enter, one of three: ${after.sort().join(", ")}`);

  const eve = await login("eve.with-a-rather-long-address.that-does-not-end@subdomain.example.com");
  await associate(eve);
  await poll(ada, "made-up");
  await call("POST", "/__control/settings", { faults: ["DEF-031"] });
  await cards(3);
  await browser.until("!document.getElementById('faults').hidden");
  mkdirSync(folder, { recursive: true });
  for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [400, "light"], [400, "dark"]]) {
    await browser.look(width, scheme);
    await new Promise((resolve) => setTimeout(resolve, 400));
    writeFileSync(join(folder, `page-${width}-${scheme}.png`), await browser.screenshot());
    const sticks_out = await browser.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert.equal(sticks_out, 0, `${width} px are not enough`);
  }
  tell("nothing sticks out at 400 px and at 1280 px");
  tell(`headings: ${(await browser.told("heading")).join(" | ")}`);

  const elsewhere = browser.asked.filter((url) => !url.startsWith(`${base}/`) && !url.startsWith("data:"));
  assert.deepEqual(elsewhere, [], "the page asked somebody else");
  assert.deepEqual(browser.complaints, [], "the browser complained");
  tell("the browser had nothing to complain about, and asked nobody else");

  const between = await proxy();
  await browser.call("Page.navigate", { url: `http://127.0.0.1:${between.address().port}/` });
  await browser.until("document.querySelectorAll('#waiting > li').length === 3");
  await browser.eval("document.querySelector('#waiting button').click()");
  await browser.until("document.getElementById('said').textContent.includes('--trust-forwarded')");
  tell("behind a proxy that it was not told of, it says what to do");
  between.closeAllConnections();
  between.close();
} finally {
  await browser.stop();
}
