#!/bin/sh
# Builds every program for every system, the same bits wherever it runs:
#
#	./build.sh                          all targets, into dist/
#	TARGETS=linux/amd64 ./build.sh      some of them
#	OUT=/tmp/here ./build.sh            into another folder, which must not exist
#
# The programs go to bin/OS-ARCH/ and their checksums to SHA256SUMS beside bin.
# docs/verifying.md says how to compare them with a published release.
set -eu

# The toolchain of the release. Another one makes other bits, and the toolchain
# line of go.mod is only a minimum, so it is compared here.
go=go1.26.8

# -s would empty the symbol table, which auditors need on the very file that was
# shipped; -buildid= would take LC_UUID away, without which macOS 26 refuses to
# start a program.
flags='-trimpath -buildvcs=false -pgo=off -ldflags=-w'

all='linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64'

fail() {
	echo "build.sh: error: $1" >&2
	exit 1
}

sha256() {
	if command -v sha256sum >/dev/null 2>&1; then
		sha256sum "$@"
	else
		shasum -a 256 "$@"
	fi
}

cd "$(dirname "$0")"
umask 022

command -v go >/dev/null 2>&1 || fail "need $go, found no go command; see https://go.dev/dl/"

# Where things are cached and fetched from is the user's, and changes no bits:
# go.sum decides which modules are right.
places='GOPATH GOMODCACHE GOCACHE GOPROXY GONOPROXY GOSUMDB GONOSUMDB GOPRIVATE GOINSECURE'
set -- "PATH=$PATH"
for name in $places; do
	set -- "$@" "$name=$(GOTOOLCHAIN=local go env "$name")"
done
set -- "$@" "HOME=${HOME:-/}"
for name in TMPDIR HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR; do
	value=$(printenv "$name" || :)
	[ -z "$value" ] || set -- "$@" "$name=$value"
done

# All the rest that changes bits is set, whatever the user exported.
set -- "$@" GOENV=off GOWORK=off GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 \
	GOEXPERIMENT=runtimesecret GOFIPS140=off GOAMD64=v1 GOARM64=v8.0

found=$(env -i "$@" go env GOVERSION)
[ "$found" = "$go" ] || fail "need $go, found $found; see https://go.dev/dl/"

out=${OUT:-dist}
if [ -z "${OUT:-}" ]; then
	rm -rf dist
elif [ -e "$out" ]; then
	fail "$out exists; choose a folder that does not"
fi
mkdir -p "$out"

for target in ${TARGETS:-$all}; do
	os=${target%/*} arch=${target#*/}
	case " $all " in
	*" $target "*) ;;
	*) fail "no target \"$target\"; there are $all" ;;
	esac
	for folder in cmd/*/; do
		program=$(basename "$folder")
		file=bin/$os-$arch/$program
		[ "$os" != windows ] || file=$file.exe
		echo "$file" >&2
		# $flags is a list of words.
		# shellcheck disable=SC2086
		env -i "$@" GOOS="$os" GOARCH="$arch" go build $flags -o "$out/$file" "./cmd/$program"
	done
done

cd "$out"
sha256 bin/*/* | LC_ALL=C sort -k 2 >SHA256SUMS
echo "$(wc -l <SHA256SUMS | tr -d ' ') programs; their checksums are in $out/SHA256SUMS" >&2
