/* What libsodium needs for a multiple of the base point of ed25519, encoded.
 * Reads a number of them a line, computes so many, writes the nanoseconds. */
#include <inttypes.h>
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
	unsigned char k[32], out[32];
	unsigned n;

	if (sodium_init() < 0)
		return 1;
	crypto_core_ed25519_scalar_random(k);
	while (scanf("%u", &n) == 1) {
		uint64_t start = now();
		unsigned i;
		for (i = 0; i < n; i++) {
			if (crypto_scalarmult_ed25519_base_noclamp(out, k) != 0)
				return 1;
			memcpy(k, out, 31); /* another scalar for the next */
		}
		printf("%" PRIu64 "\n", now() - start);
		fflush(stdout);
	}
	return 0;
}
