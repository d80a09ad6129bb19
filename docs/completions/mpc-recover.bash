# Completion of mpc-recover for bash: source this file.
_mpc_recover() {
	local current=${COMP_WORDS[COMP_CWORD]} words=
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ] || [ "${COMP_WORDS[1]}" = help ]; then
		words='key sign repair reshare ceremony drill guide help version'
	else
		case $current in -*) ;; *) return ;; esac
		case ${COMP_WORDS[1]} in
		key) words='--addresses --allow-network --allow-swap --chain --check-only --date --group --identity --json --label --max-iterations --max-work-factor --no-record --output --passphrase-file --path --plaintext --recipient --recipients-file --record --record-code --require-sandbox --root --salvage --seal-passphrase-file --secret --sworn --threshold --xpub -R -i -o -r' ;;
		sign) words='--addresses --allow-network --allow-swap --alone --blind --chain --date --expect --from --group --hedge --identity --json --max-fee --max-iterations --max-total --max-work-factor --no-expiry --no-record --output --passphrase-file --path --qr --record --record-code --replaces --require-sandbox --scheme --secret --short-lived --sworn --threshold --to --to-file --tokens --trust-amounts --tx --xpub -i -o' ;;
		repair) words='--allow-network --allow-swap --date --group --identity --json --label --lost --max-iterations --max-work-factor --new-passphrase-file --no-record --output --passphrase-file --recipient --recipients-file --record --record-code --require-sandbox --seal-passphrase-file --secret --sworn --threshold --xpub -R -i -o -r' ;;
		reshare) words='--allow-network --allow-swap --date --group --identity --json --max-iterations --max-work-factor --new-passphrase-file --no-record --old-threshold --output --party --passphrase-file --record --record-code --require-sandbox --sworn --threshold --to --xpub -i -o' ;;
		ceremony) words='--addresses --allow-network --allow-swap --answer --ask --chain --date --group --identity --joined --json --key --key-passphrase-file --label --lost --max-fee --max-total --new-passphrase-file --no-expiry --no-record --node --old-threshold --party --passphrase-file --path --qr --reason --recipient --recipients-file --record --record-code --replaces --require-sandbox --seal-passphrase-file --short-lived --signer --sworn --threshold --to --to-file --tokens --trust-amounts --tx --xpub -R -i -o -r' ;;
		drill) words='--allow-network --allow-swap --date --interactive --keep --require-sandbox --scenario' ;;
		guide) words='--allow-network --allow-swap --date --do --lost --moving --no-record --page --record --record-code --require-sandbox --role --secret --sworn' ;;
		version) words=--json ;;
		esac
	fi
	while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F _mpc_recover mpc-recover
