#!/bin/sh
# Checks the files beside it, and copies the programs for this machine to a folder:
#
#	sh check.sh                          check
#	sh check.sh ~/lifeboat               check, and copy to a new folder
#	sh check.sh --unsigned ~/lifeboat    copy also what nobody has signed
#
# Exit status: 0, the list is signed, and all files are as it says; 1, something is
# wrong; 2, the files are as the list says, and no signature says whose list it is.
#
# It finds accidents. Who changes the stick can change this script as well, so the
# first check is typed from paper: START-HERE.html.
#
# For Linux and macOS. A stick is mounted without the right to run what is on it,
# so the programs are copied, made executable, and checked once more.
set -eu
unset CDPATH
LC_ALL=C # tools say OK in the user's language
export LC_ALL

fail() {
	echo "check.sh: ERROR: $1" >&2
	exit 1
}

to=
unsigned=
for arg; do
	case $arg in
	--unsigned) unsigned=yes ;;
	-*) fail "$arg is no option; there is --unsigned" ;;
	*)
		[ -z "$to" ] || fail "one folder at most: $arg is another"
		to=$arg
		;;
	esac
done
case $to in
'' | /*) ;;
*) to=$PWD/$to ;;
esac
cd "$(dirname "$0")"
[ -f SHA256SUMS ] || fail "there is no SHA256SUMS beside this script"

sums() { # of a list of checksums on standard input: what is wrong
	if command -v shasum >/dev/null 2>&1; then
		set -- shasum -a 256
	elif command -v sha256sum >/dev/null 2>&1; then
		set -- sha256sum
	else
		echo "this machine has neither sha256sum nor shasum"
		return
	fi
	# Neither the status nor the words are enough: a line that is no checksum may
	# have no bad status, and a tool that cannot start may have no words.
	said=$("$@" -c - 2>&1) || said="$said
$1: not all files are as listed"
	echo "$said" | grep -v ': OK$' || :
}

# OpenSSH 8.1 cannot tell yet whose signature it is, so each name is tried.
signature() { # what ssh-keygen says of it, if it is by a key in allowed_signers
	awk '!/^#/ { n = split($1, names, ","); for (i = 1; i <= n; i++) print names[i] }' allowed_signers | while IFS= read -r name; do
		if said=$(ssh-keygen -Y verify -f allowed_signers -I "$name" -n lifeboat-release -s SHA256SUMS.sig <SHA256SUMS 2>/dev/null); then
			echo "$said"
			break
		fi
	done
}

# 1. The signature, which says whose list of checksums it is.
unknown= # why that is not known
if [ ! -f SHA256SUMS.sig ]; then
	unknown="SHA256SUMS carries no signature"
elif [ ! -f allowed_signers ]; then
	unknown="SHA256SUMS is signed, but the file allowed_signers is missing"
elif ! ssh-keygen -Y verify 2>&1 </dev/null | grep 'Too few arguments' >/dev/null; then
	unknown="SHA256SUMS is signed, but there is no ssh-keygen that verifies signatures (OpenSSH 8.1)"
else
	said=$(signature)
	[ -n "$said" ] || fail "the signature of SHA256SUMS is wrong, or by nobody whom allowed_signers names: do not use these files"
	echo "$said"
	echo "Whoever made this stick also chose this key and this script: compare the key with the one on paper."
fi

# 2. The files.
wrong=$(sums <SHA256SUMS)
[ -z "$wrong" ] || fail "these files are damaged, missing or changed:
$wrong"
echo "all $(wc -l <SHA256SUMS | tr -d ' ') files are as SHA256SUMS lists them"

listed() { # NAME: its checksum in the list, if it has one
	want=$1 awk 'substr($0, 67) == ENVIRON["want"] { print substr($0, 1, 64) }' SHA256SUMS
}

# 3. What is there and not listed. Names are by whoever put the files there: what could
# steer a terminal is not shown, and a line break is no way to look like a listed name.
unlisted() {
	printf 'check.sh: warning: %s is not listed; do not run or open it\n' "$(printf %s "$1" | tr -c '[:print:]' '?')"
}
find . ! -type d ! -path './.*' ! -path './System Volume Information/*' \
	! -path './attest/*/SHA256SUMS' ! -path './attest/*/SHA256SUMS.sig' \
	! -path ./SHA256SUMS ! -path ./SHA256SUMS.sig ! -path ./allowed_signers | sed 's,^\./,,' | while IFS= read -r file; do
	[ -n "$(listed "$file")" ] || unlisted "$file"
done
[ -z "$(find . -name '*
*')" ] || unlisted "what has a line break in its name"

# 4. What all that is worth.
status=0
if [ -n "$unknown" ]; then
	status=2
	cat >&2 <<-END
		check.sh: NOT CHECKED: $unknown.
		Whoever changed a file could make the list anew. Compare SHA256SUMS with one from another source.
	END
	if [ -n "$to" ] && [ -z "$unsigned" ]; then
		echo "Nothing was copied. To copy it all the same: sh check.sh --unsigned FOLDER" >&2
		exit $status
	fi
fi
[ -n "$to" ] || exit $status

# 5. The programs for this machine, those that are listed.
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
		want=$(listed "$file")
		[ -n "$want" ] || continue
		name=$(basename "$file")
		cp "$file" "$to/$name"
		chmod 0755 "$to/$name"
		if [ "$system" = darwin ]; then # it was checked here, so Gatekeeper need not ask
			xattr -d com.apple.quarantine "$to/$name" 2>/dev/null || :
		fi
		wrong=$(cd "$to" && echo "$want  $name" | sums)
		[ -z "$wrong" ] || fail "the copy is damaged: $wrong"
		echo "$to/$name"
	done
done
quoted=\'$(printf '%s\n' "$to" | sed "s/'/'\\\\''/g")\'
cat <<END
Next, in this terminal, and in each new one:
  export PATH=$quoted:"\$PATH"
Then type the commands as they are printed. The first:
  mpc-recover guide
END
exit $status
