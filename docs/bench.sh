#!/bin/sh
# Compares derive/batch and internal/sign with libsecp256k1, libsodium and
# hdkeychain and prints ratios, taken alternately in one run. Needs Go, a C compiler, and Debian's
# libsecp256k1-dev and libsodium-dev (apt-get install gcc libsecp256k1-dev
# libsodium-dev). The numbers beside go test -bench . ./derive/batch/... are of
# this machine alone; the ratios are what we hold ourselves to.
#
# usage: docs/bench.sh [rounds]
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for header in secp256k1.h sodium.h; do
	if ! echo "#include <$header>" | ${CC:-gcc} -E - >/dev/null 2>&1; then
		echo "bench.sh: $header is missing: apt-get install libsecp256k1-dev libsodium-dev" >&2
		exit 1
	fi
done
${CC:-gcc} -O3 -Wall -o "$dir/secp256k1" docs/bench/secp256k1.c -lsecp256k1 -lsodium
${CC:-gcc} -O3 -Wall -o "$dir/ed25519" docs/bench/ed25519.c -lsodium
${CC:-gcc} -O3 -Wall -o "$dir/sign" docs/bench/sign.c -lsecp256k1 -lsodium
# As programs are built (build.sh).
CGO_ENABLED=0 GOEXPERIMENT=runtimesecret go build -trimpath -pgo=off -o "$dir/bench" docs/bench/main.go
"$dir/bench" -peers "$dir" -rounds "${1:-200}"
