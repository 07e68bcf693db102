# Steps with a time budget, and the count that ends a run. Sourced by the scripts beside this file.

passed=0 failed=0 skipped=0
summary=()

# step NAME SECONDS COMMAND…: runs the command without stdin, and goes on when it fails or runs out of time
step() {
  local name=$1 budget=$2 start=$SECONDS code verdict
  shift 2
  printf '\n=== %s (budget %s s): %s\n' "$name" "$budget" "$*"
  timeout --kill-after=10 "$budget" "$@" </dev/null
  code=$?
  case $code in
    0) verdict=passed passed=$((passed + 1)) ;;
    124 | 137) verdict="FAILED (out of time)" failed=$((failed + 1)) ;;
    *) verdict="FAILED (exit $code)" failed=$((failed + 1)) ;;
  esac
  printf -- '--- %s: %s in %s s of %s s\n' "$name" "$verdict" $((SECONDS - start)) "$budget"
  summary+=("$(printf '%-26s %4s s of %4s s   %s' "$name" $((SECONDS - start)) "$budget" "$verdict")")
  return $code
}

# skip NAME REASON
skip() {
  skipped=$((skipped + 1))
  printf '\n=== %s: skipped, %s\n' "$1" "$2"
  summary+=("$(printf '%-26s %18s   skipped: %s' "$1" "" "$2")")
}

# add PASSED FAILED SKIPPED: counts what a step counted by itself
add() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# add_tests FILE: counts the tests of a vitest JSON report; a run that broke off left none, and its step has failed
add_tests() {
  local counts
  [ -s "$1" ] || return 0
  counts=$(node -e '
    const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"))
    console.log(report.numPassedTests, report.numFailedTests, report.numPendingTests + report.numTodoTests)
  ' "$1") && add $counts
}

finish() {
  printf '\n%s\n' "=== summary, $SECONDS s in all"
  printf '%s\n' "${summary[@]}"
  printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ]
}
