"""Answers what Google's RE2 makes of patterns: a JSON line in, a JSON line out, until the input ends.

Asked: {"pattern": hexadecimal, "encoding": "LATIN1" or "UTF8", "texts": [hexadecimal, ...]}.
Answered: {"size": instructions, "matches": [whether each text matches as a whole, ...]} or {"error": RE2's words}.
"""

import json
import sys

import re2


def options(encoding):
    result = re2.Options()
    result.encoding = getattr(re2.Options.Encoding, encoding)
    result.log_errors = False
    return result


def answer(question, known):
    pattern = bytes.fromhex(question["pattern"])
    try:
        compiled = re2.compile(pattern, known[question["encoding"]])
    except re2.error as error:
        reason = error.args[0]
        return {"error": reason.decode(errors="replace") if isinstance(reason, bytes) else reason}
    texts = (bytes.fromhex(text) for text in question["texts"])
    return {"size": compiled.programsize, "matches": [compiled.fullmatch(text) is not None for text in texts]}


def main():
    known = {encoding: options(encoding) for encoding in ("LATIN1", "UTF8")}
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), known)), flush=True)


main()
