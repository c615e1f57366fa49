// Headless Chromium over a pipe: as much of the DevTools protocol as the test needs, and no package to install.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CALL_LIMIT_MS = 20_000;

export class Browser {
  static async start(program, more = []) {
    const profile = mkdtempSync(join(tmpdir(), "pushproof-page-"));
    const args = ["--headless=new", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "--no-first-run", "--disable-gpu",
      "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), ...more, "about:blank"];
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    const browser = new Browser(child, profile);
    const { targetInfos } = await browser.call("Target.getTargets");
    const { targetId } = targetInfos.find((target) => target.type === "page");
    ({ sessionId: browser.session } = await browser.call("Target.attachToTarget", { targetId, flatten: true }));
    // A picture of the whole page would otherwise be cut where the scrollbar stood.
    await browser.call("Emulation.setScrollbarsHidden", { hidden: true });
    for (const domain of ["Page", "Runtime", "Network", "Log", "Accessibility"]) await browser.call(`${domain}.enable`);
    return browser;
  }

  constructor(child, profile) {
    Object.assign(this, { child, profile, calls: new Map(), last: 0, asked: [], complaints: [] });
    let rest = "";
    child.stdio[4].setEncoding("utf8").on("data", (data) => {
      const messages = (rest + data).split("\0");
      rest = messages.pop();
      for (const message of messages) this.read(JSON.parse(message));
    });
    child.on("exit", () => { for (const { reject } of this.calls.values()) reject(new Error("the browser is gone")); });
  }

  read({ id, result, error, method, params }) {
    const waiting = this.calls.get(id);
    if (waiting) {
      this.calls.delete(id);
      if (error) waiting.reject(new Error(error.message));
      else waiting.resolve(result);
    }
    if (method === "Network.requestWillBeSent") this.asked.push(params.request.url);
    if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.text);
    if (method === "Log.entryAdded" && params.entry.level === "error") this.complaints.push(params.entry.text);
  }

  call(method, params = {}) {
    const id = ++this.last;
    this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + "\0");
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} is not answered`)), CALL_LIMIT_MS);
      this.calls.set(id, {
        resolve: (result) => { clearTimeout(late); resolve(result); },
        reject: (error) => { clearTimeout(late); reject(error); },
      });
    });
  }

  // The value of an expression in the page.
  async eval(expression) {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  // Waits until an expression holds.
  async until(expression, limit_ms = 8000) {
    const until = Date.now() + limit_ms;
    while (!(await this.eval(expression))) {
      if (Date.now() > until) throw new Error(`never true: ${expression}\n${await this.eval("document.body.innerText")}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async press(key) {
    const keys = { Tab: ["Tab", 9], Enter: ["Enter", 13, "\r"], Space: [" ", 32, " "] };
    const [name, windowsVirtualKeyCode, text] = keys[key];
    const event = { key: name, code: key, windowsVirtualKeyCode };
    await this.call("Input.dispatchKeyEvent", { type: "keyDown", text, ...event });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  // Goes on by Tab until what has the focus is called so.
  async tabTo(label, steps_max = 40) {
    for (let step = 0; step < steps_max; step += 1) {
      if ((await this.focus()) === label) return;
      await this.press("Tab");
    }
    throw new Error(`Tab does not reach "${label}", but ${await this.focus()}`);
  }

  // What has the focus, by its label, its id or its heading.
  focus() {
    return this.eval("((node) => node.ariaLabel || node.id || node.querySelector('h3')?.textContent)(document.activeElement)");
  }

  async look(width, scheme) {
    await this.call("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
    await this.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  async screenshot() {
    const { data } = await this.call("Page.captureScreenshot", { captureBeyondViewport: true });
    return Buffer.from(data, "base64");
  }

  // The headings and buttons as a screen reader tells them.
  async told(role) {
    const { nodes } = await this.call("Accessibility.getFullAXTree");
    return nodes.filter((node) => !node.ignored && node.role?.value === role).map((node) => node.name?.value ?? "");
  }

  async stop() {
    const gone = new Promise((resolve) => this.child.on("exit", resolve));
    await this.call("Browser.close").catch(() => this.child.kill());
    await gone;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
