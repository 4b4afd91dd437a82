import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBrowser, openBrowser, runFirstExample } from "../support/processes/browser.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";
import { listBlocks, pages } from "../support/documents/markdown.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/processes/tcp.js";

const NGINX = "/usr/sbin/nginx";
const executable = findBrowser();
const isThere = existsSync(NGINX) && executable !== undefined;
if (!isThere) console.warn("No nginx in /usr/sbin or no Chromium: prefixes behind a proxy are not tried.");

describe.skipIf(!isThere)("below a prefix behind nginx", () => {
  const data = temporaryFolder();
  const nginxFolder = temporaryFolder();
  let gateway: RunningGateway;
  let nginx: ChildProcess;
  let proxy: string;

  beforeAll(async () => {
    const port = await freePort();
    proxy = `http://127.0.0.1:${port}`;
    gateway = await startGatewayProcess({
      DATA_DIR: data.path,
      REFRESH_INTERVAL: "1s",
      TRUST_PROXY: "127.0.0.1",
      BASE_PATH: "/kept",
    });
    const conf = join(nginxFolder.path, "nginx.conf");
    writeFileSync(conf, nginxConfig(nginxFolder.path, port, gateway.url));
    nginx = spawn(NGINX, ["-p", nginxFolder.path, "-c", conf, "-e", join(nginxFolder.path, "error.log")], {
      stdio: "ignore",
    });
    await eventually(async () => {
      expect((await fetch(`${proxy}/vnic/healthz`)).status).toBe(200);
    });
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => nginx.once("exit", resolve));
    nginx.kill("SIGQUIT");
    await ended;
    await gateway.stop();
    data.remove();
    nginxFolder.remove();
  });

  test.each([
    ["that the proxy takes off, and names in X-Forwarded-Prefix", "/vnic"],
    ["that the proxy leaves, and BASE_PATH names", "/kept"],
  ])("%s: redirects, pages and REST links stay below it", async (_title, prefix) => {
    const slashed = await fetch(`${proxy}${prefix}/graphiql/`, { redirect: "manual" });
    expect([slashed.status, slashed.headers.get("location")]).toEqual([302, `${prefix}/graphiql`]);
    const portal = await fetch(`${proxy}${prefix}`);
    expect([portal.status, portal.url]).toEqual([200, `${proxy}${prefix}/`]);
    const list = await fetch(`${proxy}${prefix}/ovirt-engine/api/vms?max=1`, {
      headers: { accept: "application/json" },
    });
    expect(list.headers.get("link") ?? `<${prefix}/`).toContain(`<${prefix}/`);
    const text = await list.text();
    const links = [...text.matchAll(/"href":"([^"]+)"/g)].map(([, href]) => href!);
    expect(links.length).toBeGreaterThan(0);
    for (const href of links) {
      expect(href.startsWith(`${prefix}/ovirt-engine/api/`), href).toBe(true);
    }
    expect((await fetch(proxy + links[0]!)).status).toBe(200);
  });

  test.each(["/vnic", "/kept"])("the portal at %s/ shows changes as they come", async (prefix) => {
    const browser = await openBrowser(executable!);
    try {
      await browser.page.goto(`${proxy}${prefix}/`);
      await browser.page.getByRole("status").getByText("live", { exact: true }).waitFor();
    } finally {
      await browser.close();
    }
  });

  test.each(["/vnic", "/kept"])(
    "GraphiQL runs at %s/graphiql in a real browser, and asks nothing above",
    async (prefix) => {
      const browser = await openBrowser(executable!);
      const asked: { readonly url: string; readonly status: number }[] = [];
      browser.context.on("response", (response) =>
        asked.push({ url: response.url(), status: response.status() }),
      );
      try {
        await browser.page.goto(`${proxy}${prefix}/graphiql`);
        expect(await runFirstExample(browser.page)).toMatch(/"nodes"/);
      } finally {
        await browser.close();
      }
      const outside = asked.filter(
        ({ url, status }) =>
          !/^(data|blob):/.test(url) && (!url.startsWith(`${proxy}${prefix}/`) || status >= 400),
      );
      expect(outside).toEqual([]);
      expect(asked.some(({ url }) => url === `${proxy}${prefix}/graphql`)).toBe(true);
    },
  );
});

/** `/vnic/` is taken off by nginx, as the documents show it; `/kept/` is passed on. */
function nginxConfig(folder: string, port: number, upstream: string): string {
  const [block] = listBlocks(
    pages().find(({ path }) => path === "docs/security.md")!,
    "nginx",
  );
  const documented = block!.text.replace("http://127.0.0.1:4000", upstream);
  return `
daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  server {
    listen 127.0.0.1:${port};
    ${documented}
    location /kept {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
    }
  }
}`;
}
