#!/bin/bash
# Fuzzes every target of the tree, one after another, and prints what each had:
#
#	docs/fuzz.sh 10000000             every target
#	docs/fuzz.sh 100000 ./share/...   those of some packages
#	INSTRUMENT=lifeboat/tx docs/fuzz.sh 10000000 ./tx
#	                                  with nothing but those packages instrumented
#
# Inputs that reach new code are kept in CORPUS (by default a folder of Go's build
# cache), for the next run. The status is 1 if any target failed; Go then has
# written the input under testdata/fuzz of its package; Git ignores it there until
# it gets a name that says what it is.
#
# Instrumented are our packages, and age, which reads our bundles. Go alone would
# instrument the standard library and the arithmetic as well, and run at a third
# of the speed. That is why this script is its own -toolexec. INSTRUMENT names fewer:
# twice as fast where most of a run is spent in packages with targets of their own.
set -uo pipefail
export INSTRUMENT=${INSTRUMENT:-lifeboat}

if [[ ${1:-} == */* && ${1##*/} == @(asm|cgo|compile|cover|link|vet|buildid)?(.exe) ]]; then
	tool=("$@")
	if [[ " $* " != *" -p $INSTRUMENT"* && " $* " != *" -p filippo.io/age"* ]]; then
		tool=()
		for argument in "$@"; do
			[[ $argument == -d=libfuzzer ]] || tool+=("$argument")
		done
	fi
	exec "${tool[@]}"
fi

[[ ${1:-} =~ ^[0-9]+$ ]] || {
	echo "usage: docs/fuzz.sh RUNS [PACKAGE…]" >&2
	exit 2
}
runs=$1
shift
self=$(cd "$(dirname "$0")" && pwd)/fuzz.sh
cd "$(dirname "$0")/.." || exit 1
root=$PWD
# As programs are built (build.sh): what is slow or fails there alone is to be found.
export GOEXPERIMENT=runtimesecret CGO_ENABLED=0
# A cache of its own: another instrumentation, of packages by the same names.
GOCACHE=$(go env GOCACHE)/lifeboat-fuzz/${INSTRUMENT//\//_}
export GOCACHE
corpus=${CORPUS:-$GOCACHE/corpus}
# A process for each core, and a thread for each process.
processes=$(getconf _NPROCESSORS_ONLN)
programs=$(mktemp -d) || exit 1
trap 'rm -rf "$programs"' EXIT

status=0
packages=$(go list "${@:-./...}") || exit 1
for package in $packages; do
	folder=$root/${package#lifeboat/}
	grep -qs '^func Fuzz' "$folder"/*_test.go || continue
	program=$programs/${package//\//_}
	go test -toolexec "$self" -c -fuzz '^Fuzz' -o "$program" "$package" || exit 1
	targets=$(cd "$folder" && "$program" -test.list '^Fuzz') || exit 1
	for target in $targets; do
		mkdir -p "$corpus/$package"
		log=$(cd "$folder" && GOMAXPROCS=1 "$program" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "${runs}x" \
			-test.parallel "$processes" -test.fuzzminimizetime 1x -test.fuzzcachedir "$corpus/$package" 2>&1) || {
			status=1
			echo "$log"
		}
		printf '%-30s %-22s %12s\n' "$package" "$target" "$(grep -o 'execs: [0-9]*' <<<"$log" | tail -1 | cut -d' ' -f2)"
	done
done
exit $status
