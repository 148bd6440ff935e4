/// Entries of a stream as events.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "cordyna/redis.hpp"
#include "input/redis/position.hpp"
#include "redis/reply.hpp"

namespace cordyna::input {

struct StreamEntry {
  EntryId id;
  std::vector<std::pair<std::string, std::string>> fields{};
  bool is_deleted = false;  ///< it was given to somebody, and is not there any more
};

/// Of [[id,[name,value,…]],[id,nil]]. Errors: kUnavailable: it is no such list.
[[nodiscard]] Result<std::vector<StreamEntry>> entries_of(const redis::Reply& list);

/// `anew`: as StreamMark has it. `now`: an id that is no time gets that.
[[nodiscard]] Event event_of(std::string_view stream, const StreamEntry& entry, std::int64_t anew,
                             RedisFormat format, Millis now);
/// Instead of one that cannot be an event.
[[nodiscard]] Event problem_of(std::string_view stream, const StreamEntry& entry, std::int64_t anew,
                               std::string_view problem, Millis now);

}  // namespace cordyna::input
