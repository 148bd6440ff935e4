#include "input/redis/redis_reading.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.hpp"
#include "base/text.hpp"
#include "input/delivery.hpp"

namespace cordyna::input {
namespace {

using redis::Answer;
using redis::Fault;
using redis::Reply;

constexpr std::chrono::milliseconds kBlock{5'000};
constexpr std::chrono::milliseconds kLookEvery{1'000};
constexpr std::size_t kConfirmAtOnce = 500;

#define REDIS_TRY(call)                                                                            \
  do {                                                                                             \
    if (auto done_ = (call); !done_.has_value()) return std::unexpected(std::move(done_.error())); \
  } while (false)

Millis redis_wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::unexpected<Fault> fault(Error error) {
  return std::unexpected(Fault{.error = std::move(error)});
}

}  // namespace

Answer<> RedisReading::begin(std::size_t count) {
  auto position = parse_redis_position(sink_.position());
  if (!position.has_value()) return fault(std::move(position.error()));
  position_ = *std::move(position);
  if (position_.consumer.empty()) position_.consumer = make_uuid7(redis_wall_now());
  for (const std::string& stream : options_.streams) REDIS_TRY(ensure_group(stream));
  // Where it begins is kept before the first entry is read.
  if (auto kept = sink_.send({}, to_text(position_)); !kept.has_value()) {
    return fault(std::move(kept.error()));
  }
  for (const std::string& stream : options_.streams) REDIS_TRY(read_own(stream, count));
  next_claim_ = Clock::now();
  next_look_ = Clock::now();
  return {};
}

Answer<EntryId> RedisReading::last_of(const std::string& stream) {
  auto info = connection_.ask({"XINFO", "STREAM", stream});
  if (!info.has_value()) {
    if (info.error().error.message.find("no such key") != std::string::npos) return EntryId();
    return std::unexpected(std::move(info.error()));
  }
  const Reply* last = info->find("last-generated-id");
  const auto id = last == nullptr ? std::nullopt : parse_entry_id(last->text);
  return id.value_or(EntryId());
}

/// A group that somebody took away is made where this input was; where the stream itself is another
/// one by now, whose ids begin before, at its beginning.
Answer<> RedisReading::ensure_group(const std::string& stream) {
  auto last = last_of(stream);
  if (!last.has_value()) return std::unexpected(std::move(last.error()));
  const auto known = position_.streams.find(stream);
  StreamMark mark = known == position_.streams.end() ? StreamMark() : known->second;
  const bool is_anew = known != position_.streams.end() && *last < mark.last;
  if (is_anew) {
    mark = {{}, mark.anew + 1, 0};
    told_[stream + " anew"] =
        fmt::format("the stream '{}' was made anew, and is read from its beginning",
                    fit(printable(stream), 60));
  } else if (known == position_.streams.end() && options_.start == RedisStartAt::kLatest) {
    mark.last = *last;
  }
  const auto made =
      connection_.ask({"XGROUP", "CREATE", stream, group_, to_text(mark.last), "MKSTREAM"});
  if (!made.has_value() && made.error().word != "BUSYGROUP") return std::unexpected(made.error());
  position_.streams[stream] = mark;
  tell();
  return {};
}

/// What this member got and did not confirm: it fell over, or the confirmation did.
Answer<> RedisReading::read_own(const std::string& stream, std::size_t count) {
  EntryId after;
  while (true) {
    auto reply = connection_.ask({"XREADGROUP", "GROUP", group_, position_.consumer, "COUNT",
                                  fmt::format("{}", count), "STREAMS", stream, to_text(after)});
    if (!reply.has_value()) return std::unexpected(std::move(reply.error()));
    if (reply->list.empty() || reply->list[0].list.size() != 2) return {};
    auto entries = entries_of(reply->list[0].list[1]);
    if (!entries.has_value()) return fault(std::move(entries.error()));
    if (entries->empty()) return {};
    after = entries->back().id;
    REDIS_TRY(keep(stream, *entries));
  }
}

Answer<> RedisReading::step(std::size_t count) {
  const auto now = Clock::now();
  if (options_.claim_after.count() > 0 && now >= next_claim_) {
    for (const std::string& stream : options_.streams) REDIS_TRY(claim(stream, count));
    next_claim_ = now + std::max<std::chrono::milliseconds>(options_.claim_after / 2, kLookEvery);
  }
  if (now >= next_look_) {
    for (const std::string& stream : options_.streams) REDIS_TRY(look_for_missed(stream));
    next_look_ = now + kLookEvery;
  }
  std::vector<std::string> words{"XREADGROUP", "GROUP",
                                 group_,       position_.consumer,
                                 "COUNT",      fmt::format("{}", count),
                                 "BLOCK",      fmt::format("{}", kBlock.count()),
                                 "STREAMS"};
  words.insert(words.end(), options_.streams.begin(), options_.streams.end());
  words.insert(words.end(), options_.streams.size(), ">");
  auto reply = connection_.ask(words);
  if (!reply.has_value()) return std::unexpected(std::move(reply.error()));
  for (const Reply& one : reply->list) {
    if (one.list.size() != 2) continue;
    auto entries = entries_of(one.list[1]);
    if (!entries.has_value()) return fault(std::move(entries.error()));
    REDIS_TRY(keep(one.list[0].text, *entries));
  }
  return {};
}

Answer<> RedisReading::claim(const std::string& stream, std::size_t count) {
  std::string from = "0-0";
  do {
    auto reply = connection_.ask({"XAUTOCLAIM", stream, group_, position_.consumer,
                                  fmt::format("{}", options_.claim_after.count()), from, "COUNT",
                                  fmt::format("{}", count)});
    if (!reply.has_value()) return std::unexpected(std::move(reply.error()));
    if (reply->list.size() < 2) return fault({ErrorCode::kUnavailable, "XAUTOCLAIM gave nothing"});
    from = reply->list[0].text;
    auto entries = entries_of(reply->list[1]);
    if (!entries.has_value()) return fault(std::move(entries.error()));
    if (reply->list.size() > 2) {
      for (const Reply& gone : reply->list[2].list) {
        const auto id = parse_entry_id(gone.text);
        if (id.has_value()) entries->push_back({.id = *id, .fields = {}, .is_deleted = true});
      }
    }
    REDIS_TRY(keep(stream, *entries));
  } while (from != "0-0");
  return {};
}

/// All that were added, less those that the group has read, less those that it has still to read.
Answer<> RedisReading::look_for_missed(const std::string& stream) {
  auto info = connection_.ask({"XINFO", "STREAM", stream});
  if (!info.has_value()) return std::unexpected(std::move(info.error()));
  auto groups = connection_.ask({"XINFO", "GROUPS", stream});
  if (!groups.has_value()) return std::unexpected(std::move(groups.error()));
  const Reply* added = info->find("entries-added");  // Redis 7
  const Reply* length = info->find("length");
  const Reply* newest = info->find("last-generated-id");
  const Reply* oldest = info->find("recorded-first-entry-id");
  if (added == nullptr || length == nullptr || newest == nullptr || oldest == nullptr) return {};
  for (const Reply& one : groups->list) {
    const Reply* name = one.find("name");
    const Reply* read = one.find("entries-read");
    const Reply* last = one.find("last-delivered-id");
    if (name == nullptr || name->text != group_ || read == nullptr || last == nullptr) continue;
    const auto reached = parse_entry_id(last->text);
    const auto first = parse_entry_id(oldest->text);
    if (read->is_nil() || !reached.has_value() || !first.has_value()) continue;
    std::int64_t unread = 0;
    if (last->text != newest->text) {
      if (*first <= *reached) continue;  // how many of them are read, nobody counts
      unread = length->number;
    }
    StreamMark& mark = position_.streams[stream];
    const std::int64_t missed = added->number - read->number - unread;
    if (missed <= mark.missed) continue;
    told_[stream + " missed"] = fmt::format(
        "{} of '{}' were trimmed or deleted before they were read",
        missed - mark.missed == 1 ? "1 entry" : fmt::format("{} entries", missed - mark.missed),
        fit(printable(stream), 60));
    tell();
    mark.missed = missed;
    if (auto kept = sink_.send({}, to_text(position_)); !kept.has_value()) {
      return fault(std::move(kept.error()));
    }
  }
  return {};
}

void RedisReading::tell() {
  std::string all;
  for (const auto& [stream, problem] : told_) all += (all.empty() ? "" : "; ") + problem;
  if (!all.empty()) sink_.tell(all);
}

Answer<> RedisReading::keep(const std::string& stream, const std::vector<StreamEntry>& entries) {
  if (entries.empty()) return {};
  const Millis now = redis_wall_now();
  StreamMark& mark = position_.streams[stream];
  std::vector<Event> events;
  events.reserve(entries.size());
  std::size_t deleted = 0;
  for (const StreamEntry& entry : entries) {
    events.push_back(event_of(stream, entry, mark.anew, options_.format, now));
    if (entry.is_deleted) ++deleted;
  }
  const auto position_after = [&](std::size_t last) {
    RedisPosition after = position_;
    StreamMark& there = after.streams[stream];
    for (std::size_t i = 0; i <= last; ++i) there.last = std::max(there.last, entries[i].id);
    return to_text(after);
  };
  const auto kept =
      deliver(sink_, events, position_after, [&](std::size_t i, std::string_view why) {
        return problem_of(stream, entries[i], mark.anew, why, now);
      });
  if (!kept.has_value()) return fault(kept.error());
  for (const StreamEntry& entry : entries) mark.last = std::max(mark.last, entry.id);
  if (deleted > 0) {
    told_[stream + " deleted"] = fmt::format(
        "entries of '{}' were deleted before their events were kept: {}; an event says so of each",
        fit(printable(stream), 60), deleted);
    tell();
  }
  return confirm(stream, entries);
}

Answer<> RedisReading::confirm(const std::string& stream, const std::vector<StreamEntry>& entries) {
  for (std::size_t i = 0; i < entries.size(); i += kConfirmAtOnce) {
    const std::size_t end = std::min(entries.size(), i + kConfirmAtOnce);
    std::vector<std::string> words{"XACK", stream, group_};
    words.reserve(words.size() + end - i);
    for (std::size_t at = i; at < end; ++at) words.push_back(to_text(entries[at].id));
    REDIS_TRY(connection_.ask(words));
  }
  return {};
}

#undef REDIS_TRY

}  // namespace cordyna::input
