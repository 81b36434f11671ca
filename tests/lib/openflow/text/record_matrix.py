#!/usr/bin/env python3
"""Records what stock ovs-ofctl makes of the generated flow texts, in every version, as data for matrix_corpus_test.

usage, from the source folder:
  ninja -C build-dev print_flow_texts
  build-dev/bin/print_flow_texts | tests/lib/openflow/text/record_matrix.py > flow_matrix.txt

Each line read is a flow. "ovs-ofctl parse-flow" encodes it as a flow-mod of 1.0, 1.3, 1.4 and 1.5, "ofp-print" says what
these bytes say. An entry is

    flow TEXT
    13 BYTES
    = LINE

with such a pair for each version, but: 1.4 and 1.5 only where the bytes differ by more than the version from 1.3's;
"refused" instead of bytes where ovs-ofctl refuses the text; "unreadable" before bytes that it refuses itself. LINE begins
behind "ADD ", and is left out where it is 1.3's. In BYTES "(12)" stands for twelve hexadecimal zeros, and "~" behind the
length for what most flow-mods begin with (matrix_corpus.h). The test itself needs no ovs-ofctl.
"""
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

VERSIONS = ("13", "14", "15", "10")
XID = "00000001"
BEGINNINGS = {
    "0e": XID + "0" * 44 + "8000" + "f" * 24 + "0" * 8,  # to the match
    "04": XID + "000023200000000d" + "0" * 28 + "8000" + "f" * 12 + "0000",  # NXT_FLOW_MOD, to the match's length
}


def run(*command):
    return subprocess.run(("ovs-ofctl",) + command, capture_output=True, text=True).stdout.split("\n")


def ask(text, version):
    dump = run("-O", "OpenFlow" + version, "-mmmmmm", "parse-flow", text)
    bytes_ = "".join(re.sub("[ -]", "", line[10:58]) for line in dump if re.match(r"[0-9a-f]{8}  ", line))
    line = next((line for line in run("ofp-print", bytes_) if "FLOW_MOD" in line), "") if bytes_ else ""
    return bytes_, line


def short(bytes_):
    beginning = BEGINNINGS[bytes_[2:4]]
    if bytes_[8:].startswith(beginning):
        bytes_ = bytes_[:8] + "~" + bytes_[8 + len(beginning):]
    return re.sub("0{6,}", lambda zeros: f"({len(zeros[0])})", bytes_)


def entry(text, asked):
    out = ["flow " + text]
    first_bytes, first_line = None, None
    for version in VERSIONS:
        bytes_, line = asked[version]
        is_readable = bytes_ and "decode error" not in line
        said = line.partition("ADD ")[2] if is_readable else ""
        rest = bytes_[2:]
        if version in ("14", "15") and (rest, said) == (first_bytes, first_line):
            continue
        if version == "13":
            first_bytes, first_line = rest, said
        if not bytes_:
            out.append(version + " refused")
        else:
            out.append(f"{version} {'' if is_readable else 'unreadable '}{short(bytes_)}")
        if is_readable and (version == "13" or said != first_line):
            out.append("= " + said)
    return "\n".join(out)


def record(text):
    return entry(text, {version: ask(text, version) for version in VERSIONS})


def main():
    texts = [line.rstrip("\n") for line in sys.stdin]
    with ThreadPoolExecutor(2) as pool:
        for one in pool.map(record, texts):
            print(one)


if __name__ == "__main__":
    main()
