/* What libsecp256k1 needs for children of one extended public key: HMAC-SHA512
 * (libsodium's, with the state after the key kept), tweak_add, serialise.
 * Reads a number of children a line, derives so many, writes the nanoseconds. */
#include <inttypes.h>
#include <secp256k1.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(void) {
	/* The base point with a chain code of 01 00 .. 00, as in main.go. */
	static const unsigned char base[33] = {
		0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0,
		0x62, 0x95, 0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d,
		0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98};
	static const unsigned char code[32] = {1};
	secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
	secp256k1_pubkey parent, child;
	crypto_auth_hmacsha512_state keyed, state;
	unsigned char in[37], sum[64], out[33];
	unsigned n, index = 0;

	if (ctx == NULL || sodium_init() < 0 || !secp256k1_ec_pubkey_parse(ctx, &parent, base, sizeof base))
		return 1;
	memcpy(in, base, sizeof base);
	crypto_auth_hmacsha512_init(&keyed, code, sizeof code);
	while (scanf("%u", &n) == 1) {
		uint64_t start = now();
		unsigned i;
		for (i = 0; i < n; i++) {
			size_t len = sizeof out;
			in[33] = (index >> 24) & 0x7f;
			in[34] = (index >> 16) & 0xff;
			in[35] = (index >> 8) & 0xff;
			in[36] = index & 0xff;
			index++;
			state = keyed;
			crypto_auth_hmacsha512_update(&state, in, sizeof in);
			crypto_auth_hmacsha512_final(&state, sum);
			child = parent;
			if (!secp256k1_ec_pubkey_tweak_add(ctx, &child, sum) ||
			    !secp256k1_ec_pubkey_serialize(ctx, out, &len, &child, SECP256K1_EC_COMPRESSED))
				return 1;
		}
		uint64_t spent = now() - start;
		printf("%" PRIu64, spent);
		for (i = 0; i < sizeof out; i++) /* the last child, to be compared */
			printf(i == 0 ? " %02x" : "%02x", out[i]);
		printf("\n");
		fflush(stdout);
	}
	return 0;
}
