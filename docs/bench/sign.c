/* What libsecp256k1 and libsodium need for one signature and its verification.
 * The argument is a scheme: ecdsa, schnorr or ed25519. Reads a number of signatures
 * a line, makes so many, writes the nanoseconds. */
#include <inttypes.h>
#include <secp256k1.h>
#include <secp256k1_schnorrsig.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static secp256k1_context *ctx;
static secp256k1_keypair pair;
static secp256k1_pubkey public;
static secp256k1_xonly_pubkey xonly;
static unsigned char key[32] = {1}, sodium_public[32], sodium_key[64], message[32], out[64];

static int ecdsa(void) {
	secp256k1_ecdsa_signature s;
	return secp256k1_ecdsa_sign(ctx, &s, message, key, NULL, NULL) &&
	       secp256k1_ecdsa_verify(ctx, &s, message, &public);
}

static int schnorr(void) {
	return secp256k1_schnorrsig_sign32(ctx, out, message, &pair, NULL) &&
	       secp256k1_schnorrsig_verify(ctx, out, message, sizeof message, &xonly);
}

static int ed25519(void) {
	return crypto_sign_ed25519_detached(out, NULL, message, sizeof message, sodium_key) == 0 &&
	       crypto_sign_ed25519_verify_detached(out, message, sizeof message, sodium_public) == 0;
}

int main(int argc, char **argv) {
	int (*sign)(void) = ecdsa;
	unsigned n;

	ctx = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
	if (argc != 2 || ctx == NULL || sodium_init() < 0 || !secp256k1_keypair_create(ctx, &pair, key) ||
	    !secp256k1_keypair_pub(ctx, &public, &pair) || !secp256k1_keypair_xonly_pub(ctx, &xonly, NULL, &pair))
		return 1;
	crypto_sign_ed25519_seed_keypair(sodium_public, sodium_key, key);
	if (strcmp(argv[1], "schnorr") == 0)
		sign = schnorr;
	else if (strcmp(argv[1], "ed25519") == 0)
		sign = ed25519;
	while (scanf("%u", &n) == 1) {
		uint64_t start = now();
		unsigned i;
		for (i = 0; i < n; i++) {
			memcpy(message, &i, sizeof i);
			if (!sign())
				return 1;
		}
		printf("%" PRIu64 "\n", now() - start);
		fflush(stdout);
	}
	return 0;
}
