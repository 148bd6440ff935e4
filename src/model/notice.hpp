/// Who is told of what went wrong, or may be about to: the team whose it is, and those who wait
/// for it in vain.
///
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cordyna {

enum class NoticeKind : std::uint8_t {
  kFailed,    ///< a task, or a run, of the team has failed
  kBlocked,   ///< something of the team does not come, since something else has failed
  kLost,      ///< nothing is heard of a task server of the team any more
  kHeld,      ///< a task of the team waits for a person
  kRetrying,  ///< an attempt of a task of the team has failed, and another one follows
  kLate,      ///< a run of the team's flow takes longer than was expected (`late_after`)
  kStuck,     ///< a task of the team may run, and nobody begins it (`stuck_after`)
};

[[nodiscard]] std::string_view to_string(NoticeKind kind);
[[nodiscard]] std::optional<NoticeKind> parse_notice_kind(std::string_view text);
/// Whether it is of a moment of one run: over when that is, and no word on how the run ends.
[[nodiscard]] bool is_of_a_moment(NoticeKind kind);

/// "load/get" of "load[3]/get": what fails for each of many items is one thing.
[[nodiscard]] std::string without_items(std::string_view path);

struct NoticeRow {
  std::int64_t no = 0;  ///< given by the store, ascending; 0: it is to be written
  std::string id;       ///< what it is about: the same whenever it would be told again
  Millis at = 0;
  NoticeKind kind = NoticeKind::kFailed;
  std::string team;     ///< whom it is for: an owner, as the flow or the task names it
  std::string cause{};  ///< the team whose it is that this has happened
  std::string ns{};     ///< of the flow; of a task server its team
  std::string flow_id{};
  std::int64_t run = 0;  ///< 0: it is of no run
  std::string path{};    ///< of the task; empty: of the run itself
  std::string code{};    ///< of the error, as it is stored: "EXIT_NONZERO"; empty: none
  std::string text;      ///< what has happened, in words

  bool operator==(const NoticeRow&) const = default;
};

}  // namespace cordyna
