#include "conformance/judges.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

namespace cordyna::conformance {

using protocol::MessageKind;

namespace {

/// Of the messages of one attempt.
struct Told {
  int rank = 0;  ///< 1: queued; 2: started; 3: its end
  std::string_view last;
};

/// 0: it may come whenever the attempt has not ended.
int rank_of(MessageKind kind) {
  if (kind == MessageKind::kQueued) return 1;
  if (kind == MessageKind::kStarted) return 2;
  return is_end(kind) ? 3 : 0;
}

/// As it is: an invoke that is repeated is answered with task.started once more.
bool may_come_again(MessageKind kind) {
  return needs_receipt(kind) || kind == MessageKind::kStarted || kind == MessageKind::kDeclare;
}

std::string fence_text(const shape::JsonBody& fence) {
  if (fence.raw() == nullptr) return "none";
  return fmt::format("{}:{}", fence.number("epoch"), fence.text("token"));
}

}  // namespace

std::optional<Finding> judge_messages(const Record& record, const std::string& source) {
  static_cast<void>(source);
  for (const Entry& entry : record) {
    if (entry.sort != Sort::kBad) continue;
    return Finding{entry.text, "each message is as docs/reference/protocol.md says"};
  }
  return std::nullopt;
}

std::optional<Finding> judge_source(const Record& record, const std::string& source) {
  for (const Entry& entry : record) {
    if (entry.sort != Sort::kCame) continue;
    if (entry.head.source != source) {
      return Finding{
          fmt::format("{} with source \"{}\"", short_type(entry.kind), entry.head.source),
          fmt::format("source is \"{}\"", source)};
    }
    if (is_of_attempt(entry.kind) && entry.link > 0 && entry.head.subject != entry.attempt()) {
      return Finding{fmt::format("{} of {} with subject \"{}\"", short_type(entry.kind),
                                 entry.attempt(), entry.head.subject),
                     "subject is the attempt's name"};
    }
  }
  return std::nullopt;
}

std::optional<Finding> judge_seq(const Record& record, const std::string& source) {
  static_cast<void>(source);
  struct Session {
    std::string id;
    std::uint64_t seq = 0;
  };
  std::map<std::size_t, Session> sessions;  // by connection
  for (const Entry& entry : record) {
    if (entry.is_sent(MessageKind::kWelcome)) {
      sessions[entry.link] = {entry.data.text("session"), 0};
    }
    const auto session = sessions.find(entry.link);
    if (entry.sort != Sort::kCame || session == sessions.end()) continue;
    auto& [id, seq] = session->second;
    if (entry.head.session != id) {
      return Finding{
          fmt::format("{} with session \"{}\"", short_type(entry.kind), entry.head.session),
          fmt::format("session is that of welcome: \"{}\"", id)};
    }
    if (entry.head.seq != seq + 1) {
      return Finding{
          fmt::format("{} with seq {} after {}", short_type(entry.kind), entry.head.seq, seq),
          "seq counts from 1 in each session, without gaps"};
    }
    ++seq;
  }
  return std::nullopt;
}

std::optional<Finding> judge_ids(const Record& record, const std::string& source) {
  static_cast<void>(source);
  std::map<std::string, std::pair<MessageKind, std::string>> known;
  std::map<std::string, std::string> ends;  // attempt → id of its end, while it has no receipt
  std::set<std::string> receipts;
  for (const Entry& entry : record) {
    if (entry.is_sent(MessageKind::kReceipt)) {
      for (const std::string& id : entry.data.texts("ids")) receipts.insert(id);
    }
    if (entry.sort != Sort::kCame) continue;
    const auto [at, is_new] =
        known.try_emplace(entry.head.id, std::pair(entry.kind, entry.attempt()));
    const bool same = at->second == std::pair(entry.kind, entry.attempt());
    if (!same || (!is_new && !may_come_again(entry.kind))) {
      return Finding{fmt::format("id {} is of {} and of {}", entry.head.id,
                                 short_type(at->second.first), short_type(entry.kind)),
                     "each message has an id of its own"};
    }
    if (!is_end(entry.kind) || entry.kind == MessageKind::kCancelled || entry.link == 0) continue;
    const std::string before = std::exchange(ends[entry.attempt()], entry.head.id);
    if (!before.empty() && before != entry.head.id && !receipts.contains(before)) {
      return Finding{fmt::format("{} of {} has the ids {} and {}", short_type(entry.kind),
                                 entry.attempt(), before, entry.head.id),
                     "what is sent again keeps its id"};
    }
  }
  return std::nullopt;
}

std::optional<Finding> judge_order(const Record& record, const std::string& source) {
  static_cast<void>(source);
  std::map<std::string, Told> told;
  std::set<std::string> ids;
  for (const Entry& entry : record) {
    if (entry.sort != Sort::kCame || !is_of_attempt(entry.kind)) continue;
    if (!ids.insert(entry.head.id).second) continue;  // sent again
    Told& before = told[entry.attempt()];
    if (entry.kind == MessageKind::kRejected) {
      before = {};
      continue;
    }
    const int rank = rank_of(entry.kind);
    // An attempt that is not known any more is answered as cancelled, even when it had an end.
    const bool repeated = rank == before.rank && rank != 0;
    const bool late = before.rank == 3 && rank == 0;
    const bool back = rank != 0 && rank < before.rank;
    if (late || back) {
      return Finding{
          fmt::format("{} of {} after {}", short_type(entry.kind), entry.attempt(), before.last),
          "queued, started and the end come in this order, and then nothing new"};
    }
    if (rank != 0 && !repeated) before = {rank, short_type(entry.kind)};
  }
  return std::nullopt;
}

std::optional<Finding> judge_fence(const Record& record, const std::string& source) {
  static_cast<void>(source);
  std::map<std::string, std::string> fences;
  for (const Entry& entry : record) {
    if (entry.is_sent(MessageKind::kInvoke) && entry.link > 0) {
      fences[entry.attempt()] = fence_text(entry.data.object("fence"));
    }
    if (entry.sort != Sort::kCame || !is_of_attempt(entry.kind)) continue;
    const auto wanted = fences.find(entry.attempt());
    if (wanted == fences.end()) continue;
    const std::string given = fence_text(entry.data.object("fence"));
    if (given != wanted->second) {
      return Finding{
          fmt::format("{} of {} with the fence {}", short_type(entry.kind), entry.attempt(), given),
          fmt::format("the fence of its invoke is given back as it came: {}", wanted->second)};
    }
  }
  return std::nullopt;
}

}  // namespace cordyna::conformance
