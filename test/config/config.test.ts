import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, readDatabaseUrl, loadConfig } from "../../src/config.js";
import { findForeignHost } from "../../src/config/foreign-variables.js";
import { SETTINGS, formatFlag } from "../../src/config/settings.js";

const TLS = { VDSM_CA_FILE: "ca.pem", VDSM_CERT_FILE: "client.pem", VDSM_KEY_FILE: "client.key" };

describe("settings", () => {
  test("none at all is a demonstration on loopback", () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 4000,
      databaseUrl: null,
      vdsmHosts: null,
      refreshIntervalMs: 15_000,
      demo: true,
      graphiql: true,
    });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.identity)).toBe(true);
  });

  test("a database or hosts that the user named are never a demonstration", () => {
    expect(loadConfig({ DATABASE_URL: "postgres://u@h/d" }).demo).toBe(false);
    expect(loadConfig({ VDSM_HOSTS: "h1", VDSM_TLS: "off" }).demo).toBe(false);
  });

  test("flags win over the environment, and blank values are none", () => {
    expect(loadConfig({ PORT: "4001" }, { PORT: "4002" }).port).toBe(4002);
    expect(loadConfig({ PORT: " ", DATABASE_URL: "" })).toMatchObject({ port: 4000, databaseUrl: null });
  });

  test.each([
    ["h1", [{ host: "h1", port: 54321 }]],
    [
      "H1.Example.org:1, 10.0.0.2",
      [
        { host: "h1.example.org", port: 1 },
        { host: "10.0.0.2", port: 54321 },
      ],
    ],
    ["2001:db8::1", [{ host: "2001:db8::1", port: 54321 }]],
    ["[2001:DB8::1]:54322", [{ host: "2001:db8::1", port: 54322 }]],
    ["[::1]", [{ host: "::1", port: 54321 }]],
  ])("VDSM_HOSTS=%s names its hosts", (text, hosts) => {
    expect(loadConfig({ VDSM_HOSTS: text, VDSM_TLS: "off" }).vdsmHosts).toEqual(hosts);
  });

  const bad: [string, string, RegExp][] = [
    ["PORT", "65536", /PORT must be a port from 0 to 65535, not "65536"; set PORT or --port/],
    ["PORT", "-1", /a port from 0 to 65535/],
    ["PORT", "http", /a port/],
    ["DATABASE_URL", "mysql://root:secret@h/d", /DATABASE_URL must be a URL that begins with postgres:\/\//],
    ["DATABASE_URL", "nonsense", /DATABASE_URL must be a URL/],
    ["SOURCE", "file", /SOURCE must be hosts or engine/],
    [
      "VDSM_HOSTS",
      "h1:0",
      /VDSM_HOSTS must be host\[:port\] with a port from 1 to 65535, not "h1:0"; set VDSM_HOSTS/,
    ],
    ["VDSM_HOSTS", "h1:99999", /not "h1:99999"/],
    ["VDSM_HOSTS", "h1:abc", /not "h1:abc"/],
    ["VDSM_HOSTS", "h1,h2,h1:54321", /with every host once, not "h1:54321 twice"/],
    ["VDSM_HOSTS", "[::1]:54321,::1", /not "\[::1\]:54321 twice"/],
    ["VDSM_HOSTS", "[fe80::xyz]", /not "\[fe80::xyz\]"/],
    ["VDSM_HOSTS", "http://h1", /host\[:port\]/],
    ["VDSM_HOSTS", ",", /at least one host/],
    ["VDSM_TLS", "yes", /VDSM_TLS must be on or off, not "yes"/],
    ["REFRESH_INTERVAL", "15", /REFRESH_INTERVAL must be a duration such as 15s/],
    ["REFRESH_INTERVAL", "0s", /or off/],
    ["REFRESH_INTERVAL", "25h", /or off/],
    ["REFRESH_CONCURRENCY", "0", /a whole number from 1 to 1000/],
    [
      "VDSM_TIMEOUT",
      "1ms",
      /VDSM_TIMEOUT must be a duration such as 15s, 500ms or 2m, from 100ms to 10m, not "1ms"/,
    ],
    ["GUEST_NIC_IGNORE", "lo,a)(b", /regular expressions joined by commas, not "a\)\(b"/],
    ["REDIS_URL", "127.0.0.1:6379", /REDIS_URL must be a URL that begins with redis:\/\//],
    ["REDIS_URL", "redis://:50%off@h", /REDIS_URL must be a URL in which % .*%25/],
    ["REDIS_URL", "redis://h/cache", /REDIS_URL must be a URL whose path is the number of a database/],
    ["OIDC_ISSUER", "idp", /OIDC_ISSUER must be a URL/],
    ["INSECURE", "maybe", /INSECURE must be on or off/],
    ["GRAPHIQL", "yes", /GRAPHIQL must be auto or on or off/],
    ["FEDERATION", "v1", /FEDERATION must be whole or contribute or off/],
    [
      "CACHE_MAX_AGE",
      "2h",
      /CACHE_MAX_AGE must be a duration such as 15s, 500ms or 2m, from 0ms to 1h, not "2h"/,
    ],
    [
      "ALLOWED_HOSTS",
      "gw.example.org,https://gw",
      /names or name:port, joined by commas, .* or \*, not "https:\/\/gw"/,
    ],
    ...["http://gw", "gw:4000", "[::1]", "a..b"].map((text): [string, string, RegExp] => [
      "VDSM_SERVER_NAME",
      text,
      /VDSM_SERVER_NAME must be one name as in the hosts' certificates.*, not "/,
    ]),
    ["VDSM_SERVER_NAME", "*.example.org", /not "\*\.example\.org"/],
    ["VDSM_SERVER_NAME", "None", /or none, not "None"/],
    ...[".example.org", "a..b", "*.", "*.*.b", "a:0", "a:65536", "[10.0.0.1]", ","].map(
      (text): [string, string, RegExp] => ["ALLOWED_HOSTS", text, /ALLOWED_HOSTS must be names or name:port/],
    ),
    ...["https://*.example.org", "https://.b", "https://a..b", "https://A.b", "https://b:443", ","].map(
      (text): [string, string, RegExp] => [
        "CORS_ORIGINS",
        text,
        /CORS_ORIGINS must be origins as browsers send/,
      ],
    ),
    ["TRUST_PROXY", ",", /TRUST_PROXY must be addresses or networks/],
    ["OIDC_ISSUER", "https://idp/?realm=a", /OIDC_ISSUER must be a URL without user, password, \? and #/],
    ["VDSM_HOSTS", "2001:db8::1,[2001:db8:0::1]", /not "\[2001:db8::1\]:54321 twice"/],
    ["VDSM_HOSTS", "h1.b,h1.b.", /not "h1\.b:54321 twice"/],
    ["BASE_PATH", "/a/../b", /BASE_PATH must be a path such as \/vnic, not "\/a\/\.\.\/b"/],
    ["BASE_PATH", "/.", /BASE_PATH must be a path such as \/vnic, not "\/\."/],
    [
      "CORS_ORIGINS",
      "*",
      /CORS_ORIGINS must be origins .*such as https:\/\/\S+ .*, joined by commas, not "\*"/,
    ],
    ["CORS_ORIGINS", "https://console.example.org/", /not "https:\/\/console\.example\.org\/"/],
    ["CORS_ORIGINS", "console.example.org", /not "console\.example\.org"/],
    [
      "TLS_CLIENT_ROLES",
      "gw=root",
      /TLS_CLIENT_ROLES must be name=role.* with roles among reader, .* not "root"/,
    ],
    ["LIMITS", "cost=1,depth", /LIMITS must be name=value pairs joined by commas, not "depth"/],
    [
      "LIMITS",
      "depth=-1",
      /with a whole number from 1 to 999999999999 for depth, not "depth=-1"; set LIMITS/,
    ],
    ["LIMITS", "cost=0", /with a whole number from 1 to 999999999999 for cost, not "cost=0"/],
    // Node ends a longer timer at once.
    ["LIMITS", "deadlineMs=2147483648", /from 1 to 2147483647 for deadlineMs, not "deadlineMs=2147483648"/],
    ["LIMITS", "speed=1", /LIMITS must be limits among bodyBytes, .*, not "speed"; set LIMITS/],
    ["LIMITS", "cost=1,depth=2,cost=3", /name=value pairs with every name once, not "cost twice"/],
    ["LIMITS", "tokens=5k", /for tokens, not "tokens=5k"; set LIMITS/],
    // What may hold a secret is told by its place.
    [
      "GUEST_NIC_IGNORE",
      "lo,veth.*,(?:tap|tun).*,a)(b",
      /joined by commas, not part 4 of what is given, which may/,
    ],
    [
      "TLS_CLIENT_ROLES",
      "gw=reader, a@example.org=reader+root",
      /among .*, not part 2 of what is given, which/,
    ],
    ["LIMITS", ",", /at least one, not ","/],
    ["TLS_CLIENT_ROLES", "gw=reader,GW=operator", /with every name once, not "gw twice"/],
    ["LOG_LEVEL", "loud", /LOG_LEVEL must be fatal or error/],
    ["DATA_DIR", "a\0b", /DATA_DIR must be text without NUL/],
  ];
  test.each(bad)("%s=%j is refused in one clear line", (name, value, message) => {
    const load = () => loadConfig({ [name]: value });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(message);
    expect(readMessage(load).split("\n")).toHaveLength(1);
  });

  /** Values that hold a secret, whatever setting they were meant for. */
  const SECRETS = [
    "mysql://root:hunter2@h/d",
    "https://root:hun,ter2@gw/",
    "https://gw,https://root:hunter2@h",
    "redis://:hunter2",
    "https://gw/?key=hunter2",
    "root:hunter2@h",
    "DATABASE_PASSWORD=hunter2",
    "-----BEGIN PRIVATE KEY-----\nhunter2",
    `vg_hunter2${"x".repeat(36)}`,
  ];
  test.each(Object.keys(SETTINGS))(
    "%s never repeats a secret in a message, whatever it was given",
    (name) => {
      for (const value of SECRETS) {
        expect(readMessage(() => loadConfig({ [name]: value }))).not.toMatch(/hun|ter2/);
        expect(readMessage(() => loadConfig({}, { [name]: value }))).not.toMatch(/hun|ter2/);
      }
    },
  );

  test.each(Object.keys(SETTINGS).filter((name) => name.endsWith("_FILE") || name === "DATA_DIR"))(
    "%s takes a path, and not what would stand there",
    (name) => {
      for (const value of SECRETS.filter((each) => /:\/\/|BEGIN|^vg_/.test(each)))
        expect(() => loadConfig({ [name]: value })).toThrow(/must (?:be a path|name a file)/);
    },
  );

  test.each([
    [{ VDSM_HOSTS: "h1" }, /VDSM_CA_FILE, VDSM_CERT_FILE, VDSM_KEY_FILE must name a PEM file/],
    [{ VDSM_HOSTS: "h1", ...TLS, VDSM_KEY_FILE: "" }, /^VDSM_KEY_FILE must name/],
    [{ HOST: "0.0.0.0" }, /HOST is 0\.0\.0\.0, which others can reach/],
    [{ HOST: "::" }, /--insecure/],
    [{ OIDC_CLIENT_ID: "portal" }, /OIDC_CLIENT_ID signs people in at OIDC_ISSUER/],
    [{ OIDC_ISSUER: "https://idp.example.org" }, /OIDC_AUDIENCE must be set where OIDC_ISSUER is/],
    [{ TLS_KEY_FILE: "k" }, /TLS_CERT_FILE must be set where TLS_KEY_FILE is/],
    [{ TLS_CLIENT_CA_FILE: "ca" }, /needs https/],
    [
      { TLS_CLIENT_CA_FILE: "ca", TLS_CERT_FILE: "c", TLS_KEY_FILE: "k", TLS_CLIENT_ROLES: "gw=root" },
      /TLS_CLIENT_ROLES must be name=role.* with roles among reader, operator, router, metrics, not "root"/,
    ],
    [{ INSECURE: "on", AUTH_TOKENS_FILE: "t" }, /choose one/],
    [{ FEDERATION_PREFIX: "Guest" }, /rename what FEDERATION=contribute brings/],
    [{ FEDERATION: "contribute", FEDERATION_PREFIX: "__G" }, /the beginning of a GraphQL name/],
    [{ FEDERATION: "contribute", FEDERATION_ENTITIES: "Host=Server.id" }, /Vm=Type\.key,VmNic=Type\.key/],
    [{ FEDERATION: "contribute", FEDERATION_ENTITIES: "Vm=A.b.c" }, /not "Vm=A\.b\.c"/],
    [{ FEDERATION: "contribute", FEDERATION_ENTITIES: "Vm=Query.id" }, /names that are no other type's/],
    [{ FEDERATION: "contribute", FEDERATION_ENTITIES: "Vm=A,VmNic=A" }, /different types for Vm and VmNic/],
    [{ SOURCE: "engine" }, /no DATABASE_URL/],
    [
      { SOURCE: "engine", DATABASE_URL: "postgres://h/d", VDSM_HOSTS: "h1", VDSM_TLS: "off" },
      /polls no hosts/,
    ],
  ])("settings that do not go together are refused: %j", (environment, message) => {
    expect(() => loadConfig(environment)).toThrow(message);
  });

  test("entities of a subgraph are renamed with their keys, or keep id", () => {
    const FEDERATION_ENTITIES = "Vm=VirtualMachine.uuid, VmNic=Nic";
    expect(loadConfig({ FEDERATION: "contribute", FEDERATION_ENTITIES }).federationNames).toEqual({
      prefix: "",
      entities: { Vm: { type: "VirtualMachine", key: "uuid" }, VmNic: { type: "Nic", key: "id" } },
    });
  });

  test("identity, or --insecure spelled out, opens other addresses", () => {
    expect(loadConfig({ HOST: "0.0.0.0", AUTH_TOKENS_FILE: "t" })).toMatchObject({ graphiql: false });
    expect(loadConfig({ HOST: "0.0.0.0" }, { INSECURE: "on" })).toMatchObject({ host: "0.0.0.0" });
    expect(loadConfig({ HOST: "127.9.9.9" }).host).toBe("127.9.9.9");
    expect(loadConfig({ HOST: "::1" }).host).toBe("::1");
  });

  test.each(["x86_64-conda-linux-gnu", "workstation", "workstation.example.org", "127.0.0.1.example.org"])(
    "HOST is left alone where shells or conda set it: %s",
    (name) => {
      expect(loadConfig({ HOST: name }).host).toBe("127.0.0.1");
      expect(findForeignHost({ HOST: name })).toBe(name);
      // Nobody but its user sets the flag.
      expect(loadConfig({ HOST: name }, { HOST: name, INSECURE: "on" }).host).toBe(name);
    },
  );

  test.each(["127.0.0.1", "::1", "localhost", "0.0.0.0", "", " "])("HOST is ours where it is %j", (host) => {
    expect(findForeignHost({ HOST: host })).toBeNull();
    expect(loadConfig({ HOST: host }, { INSECURE: "on" }).host).toBe(host.trim() === "" ? "127.0.0.1" : host);
  });

  test("hosts with TLS keep their files as full paths", () => {
    expect(loadConfig({ VDSM_HOSTS: "h1", ...TLS, VDSM_SERVER_NAME: "none" }).vdsmTransport).toEqual({
      caFile: resolve("ca.pem"),
      certFile: resolve("client.pem"),
      keyFile: resolve("client.key"),
      serverName: "none",
    });
    expect(loadConfig({ VDSM_HOSTS: "h1", VDSM_TLS: "off" }).vdsmTransport).toBe("plain");
    expect(loadConfig({ DATABASE_URL: "postgres://h/d" }).vdsmTransport).toBeNull();
    expect(() => loadConfig({ VDSM_CA_FILE: "ca.pem" })).toThrow(/^VDSM_CERT_FILE, VDSM_KEY_FILE must name/);
  });

  test("ignored interface names match whole names", () => {
    const { guestNicIgnore } = loadConfig({});
    const ignores = (name: string) => guestNicIgnore.some((pattern) => pattern.test(name));
    expect(["veth0", "veth12ab"].every(ignores)).toBe(true);
    expect(["lo", "tun0", "eth0", "long", "veth-x", "docker0"].some(ignores)).toBe(false);
    expect(loadConfig({ GUEST_NIC_IGNORE: "none" }).guestNicIgnore).toEqual([]);
    expect(loadConfig({ GUEST_NIC_IGNORE: "none,lo" }).guestNicIgnore).toHaveLength(2);
  });

  test("limits and roles of certificates are read", () => {
    expect(loadConfig({ LIMITS: "depth=20, cost=5000" }).limits).toEqual({ depth: 20, cost: 5000 });
    const files = { TLS_CLIENT_CA_FILE: "ca", TLS_CERT_FILE: "c", TLS_KEY_FILE: "k" };
    const { identity } = loadConfig({ ...files, TLS_CLIENT_ROLES: "gw.example.org=router+reader,*=reader" });
    expect(identity.certificateRoles).toEqual({ "gw.example.org": ["router", "reader"], "*": ["reader"] });
  });

  test("TypeORM's command line gets the same database", () => {
    expect(readDatabaseUrl({})).toBeNull();
    expect(readDatabaseUrl({ DATABASE_URL: "postgresql://h/d" })).toBe("postgresql://h/d");
  });

  test("the README's table lists every setting as it is", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const rows = Object.entries(SETTINGS).map(
      ([name, { about, fallback }]) =>
        `| \`${name}\` | ${fallback === null ? "" : `\`${fallback}\``} | ${about} |`,
    );
    expect(readme).toContain(`| Variable | Default | Meaning |\n|---|---|---|\n${rows.join("\n")}\n`);
    expect(formatFlag("REFRESH_INTERVAL")).toBe("refresh-interval");
  });
});

function readMessage(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}

test("data go below XDG_DATA_HOME, and not below a relative one, which would be another folder for each place of a start", () => {
  expect(loadConfig({ XDG_DATA_HOME: "/data" }).dataDir).toBe("/data/vnic-graph/demo");
  const without = loadConfig({}).dataDir;
  expect(loadConfig({ XDG_DATA_HOME: "data" }).dataDir).toBe(without);
});
