import { meshNames } from "../mesh";
import { allUsages, firstWords } from "./help";
import { oneOf, readOptions } from "./options";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const shells = ["bash", "zsh", "fish"] as const;

/** `aks-mesh completion SHELL`: a script, made from what `--help` says, that the shell reads. */
export function completionCommand(terminal: Terminal, args: readonly string[]): number {
  const [shell, ...others] = readOptions(args, {}).positionals;
  if (shell === undefined || others.length > 0) throw new UsageError(`Name the shell: ${shells.join(", ")}.`);
  const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
  terminal.out(scripts[oneOf(shells, shell, "The shell")]());
  return 0;
}

/** A command as the scripts need it. */
interface Completed {
  /** `check`, or `preview up`. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
}

interface CompletedOption {
  /** With its dashes. */
  readonly name: string;
  readonly meaning: string;
  /** `nothing` where it is a switch. */
  readonly takes: "nothing" | "files" | "folders" | "anything" | readonly string[];
}

function completed(): readonly Completed[] {
  return Object.entries(allUsages).map(([name, { summary, options, values = {} }]) => ({
    name,
    summary,
    options: Object.entries({ ...options, "--help": "what it does, its options and an example" }).map(
      ([option, meaning]) => {
        const [flag = "", argument] = option.split(" ");
        return { name: flag, meaning, takes: takenBy(flag, argument, { "--mesh": meshNames, ...values }) };
      },
    ),
  }));
}

function takenBy(
  flag: string,
  argument: string | undefined,
  values: Readonly<Record<string, readonly string[]>>,
): CompletedOption["takes"] {
  if (argument === undefined) return "nothing";
  if (argument === "FILE") return "files";
  if (argument === "DIR") return "folders";
  return values[flag] ?? "anything";
}

/** What may be typed as an option's value, for bash and zsh alike. */
const bashValues = (takes: CompletedOption["takes"]): string => {
  if (takes === "files") return 'COMPREPLY=($(compgen -f -- "$word"))';
  if (takes === "folders") return 'COMPREPLY=($(compgen -d -- "$word"))';
  return typeof takes === "string" ? "COMPREPLY=()" : `COMPREPLY=($(compgen -W "${takes.join(" ")}" -- "$word"))`;
};

function bashScript(): string {
  const commands = completed();
  const cases = commands.map(({ name, options }) => {
    const values = options
      .filter(({ takes }) => takes !== "nothing")
      .map(({ name: option, takes }) => `        ${option}) ${bashValues(takes)}; return ;;`);
    return [
      `    "${name}")`,
      ...(values.length === 0 ? [] : ['      case "$previous" in', ...values, "      esac"]),
      `      options="${options.map((option) => option.name).join(" ")}" ;;`,
    ].join("\n");
  });
  const previews = commands.flatMap(({ name }) => /^preview (.*)$/.exec(name)?.[1] ?? []);
  return `# bash: source <(aks-mesh completion bash)
_aks_mesh() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" options=""
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${firstWords.join(" ")} --version" -- "$word"))
    return
  fi
  if [[ $command == help ]] && ((COMP_CWORD == 2)); then
    COMPREPLY=($(compgen -W "${firstWords.join(" ")}" -- "$word"))
    return
  fi
  if [[ $command == completion ]] && ((COMP_CWORD == 2)); then
    COMPREPLY=($(compgen -W "${shells.join(" ")}" -- "$word"))
    return
  fi
  if [[ $command == preview ]]; then
    if ((COMP_CWORD == 2)); then
      COMPREPLY=($(compgen -W "${previews.join(" ")} help" -- "$word"))
      return
    fi
    command="preview \${COMP_WORDS[2]}"
  fi
  case "$command" in
${cases.join("\n")}
  esac
  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$word")); else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _aks_mesh aks-mesh
`;
}

/** zsh runs functions written for bash's completion. */
function zshScript(): string {
  return `# zsh: source <(aks-mesh completion zsh)
autoload -U +X compinit && compinit -u
autoload -U +X bashcompinit && bashcompinit
${bashScript().split("\n").slice(1).join("\n")}`;
}

function fishScript(): string {
  const lines = ["# fish: aks-mesh completion fish | source"];
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const commands = completed();
  const words = firstWords.map((word) => ({
    word,
    summary: commands.find(({ name }) => name === word)?.summary ?? "",
  }));
  for (const { word, summary } of words) {
    lines.push(`complete -c aks-mesh -n __fish_use_subcommand -f -a ${word} -d ${quoted(summary)}`);
  }
  lines.push(`complete -c aks-mesh -n '__fish_seen_subcommand_from completion' -f -a ${quoted(shells.join(" "))}`);
  for (const { name, summary, options } of commands) {
    const [first = "", second] = name.split(" ");
    const among = commands.flatMap((one) => (one.name.startsWith(`${first} `) ? one.name.slice(first.length + 1) : []));
    if (second !== undefined) {
      const none = `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${among.join(" ")}`;
      lines.push(`complete -c aks-mesh -n ${quoted(none)} -f -a ${second} -d ${quoted(summary)}`);
    }
    const seen = [first, ...(second === undefined ? [] : [second])].map(
      (word) => `__fish_seen_subcommand_from ${word}`,
    );
    for (const { name: option, meaning, takes } of options) {
      const value =
        takes === "nothing"
          ? ""
          : typeof takes !== "string"
            ? ` -x -a ${quoted(takes.join(" "))}`
            : takes === "anything"
              ? " -x"
              : " -r -F";
      lines.push(
        `complete -c aks-mesh -n ${quoted(seen.join("; and "))} -l ${option.slice(2)}${value} -d ${quoted(meaning)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
