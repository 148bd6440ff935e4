// cordyna_sim --seeds FROM COUNT [--strict] | --hash FROM COUNT | --minutes N | --seed N
//
// Lives through worlds and checks the invariants in each. Exit code 0: all held; 1: one did not,
// with the seed that shows it again; 2: usage. --strict also wants every rare thing to have been
// met, and each world to be the same twice.
#include <sys/random.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sim/world.hpp"

namespace {

using cordyna::sim::live;
using cordyna::sim::Sightings;
using cordyna::sim::WorldResult;

// For a CHECK that fails: which world it was. The one global, since a signal handler gets no
// argument.
volatile std::uint64_t current_seed = 0;

void tell_seed(int) {
  std::printf("replay: DYNA_SEED=%llu (cordyna_sim --seed %llu)\n",
              static_cast<unsigned long long>(current_seed),
              static_cast<unsigned long long>(current_seed));
  std::fflush(stdout);
}

bool one(std::uint64_t seed, bool twice, Sightings& seen) {
  current_seed = seed;
  const WorldResult result = live(seed);
  seen.add(result.seen);
  for (const std::string& violation : result.violations)
    std::printf("violation: %s\n", violation.c_str());
  if (result.violations.empty() && twice && live(seed).hash != result.hash) {
    std::printf("violation: R50: the same seed gave two histories\n");
    std::printf("replay: DYNA_SEED=%llu (cordyna_sim --seed %llu)\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
    return false;
  }
  if (result.violations.empty()) return true;
  std::printf("replay: DYNA_SEED=%llu (cordyna_sim --seed %llu)\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
  return false;
}

int range(std::uint64_t from, std::uint64_t count, bool strict) {
  Sightings seen;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    if (!one(seed, strict && seed % 10 == 0, seen)) return 1;
  }
  std::printf("%llu worlds: %s\n", static_cast<unsigned long long>(count), seen.summary().c_str());
  if (!strict) return 0;
  for (const std::string& name : seen.missing()) std::printf("never met: %s\n", name.c_str());
  return seen.missing().empty() ? 0 : 1;
}

int hash(std::uint64_t from, std::uint64_t count) {
  std::uint64_t all = 0;
  for (std::uint64_t seed = from; seed < from + count; ++seed) all = all * 31 + live(seed).hash;
  std::printf("%016llx\n", static_cast<unsigned long long>(all));
  return 0;
}

int minutes(double n) {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return 2;
  seed >>= 16;
  std::printf("from seed %llu\n", static_cast<unsigned long long>(seed));
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double, std::ratio<60>>(n);
  Sightings seen;
  std::uint64_t worlds = 0;
  for (; std::chrono::steady_clock::now() < end; ++worlds) {
    if (!one(seed + worlds, false, seen)) return 1;
  }
  std::printf("%llu worlds: %s\n", static_cast<unsigned long long>(worlds), seen.summary().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, tell_seed);
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "--seeds" && argc >= 4) {
    const bool strict = argc > 4 && std::string_view(argv[4]) == "--strict";
    return range(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10), strict);
  }
  if (what == "--hash" && argc == 4) {
    return hash(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  }
  if (what == "--minutes" && argc == 3) return minutes(std::strtod(argv[2], nullptr));
  if (what == "--seed" && argc == 3) return range(std::strtoull(argv[2], nullptr, 10), 1, false);
  std::fprintf(stderr,
               "usage: cordyna_sim --seeds FROM COUNT [--strict] | --hash FROM COUNT | --minutes N "
               "| --seed N\n");
  return 2;
}
