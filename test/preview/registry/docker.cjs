#!/usr/bin/env node
// Stands in for docker with buildx: builds what needs nothing to run, FROM scratch and COPY, and pushes it by the OCI's protocol. It
// refuses whatever else it is told.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { dirname, join, resolve } = require("node:path");
const { gzipSync } = require("node:zlib");

const digestOf = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Runs a Dockerfile into a layer, as tar. */
function layerOf(context, dockerfile, target) {
  const root = mkdtempSync(join(tmpdir(), "docker-"));
  try {
    let reached = target === undefined;
    for (const line of readFileSync(dockerfile, "utf8")
      .split("\n")
      .filter((text) => /^[^#\s]/.test(text))) {
      const [instruction, ...words] = line.trim().split(/\s+/);
      if (instruction === "FROM" && words[0] === "scratch") {
        rmSync(root, { recursive: true });
        mkdirSync(root);
        reached ||= words[1] === "AS" && words[2] === target;
      } else if (instruction === "COPY" && words.length === 2) {
        const source = resolve(context, words[0]);
        if (!`${source}/`.startsWith(`${resolve(context)}/`))
          throw new Error(`${words[0]}: forbidden path outside the build context`);
        const destination = join(root, words[1]);
        mkdirSync(dirname(destination), { recursive: true });
        cpSync(source, destination, { recursive: true });
      } else {
        throw new Error(`this stand-in cannot do: ${line}`);
      }
    }
    if (!reached) throw new Error(`target stage "${target}" could not be found`);
    return execFileSync(
      "tar",
      ["--create", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--directory", root, "."],
      {
        maxBuffer: 1 << 28,
      },
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Sends a request as whoever DOCKER_CONFIG says is logged in. */
function clientOf(registry) {
  const { auths = {} } = JSON.parse(readFileSync(join(process.env.DOCKER_CONFIG, "config.json"), "utf8"));
  let authorization;
  return async function send(method, url, body, type) {
    const headers = { ...(authorization && { authorization }), ...(type && { "content-type": type }) };
    const response = await fetch(new URL(url, `http://${registry}`), { method, headers, body });
    if (response.status !== 401 || authorization !== undefined) return response;
    const challenge = response.headers.get("www-authenticate");
    const [realm, service, scope] = ["realm", "service", "scope"].map(
      (key) => new RegExp(`${key}="([^"]*)"`).exec(challenge)[1],
    );
    const login = { authorization: `Basic ${auths[registry]?.auth ?? ""}` };
    const answer = await fetch(`${realm}?${new URLSearchParams({ service, scope })}`, { headers: login });
    if (!answer.ok) throw new Error(`unauthorized: ${registry} answered ${answer.status}`);
    authorization = `Bearer ${(await answer.json()).token}`;
    return send(method, url, body, type);
  };
}

async function push(tag, layer) {
  const [, registry, path, version] = /^([^/]+)\/(.+):([\w.-]+)$/.exec(tag);
  const send = clientOf(registry);
  const must = async (wanted, response) => {
    if (response.status === wanted) return response;
    throw new Error(`denied: ${response.url} answered ${response.status}: ${await response.text()}`);
  };
  const blob = async (bytes, mediaType) => {
    const begun = await must(202, await send("POST", `/v2/${path}/blobs/uploads/`));
    const place = new URL(begun.headers.get("location"), `http://${registry}`);
    place.searchParams.set("digest", digestOf(bytes));
    await must(201, await send("PUT", place, bytes, "application/octet-stream"));
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const config = { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [digestOf(layer)] } };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = JSON.stringify({
    ...{ schemaVersion: 2, mediaType },
    config: await blob(Buffer.from(JSON.stringify(config)), "application/vnd.oci.image.config.v1+json"),
    layers: [await blob(gzipSync(layer), "application/vnd.oci.image.layer.v1.tar+gzip")],
  });
  const taken = await must(201, await send("PUT", `/v2/${path}/manifests/${version}`, manifest, mediaType));
  return taken.headers.get("docker-content-digest");
}

async function build(args) {
  const options = new Map();
  const rest = [];
  for (const arg of args) {
    const [, name, value] = /^--(push|metadata-file|tag|file|target)(?:=(.*))?$/.exec(arg) ?? [];
    if (name !== undefined) options.set(name, value);
    else if (arg.startsWith("-")) throw new Error(`unknown flag: ${arg}`);
    else rest.push(arg);
  }
  const [context] = rest;
  if (rest.length !== 1 || !options.has("push")) throw new Error("this stand-in wants one context, and --push");
  const layer = layerOf(context, options.get("file") ?? join(context, "Dockerfile"), options.get("target"));
  const digest = await push(options.get("tag"), layer);
  writeFileSync(options.get("metadata-file"), JSON.stringify({ "containerimage.digest": digest }));
}

const [, , command, action, ...args] = process.argv;
if (command !== "buildx" || !["version", "build"].includes(action))
  throw new Error(`this stand-in cannot do ${command} ${action}`);
if (action === "build") {
  build(args).catch((error) => {
    console.error(`ERROR: ${error.message}`);
    process.exitCode = 1;
  });
}
