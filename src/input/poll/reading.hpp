/// From what polls bring to events: each thing once, in transactions that keep where it is.
///
/// Beside the position there is a mark for each item of the highest cursor (without a cursor: of
/// the answer before): the border. What comes again there is known by its name. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cordyna/poll.hpp"
#include "input/poll/position.hpp"
#include "input/poll/source.hpp"

namespace cordyna::input {

/// What decides that an item is new.
enum class PollBy : std::uint8_t { kCursor, kNext, kKeys };

class PollReading {
 public:
  /// Borrows both. `by_what`: the column or path.
  PollReading(const PollOptions& options, PollBy by, const std::string& by_what, EventSink& sink);

  /// Errors: kConflict: what is kept is of something else; kCorrupt; those of the sink.
  [[nodiscard]] Result<> begin(Millis now);
  /// Keeps what is new in it. Errors: kConflict: too much at the border, or a cursor of another
  /// kind; those of the sink.
  [[nodiscard]] Result<> take(const PollSource& source, const PollAnswer& answer, Millis now);
  /// Nothing comes for now; the next poll that works is told, also if it brings nothing.
  void fails(const std::string& problem);

  [[nodiscard]] const PollPosition& position() const { return position_; }
  [[nodiscard]] std::size_t known() const { return border_.size(); }
  /// What is there is to be known, not told.
  [[nodiscard]] bool newest() const { return !position_.begun; }

 private:
  using Items = std::vector<const PollItem*>;

  /// Where it is once some items are kept.
  struct Step {
    PollPosition position;
    bool clears = false;  ///< nothing of the border is one any more
    std::vector<std::string> adds;
    std::vector<std::string> drops;
  };

  [[nodiscard]] Result<> load_border();
  [[nodiscard]] Result<Items> fresh_of(const PollAnswer& answer) const;
  [[nodiscard]] Step step_of(std::span<const PollItem* const> items, const PollAnswer& answer,
                             bool is_last) const;
  [[nodiscard]] Result<> keep(const PollSource& source, std::span<const PollItem* const> items,
                              const PollAnswer& answer, bool is_last, Millis now);
  [[nodiscard]] Result<> keep_problem(const PollSource& source, const PollItem& item,
                                      const std::string& why, const PollAnswer& answer,
                                      bool is_last, Millis now);
  [[nodiscard]] Event event_of(const PollSource& source, const PollItem& item, std::int64_t number,
                               Millis now) const;
  [[nodiscard]] Result<> send(std::span<const Event> events, Step step);

  const PollOptions& options_;
  PollBy by_;
  std::string by_text_;
  EventSink& sink_;
  PollPosition position_;
  std::set<std::string, std::less<>> border_;  // names, as the marks have them
  bool is_told_ = false;
};

}  // namespace cordyna::input
