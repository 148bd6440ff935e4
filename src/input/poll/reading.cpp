#include "input/poll/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/id.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"

namespace cordyna::input {
namespace {

// They are kept in one transaction, and nothing else goes on meanwhile: a schedule would be late.
constexpr std::size_t kBatchItems = 500;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;
constexpr std::size_t kMarksPage = 1'000;

std::string by_text_of(PollBy by, const std::string& what) {
  switch (by) {
    case PollBy::kCursor: return "cursor " + what;
    case PollBy::kNext: return "next " + what;
    case PollBy::kKeys: break;
  }
  return "keys";
}

/// A database compares by collations and types that only it knows.
std::weak_ordering order_in(const PollAnswer& answer, const PollCursor& a, const PollCursor& b) {
  if (!answer.is_ordered) return order(a, b);
  return a == b ? std::weak_ordering::equivalent : std::weak_ordering::greater;
}

}  // namespace

PollReading::PollReading(const PollOptions& options, PollBy by, const std::string& by_what,
                         EventSink& sink)
    : options_(options), by_(by), by_text_(by_text_of(by, by_what)), sink_(sink) {}

Result<> PollReading::begin(Millis now) {
  TRY_ASSIGN(position_, parse_poll_position(sink_.position()));
  TRY(load_border());
  if (position_.by == by_text_) return {};
  if (!position_.id.empty() && !options_.over_gaps) {
    return fail(ErrorCode::kConflict,
                fmt::format("what is kept is how far '{}' was read, and '{}' is polled now; "
                            "`over_gaps` begins anew",
                            printable(position_.by), printable(by_text_)));
  }
  PollPosition anew;
  anew.id = position_.id.empty() ? make_uuid7(now) : position_.id;
  anew.events = position_.events;
  anew.by = by_text_;
  anew.begun = options_.start == PollStart::kEarliest;
  Step step{anew, true, {}, {}};
  if (position_.id.empty()) {
    position_ = std::move(anew);  // nothing is kept before a poll has worked
    return {};
  }
  return send({}, std::move(step));
}

Result<> PollReading::load_border() {
  std::string after;
  while (true) {
    TRY_ASSIGN(std::vector<Mark> page, sink_.marks(after, kMarksPage));
    const bool is_last = page.size() < kMarksPage;
    for (Mark& mark : page) {
      after = mark.name;
      border_.insert(std::move(mark.name));
    }
    if (is_last) return {};
  }
}

Result<PollReading::Items> PollReading::fresh_of(const PollAnswer& answer) const {
  Items fresh;
  std::set<std::string_view> names;  // of this answer, with the cursor that was reached
  std::optional<PollCursor> reached = position_.cursor;
  for (const PollItem& item : answer.items) {
    bool at_border = true;
    if (by_ == PollBy::kCursor) {
      const auto where = reached.has_value() ? order_in(answer, *item.cursor, *reached)
                                             : std::weak_ordering(std::weak_ordering::greater);
      if (reached.has_value() && reached->is_number != item.cursor->is_number) {
        return fail(
            ErrorCode::kConflict,
            fmt::format("'{}' is {} in one place and {} in another: {} and {}", options_.cursor,
                        reached->is_number ? "a number" : "a text",
                        item.cursor->is_number ? "a number" : "a text",
                        fit(printable(reached->text), 60), fit(printable(item.cursor->text), 60)));
      }
      if (where < 0) continue;
      if (where > 0) {
        names.clear();
        reached = item.cursor;
      }
      at_border =
          position_.cursor.has_value() && order_in(answer, *item.cursor, *position_.cursor) == 0;
    }
    if (at_border && border_.contains(item.name)) continue;
    if (names.insert(item.name).second) fresh.push_back(&item);
  }
  return fresh;
}

Result<> PollReading::take(const PollSource& source, const PollAnswer& answer, Millis now) {
  TRY_ASSIGN(const Items fresh, fresh_of(answer));
  std::span<const PollItem* const> rest(fresh);
  while (true) {
    std::size_t count = 0;
    for (std::size_t bytes = 0; count < std::min(rest.size(), kBatchItems); ++count) {
      bytes += rest[count]->data.size();
      if (count > 0 && bytes > kBatchBytes) break;
    }
    const bool is_last = count == rest.size();
    TRY(keep(source, rest.first(count), answer, is_last, now));
    if (is_last) return {};
    rest = rest.subspan(count);
  }
}

void PollReading::fails(const std::string& problem) {
  is_told_ = false;
  sink_.fails(problem);
}

PollReading::Step PollReading::step_of(std::span<const PollItem* const> items,
                                       const PollAnswer& answer, bool is_last) const {
  Step step{position_, false, {}, {}};
  step.adds.reserve(items.size());
  for (const PollItem* item : items) {
    if (by_ == PollBy::kCursor && (!step.position.cursor.has_value() ||
                                   order_in(answer, *item->cursor, *step.position.cursor) > 0)) {
      step.clears = true;
      step.adds.clear();
      step.position.cursor = item->cursor;
    }
    step.adds.push_back(item->name);
  }
  if (!is_last) return step;
  if (by_ == PollBy::kNext && answer.token.has_value() &&
      (!position_.cursor.has_value() || position_.cursor->text != *answer.token)) {
    step.position.cursor = {false, *answer.token};
    step.clears = true;
    step.adds.clear();
  }
  if (by_ == PollBy::kKeys && !answer.is_same) {
    std::set<std::string_view> there;
    for (const PollItem& item : answer.items) there.insert(item.name);
    for (const std::string& name : border_) {
      if (!there.contains(name)) step.drops.push_back(name);
    }
  }
  if (!answer.more) step.position.begun = true;
  if (!answer.is_same) {
    step.position.tag = answer.tag;
    step.position.tag_of = answer.tag_of;
  }
  return step;
}

Event PollReading::event_of(const PollSource& source, const PollItem& item, std::int64_t number,
                            Millis now) const {
  Event event;
  event.location = source.location();
  event.operation = Operation::kRead;
  event.id = item.id;
  event.at = EventTime(std::chrono::milliseconds(now));
  event.key = fmt::format("{}.{}", position_.id, number);
  const std::string what = item.problem.empty()
                               ? fmt::format(R"("{}":{})", source.member(), item.data)
                               : fmt::format(R"("problem":{})", json_string(item.problem));
  event.data = fmt::format(R"({{{},"cursor":{}}})", what,
                           item.cursor.has_value() ? cursor_json(*item.cursor) : "null");
  return event;
}

Result<> PollReading::keep(const PollSource& source, std::span<const PollItem* const> items,
                           const PollAnswer& answer, bool is_last, Millis now) {
  Step step = step_of(items, answer, is_last);
  std::vector<Event> events;
  if (position_.begun) {
    events.reserve(items.size());
    for (const PollItem* item : items) {
      events.push_back(event_of(source, *item, ++step.position.events, now));
    }
  }
  const bool changes =
      step.position != position_ || step.clears || !step.adds.empty() || !step.drops.empty();
  if (!changes && is_told_) return {};
  const auto sent = send(events, std::move(step));
  if (sent.has_value() || sent.error().code != ErrorCode::kInvalidArgument || events.empty()) {
    return sent;
  }
  // One that is refused for what it is must not hold up all others for ever.
  if (items.size() == 1) {
    return keep_problem(source, *items.front(), sent.error().message, answer, is_last, now);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    TRY(keep(source, items.subspan(i, 1), answer, is_last && i + 1 == items.size(), now));
  }
  return {};
}

Result<> PollReading::keep_problem(const PollSource& source, const PollItem& item,
                                   const std::string& why, const PollAnswer& answer, bool is_last,
                                   Millis now) {
  PollItem told = item;
  told.data.clear();
  told.problem = why;
  const PollItem* const one = &told;
  Step step = step_of(std::span(&one, 1), answer, is_last);
  const Event event = event_of(source, told, ++step.position.events, now);
  return send(std::span(&event, 1), std::move(step));
}

Result<> PollReading::send(std::span<const Event> events, Step step) {
  const std::size_t before = step.clears ? 0 : border_.size();
  if (before + step.adds.size() > kPollBorderMax) {
    return fail(ErrorCode::kConflict,
                fmt::format("more than {} things {}: they cannot be told apart any more",
                            grouped(kPollBorderMax),
                            by_ == PollBy::kCursor ? "have the same cursor" : "are in one answer"));
  }
  const std::set<std::string_view> added(step.adds.begin(), step.adds.end());
  std::vector<Mark> marks;
  marks.reserve(step.adds.size() + step.drops.size());
  if (step.clears) {
    for (const std::string& name : border_) {
      if (!added.contains(name)) marks.push_back({name, ""});
    }
  }
  for (const std::string& name : step.drops) marks.push_back({name, ""});
  for (const std::string& name : step.adds) marks.push_back({name, "1"});
  TRY(sink_.send_with(events, to_text(step.position), marks));
  position_ = std::move(step.position);
  if (step.clears) border_.clear();
  for (const std::string& name : step.drops) border_.erase(name);
  border_.insert(step.adds.begin(), step.adds.end());
  is_told_ = true;
  return {};
}

}  // namespace cordyna::input
