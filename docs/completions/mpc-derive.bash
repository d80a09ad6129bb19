# Completion of mpc-derive for bash: source this file.
_mpc_derive() {
	local current=${COMP_WORDS[COMP_CWORD]} words=
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ] || [ "${COMP_WORDS[1]}" = help ]; then
		words='address find chains watch make review help version'
	else
		case $current in -*) ;; *) return ;; esac
		case ${COMP_WORDS[1]} in
		address) words='--addresses --allow-network --allow-swap --chain --count --csv --date --from --json --output --path --require-sandbox -o' ;;
		find) words='--accounts --addresses --allow-network --allow-swap --chain --date --indexes --json --output --require-sandbox --template -o' ;;
		chains) words='--allow-network --allow-swap --date --json --require-sandbox' ;;
		watch) words='--addresses --allow-network --allow-swap --chain --date --output --record --record-code --require-sandbox --since --xpub -o' ;;
		make) words='--addresses --allow-network --allow-swap --amount --asset --coins --date --fee --from --number --output --plan --record --record-code --require-sandbox --to --tokens --xpub -o' ;;
		review) words='--addresses --allow-network --allow-swap --blind --chain --date --from --json --max-fee --max-total --no-expiry --path --record --record-code --require-sandbox --scheme --short-lived --to --to-file --tokens --trust-amounts --xpub' ;;
		version) words=--json ;;
		esac
	fi
	while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F _mpc_derive mpc-derive
