import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureEnvironment } from "../python-environment";
import { type CheckovCase } from "./cases";
import { armTemplate, terraformModule } from "./templates";

/** Whether each of checkov's rules passes a cluster, by the rule's id; of rules about pools too, whether they pass all of them. */
export type CheckovVerdicts = Readonly<Record<string, boolean>>;

interface CheckovReport {
  readonly check_type: string;
  readonly results: Readonly<Record<"passed_checks" | "failed_checks", readonly CheckovCheck[]>>;
}

interface CheckovCheck {
  readonly check_id: string;
  readonly file_path: string;
}

/** checkov's rules for ARM are asked with ARM templates; those that it has for Terraform alone, with Terraform. */
const folderPattern = /^\/?case-(\d+)\/(template\.json|main\.tf)$/;

/** Has checkov look at all clusters, which takes one run of some seconds. */
export async function askCheckov(
  cases: readonly CheckovCase[],
  report: (message: string) => void,
): Promise<readonly CheckovVerdicts[]> {
  const binaries = await ensureEnvironment("checkov", join(__dirname, "requirements.txt"), report);
  const folder = await mkdtemp(join(tmpdir(), "aks-mesh-checkov-"));
  try {
    for (const [index, { cluster, pools }] of cases.entries()) {
      const place = join(folder, `case-${String(index)}`);
      await mkdir(place);
      await writeFile(join(place, "template.json"), armTemplate(cluster, pools));
      await writeFile(join(place, "main.tf"), terraformModule(cluster));
    }
    const printed = await run(join(binaries, "checkov"), [
      ...["--directory", folder, "--framework", "arm", "terraform"],
      ...["--output", "json", "--compact", "--skip-download"],
    ]);
    return verdictsOf(JSON.parse(printed) as readonly CheckovReport[], cases.length);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What a program prints; checkov ends with 1 where a rule fails. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error === null || error.code === 1) resolve(stdout);
      else reject(new Error(`checkov failed: ${stderr}`, { cause: error }));
    });
  });
}

function verdictsOf(reports: readonly CheckovReport[], count: number): readonly CheckovVerdicts[] {
  const verdicts = Array.from({ length: count }, (): Record<string, boolean> => ({}));
  const ofArm = new Set<string>();
  // ARM's rules first: what is known of them is not asked of Terraform.
  for (const { check_type, results } of [...reports].sort((a, b) => a.check_type.localeCompare(b.check_type))) {
    for (const [passes, checks] of [[true, results.passed_checks] as const, [false, results.failed_checks] as const]) {
      for (const { check_id, file_path } of checks) {
        if (check_type === "arm") ofArm.add(check_id);
        else if (ofArm.has(check_id)) continue;
        const verdict = verdicts[Number(folderPattern.exec(file_path)?.[1])];
        if (verdict === undefined) throw new Error(`checkov looked at ${file_path}, which is no case.`);
        verdict[check_id] = (verdict[check_id] ?? true) && passes;
      }
    }
  }
  return verdicts.map((verdict) => Object.fromEntries(Object.entries(verdict).sort(([a], [b]) => a.localeCompare(b))));
}
