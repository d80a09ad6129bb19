#!/bin/sh
# Checks the files beside it, and copies the programs for this machine to a folder:
#
#	sh check.sh                 check
#	sh check.sh ~/lifeboat      check, and copy to a new folder
#
# For Linux and macOS. A stick is mounted without the right to run what is on it,
# so the programs are copied, made executable, and checked once more.
set -eu

fail() {
	echo "check.sh: ERROR: $1" >&2
	exit 1
}

to=${1:-}
case $to in
'' | /*) ;;
*) to=$PWD/$to ;;
esac
cd "$(dirname "$0")"
[ -f SHA256SUMS ] || fail "there is no SHA256SUMS beside this script"

sums() { # of a list of checksums on standard input: what is wrong
	if command -v sha256sum >/dev/null 2>&1; then
		sha256sum -c - 2>&1
	elif command -v shasum >/dev/null 2>&1; then
		shasum -a 256 -c - 2>&1
	else
		echo "this machine has neither sha256sum nor shasum"
	fi | grep -v ': OK$' || :
}

# 1. The signature, which says whose list of checksums it is.
if [ ! -f SHA256SUMS.sig ]; then
	echo "SHA256SUMS carries no signature: compare it with one from another source"
elif [ ! -f allowed_signers ] || ! command -v ssh-keygen >/dev/null 2>&1; then
	echo "SHA256SUMS is signed, but ssh-keygen or the file allowed_signers is missing: the signature was NOT checked"
else
	who=$(ssh-keygen -Y find-principals -s SHA256SUMS.sig -f allowed_signers 2>/dev/null | head -n 1) || :
	[ -n "$who" ] || fail "SHA256SUMS is signed by a key that is not in allowed_signers"
	ssh-keygen -Y verify -f allowed_signers -I "$who" -n lifeboat-release -s SHA256SUMS.sig <SHA256SUMS >/dev/null 2>&1 ||
		fail "the signature of SHA256SUMS is wrong: do not use these files"
	echo "SHA256SUMS is signed by $who. Whoever made this stick also chose these keys,"
	echo "so compare them with what you have on paper or are told by telephone:"
	sed 's/^/  /' allowed_signers
fi

# 2. The files.
wrong=$(sums <SHA256SUMS)
[ -z "$wrong" ] || fail "these files are damaged, missing or changed:
$wrong"
echo "all $(wc -l <SHA256SUMS | tr -d ' ') files are as SHA256SUMS lists them"

# 3. What is there and not listed.
find . -type f ! -path './.*' ! -path './System Volume Information/*' ! -path './attest/*' \
	! -name SHA256SUMS ! -name SHA256SUMS.sig ! -name allowed_signers | sed 's,^\./,,' | while IFS= read -r file; do
	awk -v want="$file" 'substr($0, 67) == want { found = 1 } END { exit !found }' SHA256SUMS ||
		echo "check.sh: warning: $file is not listed; do not run or open it"
done

# 4. The programs for this machine.
[ -n "$to" ] || exit 0
case $(uname -s) in
Linux) system=linux ;;
Darwin) system=darwin ;;
*) fail "no programs for $(uname -s)" ;;
esac
case $(uname -m) in
x86_64 | amd64) machine=amd64 ;;
aarch64 | arm64) machine=arm64 ;;
*) fail "no programs for a machine of type $(uname -m)" ;;
esac
[ -d "bin/$system-$machine" ] || fail "there are no programs for $system-$machine here"
[ ! -e "$to" ] || fail "$to exists; name a new folder"
mkdir -p "$to"
for kind in bin age; do
	for file in "$kind/$system-$machine"/*; do
		[ -f "$file" ] || continue
		name=$(basename "$file")
		cp "$file" "$to/$name"
		chmod 0755 "$to/$name"
		if [ "$system" = darwin ]; then # it was checked here, so Gatekeeper need not ask
			xattr -d com.apple.quarantine "$to/$name" 2>/dev/null || :
		fi
		want=$(awk -v want="$file" 'substr($0, 67) == want { print substr($0, 1, 64) }' SHA256SUMS)
		wrong=$(echo "$want  $to/$name" | sums)
		[ -z "$wrong" ] || fail "the copy is damaged: $wrong"
		echo "$to/$name"
	done
done
echo "Next: \"$to/mpc-recover\" guide"
