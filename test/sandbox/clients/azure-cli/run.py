"""Runs azure-cli commands inside one Python process, because starting `az` takes a second each time.

Standard input is a JSON array of commands, each an array of words. For each, one JSON object is written on a line of its own to
the file that is the only argument: {"code", "output", "errors"}. AZURE_CONFIG_DIR has to be signed in already.
"""

import io
import json
import sys
import time
import traceback

from azure.cli.core import get_default_cli

# One stream for all commands: azure-cli's log handlers keep the one that they found first.
errors = io.StringIO()


# The emulator's operations end in milliseconds: azure-cli asks again after this many seconds at most.
POLLING_SECONDS = 0.05
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, POLLING_SECONDS))


def taken(stream):
    """What the stream holds, which is empty afterwards."""
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def run(words):
    """Exit code, output and error output of one command."""
    output = io.StringIO()
    sys.stdout = output
    try:
        # A cli object of its own for each command, as each process would have.
        code = get_default_cli().invoke(words, out_file=output)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except Exception:  # What azure-cli does not expect is a crash, and is reported as one.
        traceback.print_exc(file=errors)
        code = 70
    return {"code": code, "output": output.getvalue(), "errors": taken(errors)}


def main():
    commands = json.load(sys.stdin)
    sys.stderr = errors
    with open(sys.argv[1], "w", encoding="utf8") as results:
        for words in commands:
            print(json.dumps(run(words)), file=results, flush=True)


if __name__ == "__main__":
    main()
