import { parseArgs } from "node:util";
import { UserError } from "../progress";

/** What is to be called, by whom and how often, as the command line says it. */
export interface LoadOptions {
  /** `namespace/service account`, or the account's name alone. */
  readonly from: string;
  /** A Service's name in any form, with or without a port. */
  readonly to: string;
  readonly protocol: "http" | "tcp";
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requests: number;
  readonly concurrency: number;
  /** Calls that begin in a second at most; undefined for as many as end. */
  readonly perSecond: number | undefined;
  readonly json: boolean;
  readonly stack: string;
}

/** More would measure the machine alone. */
const most = { requests: 1_000_000, concurrency: 1000 } as const;

/** The command's own line of help. */
export const loadSynopsis =
  "load FROM TO [--requests N] [--concurrency N] [--rate N] [--path P] [--method M] [--header NAME=VALUE]… [--tcp] [--stack NAME] [--json]";

const options = {
  requests: { type: "string", default: "200" },
  concurrency: { type: "string", default: "10" },
  rate: { type: "string" },
  path: { type: "string", default: "/" },
  method: { type: "string", default: "GET" },
  header: { type: "string", multiple: true },
  tcp: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  stack: { type: "string", default: "dev" },
} as const;

/** @throws UserError where something is missing or cannot be meant. */
export function readLoadOptions(args: readonly string[]): LoadOptions {
  const { values, positionals } = parsed(args);
  const [from, to, ...others] = positionals;
  if (from === undefined || to === undefined || others.length > 0) {
    throw new UserError(
      `load wants who calls and what is called, such as: npm run sandbox -- load bookbuyer/bookbuyer bookstore.bookstore:14001 --path /buy-a-book/new\n\n${loadSynopsis}`,
    );
  }
  const { path, method, rate } = values;
  if (!/^\/[\x21-\x7e]*$/.test(path)) {
    throw new UserError(`--path begins with / and has no blanks, and is "${path}": write one such as /buy-a-book/new.`);
  }
  if (!/^[A-Z]+$/.test(method)) {
    throw new UserError(`--method is a word in capitals such as GET or POST, and is "${method}".`);
  }
  const perSecond = rate === undefined ? undefined : Number(rate.replace(/\/s$/, ""));
  if (perSecond !== undefined && !(perSecond > 0 && perSecond < Infinity)) {
    throw new UserError(
      `--rate takes the calls that begin in a second, a number above 0 such as 20, not "${String(rate)}".`,
    );
  }
  return {
    ...{ from, to, path, method, perSecond },
    protocol: values.tcp ? "tcp" : "http",
    headers: Object.fromEntries((values.header ?? []).map(readHeader)),
    requests: readCount("requests", values.requests),
    concurrency: readCount("concurrency", values.concurrency),
    ...{ json: values.json, stack: values.stack },
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserError(`${error.message}\n\n${loadSynopsis}`);
  }
}

function readCount(name: keyof typeof most, text: string): number {
  const value = Number(text);
  if (text !== "" && Number.isInteger(value) && value >= 1 && value <= most[name]) return value;
  throw new UserError(`--${name} takes an integer from 1 to ${String(most[name])}, not "${text}".`);
}

function readHeader(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+)=([\x20-\x7e]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UserError(`--header takes NAME=VALUE, such as client-app=bookbuyer, not "${text}".`);
  }
  return [name, value];
}
