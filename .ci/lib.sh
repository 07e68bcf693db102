# Steps with a time budget each and, if `total` is set, one for all of them together, and the count that ends a run.
# Sourced by the scripts beside this file.

passed=0 failed=0 skipped=0
summary=() reasons=()

# limited SECONDS COMMAND…: runs the command without stdin, within its budget and what is left of the total
limited() {
  local budget=$1 left
  shift
  left=$((${total:-$((SECONDS + budget))} - SECONDS))
  [ "$left" -ge 1 ] || left=1
  [ "$budget" -le "$left" ] || budget=$left
  timeout --kill-after=10 "$budget" "$@" </dev/null
}

# judge NAME SECONDS START CODE: counts how a step ended that began at START
judge() {
  local verdict
  case $4 in
    0) verdict=passed passed=$((passed + 1)) ;;
    124 | 137) verdict="FAILED (out of time)" failed=$((failed + 1)) ;;
    *) verdict="FAILED (exit $4)" failed=$((failed + 1)) ;;
  esac
  printf -- '--- %s: %s in %s s of %s s\n' "$1" "$verdict" $((SECONDS - $3)) "$2"
  summary+=("$(printf '%-26s %4s s of %4s s   %s' "$1" $((SECONDS - $3)) "$2" "$verdict")")
}

# step NAME SECONDS COMMAND…: goes on when the command fails or runs out of time
step() {
  local name=$1 budget=$2 start=$SECONDS code
  shift 2
  printf '\n=== %s (budget %s s): %s\n' "$name" "$budget" "$*"
  limited "$budget" "$@"
  code=$?
  judge "$name" "$budget" "$start" $code
  return $code
}

# beside NAME SECONDS COMMAND…: begins a step that goes on beside the next ones, until `beside_ends`. One at a time.
beside() {
  beside_name=$1 beside_budget=$2 beside_start=$SECONDS beside_log=$(mktemp)
  shift 2
  beside_what=$*
  limited "$beside_budget" "$@" >"$beside_log" 2>&1 &
  beside_pid=$!
}

beside_ends() {
  local code
  printf '\n=== %s (budget %s s, beside others): %s\n' "$beside_name" "$beside_budget" "$beside_what"
  wait "$beside_pid"
  code=$?
  cat "$beside_log" && rm -f "$beside_log"
  judge "$beside_name" "$beside_budget" "$beside_start" $code
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

# say_why LOG: has the end of a run say once more what failed in a step whose output is long, as only the end may be kept
say_why() {
  local why
  why=$(sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '/⎯ (Failed|Unhandled)/ { on = 1 } / Test Files / { on = 0 } on' | head -n 80)
  [ -z "$why" ] || reasons+=("$why")
}

finish() {
  [ "${#reasons[@]}" -eq 0 ] || printf '\n%s\n' "${reasons[@]}"
  printf '\n%s\n' "=== summary, $SECONDS s in all"
  printf '%s\n' "${summary[@]}"
  printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ]
}

# install PACKAGE…: Debian's, where this is Debian and we may
install() {
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
  printf '\n=== installing %s (at most 40 s)\n' "$*"
  DEBIAN_FRONTEND=noninteractive timeout --kill-after=5 40 bash -c '
    apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"' install "$@" </dev/null
}

has_postgres() {
  [ -n "${TEST_DATABASE_URL:-}" ] || command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

# without the cluster that the package would make and start
install_postgres() {
  install postgresql-common &&
    sed -ri "s/#?(create_main_cluster) .*$/\1 = false/" /etc/postgresql-common/createcluster.conf &&
    install postgresql
}

# find_postgres: sets with_postgres, which between `npx -y pnpm@12` and a script of ours gives that a PostgreSQL, and is
# empty where there is none
find_postgres() {
  has_postgres || install_postgres
  with_postgres=()
  if has_postgres; then
    with_postgres=(postgres npx -y pnpm@12)
    # its suites may not be skipped then
    export EXPECT_POSTGRES=1
  else
    skip "PostgreSQL's suites" "there is no PostgreSQL, and it could not be installed: apt-get install postgresql"
  fi
}

has_browser() {
  [ -x "${CHROME_PATH:-}" ] ||
    CHROME_PATH=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
}

# find_browser: tells the tests where the browser is, and has those fail that need it, rather than skip, where there is one
find_browser() {
  has_browser || install chromium
  if has_browser; then
    export CHROME_PATH EXPECT_BROWSER=1
  else
    skip "the browser's tests" "there is no Chromium, and it could not be installed: apt-get install chromium"
  fi
}

# audit: looks what programs install for known vulnerabilities, where the registry can be asked
audit() {
  local log
  log=$(mktemp)
  limited 60 npx -y pnpm@12 audit --prod >"$log" 2>&1
  if grep -q ERR_PNPM_AUDIT_BAD_RESPONSE "$log"; then
    skip "audit" "the registry has no audit endpoint"
  else
    step "audit" 60 npx -y pnpm@12 audit --prod
  fi
  rm -f "$log"
}
