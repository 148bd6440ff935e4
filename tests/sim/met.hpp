/// How often a simulator has met each thing: one that never meets it proves nothing about it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

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

}  // namespace cordyna::sim
