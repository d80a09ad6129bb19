#!/bin/sh
# Builds every program for every system, the same bits wherever it runs:
#
#	./build.sh                     all targets, into dist/
#	./build.sh check [SHA256SUMS]  builds again in another place, looks into the
#	                               programs, and compares with a release, or with
#	                               a first build
#	./build.sh bundle              a release: dist/ with the source, the modules
#	                               and the pages as well
#	./build.sh usb DIR             copies the release in dist/ to a stick
#	./build.sh test [PACKAGE…]     go test, as programs are built
#
#	TARGETS=linux/amd64 ./build.sh some of the targets (also for check and bundle)
#	OUT=/tmp/here ./build.sh       into another folder, which must not exist
#
# The programs go to bin/OS-ARCH/, what they are made of to sbom/, age's own
# programs to age/, and all checksums to SHA256SUMS beside them. Modules come
# from the folder modules/ if it is there, without any network. docs/verifying.md
# says how to compare with a published release, docs/releasing.md how to make one.
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

absolute() {
	case $1 in
	/*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}

if [ "${lifeboat_environment:-}" != clean ]; then
	case ${1:-}/$# in
	/0 | check/1 | bundle/1 | test/*) ;;
	check/2 | usb/2) set -- "$1" "$(absolute "$2")" ;;
	*) fail "usage: ./build.sh [check [SHA256SUMS] | bundle | usb DIR | test [PACKAGE...]]" ;;
	esac
	cd "$(dirname "$0")"
	command -v go >/dev/null 2>&1 || fail "need $go, found no go command; see https://go.dev/dl/"
	set -- sh ./build.sh "$@"

	# Where things are cached and fetched from is the user's, and changes no bits:
	# go.sum decides which modules are right.
	for name in GOPATH GOMODCACHE GOCACHE GOINSECURE GOPROXY GONOPROXY GOSUMDB GONOSUMDB GOPRIVATE; do
		set -- "$name=$(GOTOOLCHAIN=local go env "$name")" "$@"
	done
	for name in TARGETS OUT TMPDIR HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR; do
		value=$(printenv "$name" || :)
		[ -z "$value" ] || set -- "$name=$value" "$@"
	done
	# All the rest that changes bits is set, whatever the user exported.
	exec env -i lifeboat_environment=clean "PATH=$PATH" "HOME=${HOME:-/}" LC_ALL=C \
		GOENV=off GOWORK=off GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 \
		GOEXPERIMENT=runtimesecret GOFIPS140=off GOAMD64=v1 GOARM64=v8.0 "$@"
fi
umask 022

found=$(go env GOVERSION)
[ "$found" = "$go" ] || fail "need $go, found $found; see https://go.dev/dl/"

# A stray Go file is built as well, and changes the bits.
if [ -e .git ] && [ -n "$(git status --porcelain 2>/dev/null)" ]; then
	echo "build.sh: warning: this source is not as it was committed (git status shows what differs), so the programs will not be those of a release" >&2
fi

url() { # of a folder, for a list of proxies
	echo "file://$1" | sed 's/%/%25/g; s/ /%20/g; s/,/%2C/g; s/|/%7C/g'
}

if [ -d modules ]; then
	GOPROXY=$(url "$PWD/modules")
	export GOPROXY GONOPROXY='' GOSUMDB=off GONOSUMDB='' GOPRIVATE=''
fi

targets=${TARGETS:-$all}
for target in $targets; do
	case " $all " in
	*" $target "*) ;;
	*) fail "no target \"$target\"; there are $all" ;;
	esac
done

sha256() {
	if command -v sha256sum >/dev/null 2>&1; then
		sha256sum "$@"
	else
		shasum -a 256 "$@"
	fi
}

# $flags is a list of words.
# shellcheck disable=SC2086
compile() { # OUTPUT PACKAGE
	go build $flags -o "$1" "$2"
}

# shellcheck disable=SC2086
release() { # what internal/release does
	go run $flags ./internal/release "$@"
}

checksums() { # in a folder, of everything in it
	(
		cd "$1"
		rm -f SHA256SUMS SHA256SUMS.sig
		find . -type f | sed 's,^\./,,' | sort | while IFS= read -r file; do sha256 "$file"; done >../SHA256SUMS.$$
		mv ../SHA256SUMS.$$ SHA256SUMS
	)
}

build() { # OUTPUT
	for target in $targets; do
		os=${target%/*} arch=${target#*/} suffix=
		[ "$os" != windows ] || suffix=.exe
		for folder in cmd/*/; do
			program=$(basename "$folder")
			file=bin/$os-$arch/$program$suffix
			echo "$file" >&2
			GOOS=$os GOARCH=$arch compile "$1/$file" "./cmd/$program"
		done
		# So that bundles open without us.
		for program in age age-keygen; do
			GOOS=$os GOARCH=$arch compile "$1/age/$os-$arch/$program$suffix" "filippo.io/age/cmd/$program"
		done
	done
	release sbom "$1"
	checksums "$1"
	echo "$(find "$1/bin" -type f | wc -l | tr -d ' ') programs; their checksums are in $1/SHA256SUMS" >&2
}

# scratch makes a folder that goes when the script does.
scratch() {
	tmp=$(mktemp -d)
	trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
	trap 'exit 130' INT TERM HUP
}

# unpack packs the source and unpacks it elsewhere, in a folder with blanks.
unpack() { # SOURCE.tar
	mkdir "$tmp/a second place"
	release source "$1"
	tar -xf "$1" -C "$tmp/a second place"
	second=$(echo "$tmp/a second place"/*)
	[ ! -d modules ] || ln -s "$PWD/modules" "$second/modules"
}

# fetch puts the modules that the build and the tests need into a new cache, from
# the one that is there or from the network.
fetch() { # CACHE
	known=$(go env GOMODCACHE)/cache/download
	proxy=${GOPROXY:-off}
	[ ! -d "$known" ] || proxy=$(url "$known"),$proxy
	for os in linux darwin windows; do
		GOOS=$os GOPROXY=$proxy GOSUMDB=off GOMODCACHE=$1 GOFLAGS="-mod=readonly -modcacherw" \
			go list -deps -test ./... filippo.io/age/cmd/age filippo.io/age/cmd/age-keygen >/dev/null
	done
}

case ${1:-} in
'')
	out=${OUT:-dist}
	if [ -z "${OUT:-}" ]; then
		rm -rf dist
	elif [ -e "$out" ]; then
		fail "$out exists; choose a folder that does not"
	fi
	mkdir -p "$out"
	build "$out"
	;;

check)
	scratch
	sums=${2:-$tmp/first/SHA256SUMS}
	if [ $# -eq 1 ]; then
		echo "building here" >&2
		mkdir "$tmp/first"
		build "$tmp/first"
	fi
	[ -f "$sums" ] || fail "there is no file $sums"
	echo "building again, elsewhere" >&2
	unpack "$tmp/source.tar"
	(
		umask 077
		lifeboat_environment='' TZ=Asia/Tokyo GOCACHE="$tmp/cache" TARGETS="$targets" OUT="$tmp/again" \
			GOFLAGS=-tags=other GOAMD64=v3 sh "$second/build.sh"
	)
	release check "$tmp/again" "$go"
	release compare "$tmp/again" "$sums"
	;;

bundle)
	scratch
	rm -rf dist
	mkdir dist
	version=$(release version)
	# What is built is what is packed.
	unpack "$PWD/dist/lifeboat-$version-source.tar"
	fetch "$tmp/modules"
	release modules "$tmp/modules/cache/download" "dist/lifeboat-$version-modules.tar"
	lifeboat_environment='' TARGETS="$targets" OUT="$tmp/built" sh "$second/build.sh"
	rm "$tmp/built/SHA256SUMS"
	mv "$tmp/built"/* dist/
	out=$PWD/dist
	(
		cd "$second"
		release pages "$out"
		release manuals "$out"
	)
	checksums dist
	echo "the release is in dist; docs/releasing.md says how to sign it" >&2
	;;

usb)
	scratch
	[ -f dist/START-HERE.html ] || fail "there is no release in dist; run ./build.sh bundle first"
	release source "$tmp/source.tar"
	cmp -s "$tmp/source.tar" "dist/lifeboat-$(release version)-source.tar" ||
		fail "dist was made from another source; run ./build.sh bundle again"
	release usb dist "$2"
	;;

test)
	shift
	[ $# -gt 0 ] || set -- ./...
	go test "$@"
	;;
esac
