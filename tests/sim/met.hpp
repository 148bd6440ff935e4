/// How often a simulator has met each thing: one that never meets it proves nothing about it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace cordyna::sim {

struct Met {
  std::map<std::string, std::uint64_t> times;
  void note(const std::string& what, std::uint64_t by = 1) { times[what] += by; }

  /// Prints a line of all of them. Whether each was met.
  template <class Things>
  bool tell(unsigned long long worlds, const char* of, const Things& things) {
    std::printf("%llu worlds of %s:", worlds, of);
    bool all = true;
    for (const char* what : things) {
      std::printf(" %llu %s,", static_cast<unsigned long long>(times[what]), what);
      all = all && times[what] > 0;
    }
    std::printf("\n");
    return all;
  }
};

/// The whole program of a simulator: "NAME FROM COUNT [--strict]". `live` gives what broke in the
/// world of a seed; empty: nothing. Exit code 0: all held; 1: one did not, or, with --strict, one
/// of `things` was never met; 2: usage.
template <class Things, class Live>
int run_worlds(int argc, char** argv, const char* name, const char* of, const Things& things,
               const Live& live) {
  const bool strict = argc == 4 && std::string_view(argv[3]) == "--strict";
  if (argc != 3 && !strict) {
    std::fprintf(stderr, "usage: %s FROM COUNT [--strict]\n", name);
    return 2;
  }
  const std::uint64_t from = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  Met met;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const std::string told = live(seed, met);
    if (told.empty()) continue;
    std::printf("violation: %s\nreplay: %s %llu 1\n", told.c_str(), name,
                static_cast<unsigned long long>(seed));
    return 1;
  }
  return met.tell(count, of, things) || !strict ? 0 : 1;
}

}  // namespace cordyna::sim
