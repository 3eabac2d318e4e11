#!/usr/bin/env bash
# Tocsin's start beside that of a .NET program that prints one line, in one run: whole processes, taken in turns. Prints a Markdown table.
# usage: bench/start-up.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-30}
hello=artifacts/hello
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Published as Tocsin is: compiled ahead, on the installed runtime.
if [ ! -x "$hello/out/hello" ]; then
  mkdir -p "$hello"
  echo 'Console.WriteLine("Hello, World!");' >"$hello/Program.cs"
  # Props of its own, so that the repository's rules do not reach it.
  echo '<Project />' | tee "$hello/Directory.Build.props" "$hello/Directory.Packages.props" >/dev/null
  cat >"$hello/hello.csproj" <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <PublishReadyToRun>true</PublishReadyToRun>
    <SelfContained>false</SelfContained>
    <RuntimeIdentifier>$(NETCoreSdkRuntimeIdentifier)</RuntimeIdentifier>
    <InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
</Project>
XML
  dotnet publish "$hello/hello.csproj" -c Release -o "$hello/out" -v quiet --nologo >/dev/null
fi
./tocsin --version >/dev/null
tocsin=artifacts/tocsin/tocsin
echo "a line" >"$work/quiet.log"
echo "2026-11-21T20:00:00Z ERROR Error: connect ECONNREFUSED 10.0.3.7:6379" >"$work/find.log"

names=("hello world" "tocsin --version" "tocsin scan, one line" "tocsin scan, one find" "tocsin scan --format json, one line")
commands=("$hello/out/hello" "$tocsin --version" "$tocsin scan $work/quiet.log" "$tocsin scan $work/find.log" "$tocsin scan $work/quiet.log --format json")
for round in $(seq -2 "$rounds"); do
  for i in "${!commands[@]}"; do
    start=$(date +%s%N)
    ${commands[$i]} >/dev/null
    end=$(date +%s%N)
    # The first rounds fill the file cache.
    [ "$round" -lt 1 ] || echo $(( (end - start) / 1000 )) >>"$work/times.$i"
  done
done
middle() { sort -n "$1" | sed -n "$(( (rounds + 1) / 2 ))p"; }
least() { sort -n "$1" | sed -n 1p; }

echo "Start-up, $rounds rounds in turns, whole process:"
echo
echo "| program | median | least | median beside hello world | least beside it |"
echo "|---|---|---|---|---|"
for i in "${!commands[@]}"; do
  echo "$(middle "$work/times.$i") $(least "$work/times.$i") $(middle "$work/times.0") $(least "$work/times.0")" \
    | awk -v name="${names[$i]}" '{printf "| %s | %.1f ms | %.1f ms | %.2f × | %.2f × |\n", name, $1/1000, $2/1000, $1/$3, $2/$4}'
done
