#!/usr/bin/env bash
# Makes docs/scan.svg: a real scan as a terminal of 100 columns shows it, text as text. Needs script (util-linux) and python3.
# usage: bench/terminal-shot.sh [SVG]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
svg=${1:-docs/scan.svg}
columns=100
command="./tocsin scan docs/examples/checkout-night.log"

./tocsin --version >/dev/null
# Colours appear only on a terminal, so the program gets one.
env -u NO_COLOR TERM=xterm-256color script -qec "stty cols $columns rows 60; $command" /dev/null </dev/null |
  python3 bench/ansi_to_svg.py "$columns" "$command" >"$svg"
echo "$svg: $(wc -c <"$svg") bytes"
