/// A named pool, as the project's cordyna.yaml declares it: what many tasks use and that can bear
/// only so much.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace cordyna {

inline constexpr std::size_t kPoolsMax = 100;
inline constexpr std::uint32_t kPoolSlotsMax = 10'000;
inline constexpr std::uint32_t kPoolRateMax = 10'000;

/// At most `count` starts in any `per`. Both 0: no rate.
struct Rate {
  std::uint32_t count = 0;
  Millis per = 0;

  bool operator==(const Rate&) const = default;
};

struct PoolSpec {
  std::string name;
  std::string description;
  std::uint32_t slots = 0;  ///< attempts at a time; 0: any number
  Rate rate;

  bool operator==(const PoolSpec&) const = default;
};

}  // namespace cordyna
