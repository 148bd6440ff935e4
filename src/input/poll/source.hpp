/// Where a poll asks, and what it gets.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "cordyna/poll.hpp"
#include "input/poll/position.hpp"

namespace cordyna::input {

struct PollItem {
  std::string data;  ///< JSON
  std::string id;    ///< its key
  std::string name;  ///< a hash of its key, or of all that it holds
  std::optional<PollCursor> cursor;
  std::string problem;  ///< why there is no data
};

/// What one request, or all pages of a poll, brought.
struct PollAnswer {
  std::vector<PollItem> items;  ///< with cursors, in their order
  /// Of `next` alone: what leads on; nullopt: nothing does yet.
  std::optional<std::string> token;
  /// The source has put them in order, by rules of its own: another cursor is a higher one.
  bool is_ordered = false;
  bool more = false;     ///< there is more to get at once
  bool is_same = false;  ///< the source says that nothing has changed
  std::string tag;
  std::string tag_of;
};

struct PollFailure {
  Error error;
  Millis retry_after = -1;  ///< what the source asked for; -1: nothing
};

/// Threads: one.
class PollSource {
 public:
  PollSource() = default;
  PollSource(const PollSource&) = delete;
  PollSource& operator=(const PollSource&) = delete;
  virtual ~PollSource() = default;

  /// One step from `position`. `known`: so many at the border are seen already, and `newest`: only
  /// what has the highest cursor is wanted. Errors: kCancelled: it is time to end.
  [[nodiscard]] virtual std::expected<PollAnswer, PollFailure> poll(const PollPosition& position,
                                                                    std::size_t known,
                                                                    bool newest) = 0;
  /// What is polled, for events and people.
  [[nodiscard]] virtual std::string location() const = 0;
  /// The member of an event's data that has what was found.
  [[nodiscard]] virtual const char* member() const = 0;
};

/// What makes one, once its options were checked.
[[nodiscard]] std::unique_ptr<PollSource> open_http_source(const HttpPoll& options,
                                                           std::stop_token stop);
[[nodiscard]] std::unique_ptr<PollSource> open_postgres_source(const SqlPoll& options,
                                                               std::stop_token stop);
[[nodiscard]] std::unique_ptr<PollSource> open_sqlite_source(const SqlPoll& options,
                                                             std::stop_token stop);

/// Errors: kInvalidArgument, naming the option.
[[nodiscard]] Result<> check_http_poll(const HttpPoll& options);

/// What names an item among those of an input: a hash, in 32 digits.
[[nodiscard]] std::string name_of_item(std::string_view key);

}  // namespace cordyna::input
