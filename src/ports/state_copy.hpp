/// What a copy of a state holds.
#pragma once

#include <cstdint>

namespace cordyna {

struct StateCopy {
  std::int64_t bytes = 0;
  std::int64_t runs = 0;
  std::int64_t unfinished = 0;  ///< of them
};

}  // namespace cordyna
