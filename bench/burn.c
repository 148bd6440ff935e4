/* burn ROUNDS: keeps one core busy for ROUNDS times a million steps of xorshift; prints the end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: burn ROUNDS\n");
    return 2;
  }
  const long rounds = strtol(argv[1], NULL, 10);
  uint64_t x = 88172645463325252ULL;
  for (long round = 0; round < rounds; ++round) {
    for (int step = 0; step < 1000000; ++step) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
    }
  }
  printf("%llu\n", (unsigned long long)x);
  return 0;
}
