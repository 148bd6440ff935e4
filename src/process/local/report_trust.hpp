/// What of an attempt's file `report` ($DYNA_REPORT) is believed.
#pragma once

#include <cstdint>

namespace cordyna {

enum class ReportTrust : std::uint8_t {
  kNone,  ///< the attempt is told of none
  kCode,  ///< the user's own code runs in the same process: the code of an error, of those that a
          ///< program may say of itself; its message is the last line of standard error, masked
  kAll,   ///< the program is ours
};

}  // namespace cordyna
