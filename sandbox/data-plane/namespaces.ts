import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** How a command gets namespaces of its own here: the words before it, or why there are none, in a sentence for a person. */
export type NamespaceAccess = { readonly unshare: readonly string[] } | { readonly problem: string };

/**
 * Finds out whether this machine can run pods, which are network namespaces: that takes Linux and root, or a user namespace with a
 * range of users, since a sidecar is told from its application by its user.
 * @param flags which namespaces, as flags of unshare.
 */
export async function namespaceAccess(flags: readonly string[]): Promise<NamespaceAccess> {
  if (process.platform !== "linux") return { problem: "Real sidecars need Linux: pods are network namespaces." };
  for (const program of ["unshare", "ip", "iptables-restore"]) {
    if (!(await works("which", program))) {
      return { problem: `Real sidecars need ${program}: install util-linux, iproute2 and iptables.` };
    }
  }
  if (process.getuid?.() === 0) {
    if (await works("unshare", ...flags, "true")) return { unshare: ["unshare", ...flags] };
    return { problem: "Real sidecars need the right to make namespaces (CAP_SYS_ADMIN), which this root lacks." };
  }
  const asUser = ["--user", "--map-root-user", "--map-auto", ...flags];
  // What is done to every pod is tried once: some systems hand out user namespaces that may do nothing.
  const trial = "ip link set lo up && iptables-restore < /dev/null";
  if (await works("unshare", ...asUser, "--net", "sh", "-c", trial)) return { unshare: ["unshare", ...asUser] };
  return {
    problem:
      "Real sidecars need root, or user namespaces with a range of users (newuidmap, and a line for you in /etc/subuid and /etc/subgid).",
  };
}

async function works(command: string, ...args: readonly string[]): Promise<boolean> {
  try {
    // iproute2 and iptables are often outside of a user's own path.
    await run(command, args, { env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` } });
    return true;
  } catch {
    return false;
  }
}
