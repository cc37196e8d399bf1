import { type PageBox } from "./page-data";

/** What a box is, in a few words. */
export function roleOf({ kind, title, serves, note }: Pick<PageBox, "kind" | "title" | "serves" | "note">): string {
  return note === undefined ? kindText(kind, title, serves) : `${kindText(kind, title, serves)}, ${note}`;
}

function kindText(kind: PageBox["kind"], title: string, serves: readonly string[]): string {
  switch (kind) {
    case "caller":
      return "callers outside";
    case "host":
      return "host outside";
    case "no-sidecar":
      return serves.length === 0 ? "no sidecar" : `no sidecar, ${serves.join(", ")}`;
    case "service":
      return "service, several accounts";
    case "account":
      if (serves.length === 0) return "serves nothing";
      return serves.length === 1 && serves[0] === title ? "service" : `serves ${serves.join(", ")}`;
  }
}
