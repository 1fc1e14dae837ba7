#!/bin/sh
# Usage: restore.sh PROGRAM OUTPUT KEYS INTERVAL DIR
#
# Shows that a copy of an output can still be read and proved where nothing else is left: no
# configuration, no inputs, no home directory and no environment. It verifies the copy with
# the public keys alone, tells one finding of an interval, and writes the pages of that
# interval and of all of them.
#
#   restore.sh ./cdrmend ./copy keys.jwks.json 2026-11-20 drill
#   restore.sh ./cdrmend s3://copy/cdrmend/ keys.jwks.json 2026-11-20 drill
#
# Only what AWS needs for s3:// is taken from the environment. What was found lies in DIR,
# and nothing is written elsewhere. Exit code 0: all of it could be read. Otherwise it is
# that of the command that failed; its words stand on standard error.
set -eu

if [ $# -ne 5 ]; then
  sed -n 's/^# \{0,1\}//; 2,14p' "$0" >&2
  exit 2
fi
program=$1 output=$2 keys=$3 interval=$4 dir=$5
mkdir -p "$dir/home" "$dir/tmp"

# bare runs the program with nothing but credentials.
bare() {
  env -i HOME="$dir/home" TMPDIR="$dir/tmp" \
    ${AWS_ACCESS_KEY_ID:+"AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID"} \
    ${AWS_SECRET_ACCESS_KEY:+"AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY"} \
    ${AWS_SESSION_TOKEN:+"AWS_SESSION_TOKEN=$AWS_SESSION_TOKEN"} \
    ${AWS_REGION:+"AWS_REGION=$AWS_REGION"} \
    ${AWS_ENDPOINT_URL_S3:+"AWS_ENDPOINT_URL_S3=$AWS_ENDPOINT_URL_S3"} \
    ${AWS_CA_BUNDLE:+"AWS_CA_BUNDLE=$AWS_CA_BUNDLE"} \
    "$program" "$@"
}

# step runs one command, and says how long it took. What it prints goes to a file.
step() { # NAME FILE COMMAND...
  name=$1 file=$2 began=$(date +%s)
  shift 2
  code=0
  bare "$@" >"$dir/$file" || code=$?
  echo "$name: exit code $code after $(($(date +%s) - began)) s, $file"
  [ "$code" -eq 0 ] || exit "$code"
}

step "verified all records, files and signatures" verify.json \
  verify "$output" --keys "$keys" --quiet --json
step "read the findings of $interval" history.txt \
  history "$output" "$interval" --keys "$keys"
finding=$(grep -o 'fnd-[0-9a-f]*' "$dir/history.txt" | sort | head -n 1)
if [ "$finding" ]; then
  step "told finding $finding" explain.json \
    explain "$finding" "$output" "$interval" --keys "$keys" --quiet --json
else
  echo "interval $interval has no finding to tell"
fi
step "wrote the page of $interval" interval.html \
  report "$output" "$interval" --keys "$keys" --out -
step "wrote the page of all intervals" all.html \
  report "$output" --keys "$keys" --out -

# A run that keeps no inputs has nothing to compute from, which is no failure of the copy.
code=0 began=$(date +%s)
bare verify "$output" "$interval" --keys "$keys" --recompute --offline --quiet --json >"$dir/recompute.json" || code=$?
case $code in
0) echo "computed $interval again from what the output keeps of its inputs, after $(($(date +%s) - began)) s" ;;
3) echo "could not compute $interval again: the output does not keep all of its inputs (evidence: {keep: all}), recompute.json" ;;
*) echo "computing $interval again: exit code $code, recompute.json"; exit "$code" ;;
esac
