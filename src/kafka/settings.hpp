/// What is told to librdkafka, by its own names of settings.
///
/// Pure. Threads: any.
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"

namespace cordyna::kafka {

struct ConsumerPlan {
  std::string brokers;  ///< "host:9092,host:9093"
  std::string group;
  /// Names this member for good: one that comes again under it takes its partitions over at once.
  std::string member;
  std::map<std::string, std::string> more;  ///< "security.protocol" → "ssl", …
};

/// All settings of a consumer. Errors: kInvalidArgument: no broker, no group, or `more` has one
/// that is not a user's to change, with the reason.
[[nodiscard]] Result<std::map<std::string, std::string>> settings_of(const ConsumerPlan& plan);

}  // namespace cordyna::kafka
