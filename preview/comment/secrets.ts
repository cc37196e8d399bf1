/** What stands where a secret was. */
export const hidden = "[hidden]";

/** Names of fields, headers, settings and outputs whose value nobody should read. */
const secretName =
  /pass(word|wd|phrase)|secret|token|credential|authorization|cookie|api[-_]?key|private[-_]?key|(^|[-_])pwd$/i;

/** Whether a thing with this name is a secret by its name alone. */
export function namesSecret(name: string): boolean {
  return secretName.test(name);
}

/**
 * The first group is kept: it says what was hidden. Long runs are only looked at from their beginning, so that the time
 * stays linear in the length of the text.
 */
const shapes: readonly RegExp[] = [
  // PEM, also cut off before its end; and PEM in base64, as kubeconfigs have it.
  /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g,
  /LS0tLS1CRUdJTi[A-Za-z0-9+/=]*/g,
  // JSON Web Tokens and their cousins (JWE): two to five parts.
  /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}/g,
  // GitHub, GitLab, npm, PyPI, Slack, AWS, Google, Pulumi, Docker, Stripe, Azure DevOps: tokens with a prefix.
  /\b(?:gh[a-z]_|github_pat_|glpat-|npm_|pypi-|dckr_pat_|sk_live_|rk_live_)[A-Za-z0-9_.-]{10,}/g,
  /\bxox[a-z]-[A-Za-z0-9-]{10,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\bpul-[0-9a-f]{20,}/g,
  // Entra ID client secrets.
  /[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{30,}/g,
  // Keys of Azure services that can be told from other text by a signature in the middle.
  /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}(?:JQQJ9|AzCa|ACDb|AzSe|AzFu|APIM|\+ASt|\+ABa|\+AMC|\+AEh|\+ARm|\+ACR)[A-Za-z0-9+/_-]{4,}={0,2}/g,
  // Signatures of shared access (SAS), in any order of the query; connection strings.
  /((?:[?&;\s"']|\\u0026)(?:sig|se_sig|signature)=)[^&\s"'<>;\\]+/gi,
  /\b((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|AccessKey|InstrumentationKey|ApiKey)\s*=)[^;\s"'<>]+/gi,
  // User and password in an address.
  /([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:"'<>]{1,256}:[^\s/@"'<>]{1,512}(?=@)/gi,
  // HTTP credentials.
  /\b((?:Bearer|Basic|Negotiate|SharedKey|token)\s+)[A-Za-z0-9._~+/:-]{8,}=*/gi,
  // Quoted values with blanks, of fields whose name says that they are secret.
  /((?:pass(?:word|wd|phrase)|secret|token|credential|(?:api|access|account|private)[-_]?key)[A-Za-z0-9]{0,20}\\?["']?\s{0,8}(?:[:=]|=>)\s{0,8}(?=\\?["']))(?:\\?"[^"\n]{1,2000}"|'[^'\n]{1,2000}')/gi,
  // Without quotes: passwords and phrases to the end of the line.
  /(\bpass(?:word|wd|phrase)[ \t]{0,8}(?::[ \t]|=)[ \t]{0,8})(?!["'\[|>\s])[^\n;]{1,2000}/gi,
  // Fields of kubeconfigs, of YAML and JSON, of environment files and of command lines.
  /((?:client-(?:key|certificate)-data|certificate-authority-data)["']?\s*[:=]\s*["']?)[^\s"',}]+/gi,
  /((?:pass(?:word|wd|phrase)|secret|token|credential|api[-_]?key|access[-_]?key|account[-_]?key|private[-_]?key|client[-_]?secret)[A-Za-z0-9]{0,20}["']?\s{0,8}(?:[:=]|=>)\s{0,8}["']?)(?!\[hidden\])[^\s"',;}\]]{4,}/gi,
  // What Pulumi encrypted.
  /\bv1:[A-Za-z0-9+/=]{12,}:[A-Za-z0-9+/=]{12,}/g,
  // Hexadecimal keys of 128 bits and more. Commits are 40 digits, and digests say what they are.
  /(?<![A-Za-z0-9_-])(?<!\bsha(?:1|224|256|384|512)[:-])(?![0-9a-f]{40}(?![A-Za-z0-9]))[0-9a-f]{32,}(?![A-Za-z0-9_-])/gi,
  // Base64 with padding, long enough to be a key of 128 bits and more.
  /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{22,}={1,2}(?![A-Za-z0-9=])/g,
];

/** Long words without a known shape. */
const longWord = /[A-Za-z0-9_~+-]{32,}/g;

/**
 * A text without secrets: neither those that are known, in the forms in which they may appear, nor anything that looks like
 * a key or token. Better too much hidden than too little; commits and digests stay.
 */
export function hideIn(text: string, secrets: readonly string[] = []): string {
  const result = hideKnown(text, secrets)
    .replace(percentEncoded, (word) => (hides(decodedPercent(word)) ? hidden : word))
    .replace(base64Word, (word) => (hides(decodedBase64(word)) ? hidden : word));
  return hideShapes(hideBlocks(result));
}

/** A text without the secrets that are known, in the forms in which they may appear. */
export function hideKnown(text: string, secrets: readonly string[]): string {
  return formsOf(secrets).reduce((result, form) => result.replaceAll(form, hidden), text);
}

function hideShapes(text: string): string {
  let result = text;
  for (const shape of shapes) {
    result = result.replace(shape, (_match, kept: unknown) => (typeof kept === "string" ? kept : "") + hidden);
  }
  return result.replace(longWord, (word) => (looksRandom(word) ? hidden : word));
}

const hides = (text: string | undefined): boolean => text !== undefined && hideShapes(text) !== text;

/** Words with characters written as `%3D`. */
const percentEncoded = /(?<![^\s"'<>])[^\s"'<>%]{0,2000}%[0-9a-f]{2}[^\s"'<>]{0,4000}/gi;

/** What a word says whose characters are written as `%3D`, or as `%253D`; undefined where they are none. */
function decodedPercent(word: string): string | undefined {
  try {
    const once = decodeURIComponent(word);
    return /%[0-9a-f]{2}/i.test(once) ? decodeURIComponent(once) : once;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

const base64Word = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/_=-])/g;

/** The plain text that a word is in base64; undefined where it is none. */
function decodedBase64(word: string): string | undefined {
  const text = Buffer.from(word, "base64").toString("utf8");
  return /^[\t\n\r\x20-\x7e]+$/.test(text) ? text : undefined;
}

/** A line of YAML that names a field whose value stands in the lines below. */
const blockStart = /([\w.-]{1,100})["']?:[ \t]{0,8}(?:[|>][0-9+-]{0,2})?[ \t]{0,8}$/;

/** A text without the blocks of YAML below fields whose name says that they are secret, or that hold a Secret's data. */
function hideBlocks(text: string): string {
  if (!text.includes("\n")) return text;
  const kept: string[] = [];
  let below: number | undefined;
  for (const line of text.split("\n")) {
    const indent = /^[ \t]*/.exec(line)?.[0].length ?? 0;
    if (below !== undefined && (line.trim() === "" || indent > below)) continue;
    below = undefined;
    kept.push(line);
    const [, name = ""] = blockStart.exec(line) ?? [];
    if (name !== "stringData" && !namesSecret(name)) continue;
    below = /^[ \t]*(?:- +)?/.exec(line)?.[0].length ?? 0;
    kept.push(`${" ".repeat(below + 2)}${hidden}`);
  }
  return kept.join("\n");
}

/** Shorter known secrets would hide half of all text; they stay where they are part of something longer. */
const shortestSecret = 4;

function formsOf(secrets: readonly string[]): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const parts = [secret, ...secret.split(/\r?\n/).map((line) => line.trim())];
    for (const part of parts.filter((one) => one.length >= (one === secret ? shortestSecret : 12))) {
      forms.add(part);
      forms.add(JSON.stringify(part).slice(1, -1));
      forms.add(encodeURIComponent(part));
      forms.add(Buffer.from(part).toString("base64"));
      forms.add(encodeURIComponent(encodeURIComponent(part)));
      forms.add(Buffer.from(part).toString("base64url"));
      forms.add(Buffer.from(part).toString("hex"));
    }
  }
  // Longest first: a part must not be replaced inside the whole.
  return [...forms].sort((a, b) => b.length - a.length);
}

/** Bits a character from which a word of 32 and more is taken for random. English with numbers in it has about 3.5. */
const randomBits = 4.1;

function looksRandom(word: string): boolean {
  if (/^[0-9a-f-]+$/i.test(word)) return false;
  if (!/[0-9]/.test(word) || !/[a-z]/.test(word) || !/[A-Z]/.test(word)) return false;
  const counts = new Map<string, number>();
  for (const letter of word) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / word.length) * Math.log2(count / word.length);
  return bits >= randomBits;
}

/**
 * Plain data without secrets: every text goes through {@link hideIn}, and a text in a field whose name says that it is
 * secret goes whole.
 *
 * @param secrets the values that are known to be secret, such as a stack's secret outputs.
 */
export function hideSecrets<T extends object>(data: T, secrets: readonly string[] = []): T {
  const exact = new Set(secrets);
  const walk = (value: unknown, name: string): unknown => {
    if (typeof value === "string") {
      return exact.has(value) || (namesSecret(name) && value !== "") ? hidden : hideIn(value, secrets);
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, name));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [hideIn(key, secrets), walk(item, key)]));
  };
  const result: T = JSON.parse(JSON.stringify(walk(data, "")));
  return result;
}
