# Completion of mpc-backup for bash: source this file.
_mpc_backup() {
	local current=${COMP_WORDS[COMP_CWORD]} words=
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ] || [ "${COMP_WORDS[1]}" = help ]; then
		words='inspect record audit verify challenge attest check seal open rewrap keygen paper help version'
	else
		case $current in -*) ;; *) return ;; esac
		case ${COMP_WORDS[1]} in
		inspect) words='--allow-network --allow-swap --date --identity --json --passphrase-file --require-sandbox --threshold --xpub -i' ;;
		record) words='--addresses --allow-network --allow-swap --contact --date --exit --identity --json --label --name --output --passphrase-file --previous --recipient --recipients-file --release-key --require-sandbox --threshold --xpub -R -i -o -r' ;;
		audit) words='--accept --addresses --allow-network --allow-swap --challenge --date --epoch --expect --json --max-age --record --record-code --report --require-sandbox --strict --threshold --xpub' ;;
		verify) words='--addresses --allow-network --allow-swap --date --group --identity --json --max-iterations --max-work-factor --passphrase-file --record --record-code --report --require-sandbox --secret --sworn --threshold --xpub -i' ;;
		challenge) words='--allow-network --allow-swap --date --output --require-sandbox -o' ;;
		attest) words='--allow-network --allow-swap --challenge --date --identity --max-iterations --max-work-factor --output --passphrase-file --record --record-code --report --require-sandbox --secret --sworn --threshold --xpub -i -o' ;;
		check) words='--allow-network --allow-swap --challenge --date --expect --group-file --json --partial --record --record-code --report --require-sandbox --xpub' ;;
		seal) words='--allow-network --allow-swap --challenge --check --date --generate-passphrase --generate-passphrase-file --identity --json --label --max-iterations --max-work-factor --output --passphrase --passphrase-file --quorum --recipient --recipients-file --record --record-code --require-sandbox --seal-passphrase-file --secret --sworn --threshold --verifiable --xpub -R -i -o -r' ;;
		open) words='--allow-network --allow-swap --date --identity --json --list --max-work-factor --output --passphrase-file --require-sandbox -i -o' ;;
		rewrap) words='--allow-network --allow-swap --date --generate-passphrase --generate-passphrase-file --identity --json --label --max-work-factor --output --passphrase --passphrase-file --recipient --recipients-file --require-sandbox --seal-passphrase-file -R -i -o -r' ;;
		keygen) words='--allow-network --allow-swap --classic --date --json --output --quorum --require-sandbox --set -o' ;;
		paper) words='--allow-network --allow-swap --check --date --json --output --read --recipient --recipients-file --require-sandbox --title -R -o -r' ;;
		version) words=--json ;;
		esac
	fi
	while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F _mpc_backup mpc-backup
