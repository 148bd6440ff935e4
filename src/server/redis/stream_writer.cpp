#include "server/redis/stream_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace cordyna::server {
namespace {

using End = StreamSession::End;
using redis::Answer;
using redis::Fault;
using redis::Reply;

constexpr std::chrono::seconds kAlive{5};
constexpr std::size_t kTurnBytes = std::size_t{4} << 20;
constexpr std::size_t kRemoveMax = 1'000;
constexpr std::uint64_t kLookEvery = 128;    ///< frames, until it is looked how far they were read
constexpr std::int64_t kUnreadMax = 20'000;  ///< frames: who leaves more is cut off
/// A stream that is closed stays so long for what was said last to be read.
constexpr std::string_view kLastMillis = "60000";

bool is_list(const Answer<Reply>& answer) {
  return answer.has_value() && answer->kind == Reply::Kind::kList;
}

}  // namespace

StreamWriter::StreamWriter(const std::shared_ptr<Board>& board, const StreamSettings& settings,
                           const StreamCalls& calls, redis::Connection& connection,
                           std::string process)
    : board_(board),
      settings_(settings),
      calls_(calls),
      connection_(connection),
      process_(std::move(process)),
      keys_(settings.prefix) {}

Answer<> StreamWriter::begin() {
  const auto left = connection_.ask({"SMEMBERS", keys_.sessions()});
  if (!left.has_value()) return std::unexpected(left.error());
  for (const Reply& one : left->list) {
    const auto who = keys_.of_member(one.text);
    if (!who.has_value()) continue;
    steps_.push_back({{"DEL", keys_.events(*who), keys_.commands(*who)}});
    if (steps_.size() < kRemoveMax) continue;
    if (auto done = perform(); !done.has_value()) return done;
  }
  steps_.push_back({{"DEL", keys_.sessions()}});
  nudges_ = true;
  live();
  return perform();
}

Fault StreamWriter::run() {
  while (auto turn = wait()) {
    for (const Knock& who : turn->knocks) open(who);
    for (Outgoing& one : turn->outgoing) send(one);
    if (turn->knocks.empty() && turn->outgoing.empty()) live();
    while (!steps_.empty() || nudges_) {  // an answer may want one more
      if (auto done = perform(); !done.has_value()) return done.error();
    }
  }
  return Fault{.error = {ErrorCode::kCancelled, "over"}};
}

std::optional<StreamWriter::Turn> StreamWriter::wait() {
  std::unique_lock lock(board_->mutex);
  const auto is_due = [](const StreamSession& one) {
    if (one.end == End::kOver) return false;
    return one.end == End::kCut || (one.is_live && (!one.queue.empty() || one.end != End::kOpen));
  };
  const auto something = [&] {
    return board_->is_over || !board_->knocks.empty() ||
           std::ranges::any_of(board_->sessions,
                               [&](const auto& one) { return is_due(*one.second); });
  };
  board_->is_sending = false;
  board_->changed.notify_all();
  board_->changed.wait_for(lock, kAlive, something);
  if (board_->is_over) return std::nullopt;
  board_->is_sending = true;
  Turn turn;
  turn.knocks = std::exchange(board_->knocks, {});
  std::size_t bytes = 0;
  for (const auto& [name, session] : board_->sessions) {
    if (!is_due(*session)) continue;
    Outgoing one{session, {}, End::kOpen};
    while (!session->queue.empty() && bytes < kTurnBytes) {
      bytes += session->queue.front().size();
      session->queued -= session->queue.front().size();
      one.frames.push_back(std::move(session->queue.front()));
      session->queue.pop_front();
    }
    if (session->queue.empty()) one.end = session->end;
    turn.outgoing.push_back(std::move(one));
  }
  return turn;
}

bool StreamWriter::may_open(const Knock& who) const {
  const std::lock_guard lock(board_->mutex);
  if (board_->sessions.contains(who.session)) return false;  // it has knocked more than once
  const auto of_team = std::ranges::count_if(board_->sessions, [&](const auto& one) {
    return one.second->who.team == who.team && one.second->end != End::kOver;
  });
  return std::cmp_less(of_team, settings_.team_sockets);
}

/// Its streams, and the groups that say how far they were read.
void StreamWriter::open(const Knock& who) {
  if (!may_open(who)) return;
  auto session = std::make_shared<StreamSession>();
  session->who = who;
  session->peer = calls_.accept(who);
  if (session->peer == nullptr) return;
  {
    const std::lock_guard lock(board_->mutex);
    board_->sessions.emplace(who.session, session);
  }
  const auto made = [this, session](const Answer<Reply>& answer) {
    if (!answer.has_value()) lost(session);  // BUSYGROUP: another cerebro was asked, too
  };
  steps_.push_back({{"SADD", keys_.sessions(), keys_.member(who)}});
  steps_.push_back({{"XGROUP", "CREATE", keys_.events(who), "cerebro", "0", "MKSTREAM"}, made});
  // The server waits for this one: then all is there.
  steps_.push_back({{"XGROUP", "CREATE", keys_.commands(who), "ts", "0", "MKSTREAM"},
                    [this, session](const Answer<Reply>& answer) {
                      if (!answer.has_value()) return lost(session);
                      session->peer->opened(std::make_shared<StreamSocket>(board_, session));
                      const std::lock_guard lock(board_->mutex);
                      session->is_live = true;
                      nudges_ = true;  // not before: the reader would not see it yet
                    }});
}

void StreamWriter::send(Outgoing& what) {
  const Session& session = what.session;
  const Knock& who = session->who;
  if (what.end == End::kCut) {
    steps_.push_back({{"DEL", keys_.events(who), keys_.commands(who)}});
    return over(session);
  }
  // NOMKSTREAM: one that was flushed must not come back without its group.
  const auto add = [&](std::string name, std::string value) {
    steps_.push_back({{"XADD", keys_.commands(who), "NOMKSTREAM", "*", "n",
                       fmt::format("{}", ++session->sent), std::move(name), std::move(value)},
                      [this, session](const Answer<Reply>& answer) {
                        if (!answer.has_value() || answer->is_nil()) lost(session);
                      }});
  };
  for (std::string& frame : what.frames) add("ce", std::move(frame));
  if (what.end == End::kClosing) {
    add("end", "1");
    steps_.push_back({{"PEXPIRE", keys_.commands(who), std::string(kLastMillis)}});
    steps_.push_back({{"PEXPIRE", keys_.events(who), std::string(kLastMillis)}});
    return over(session);
  }
  if (session->sent - session->looked_at >= kLookEvery) look(session);
}

/// What the server has read goes; who reads too little is cut off.
void StreamWriter::look(const Session& session) {
  session->looked_at = session->sent;
  const std::string key = keys_.commands(session->who);
  steps_.push_back({{"XINFO", "GROUPS", key}, [this, session, key](const Answer<Reply>& answer) {
                      if (!is_list(answer) || answer->list.empty()) return lost(session);
                      const Reply* const read = answer->list.front().find("last-delivered-id");
                      const Reply* const lag = answer->list.front().find("lag");
                      if (lag != nullptr && lag->number > kUnreadMax) return lost(session);
                      if (read == nullptr || read->text == "0-0") return;
                      steps_.push_back({{"XTRIM", key, "MINID", after_entry(read->text)}});
                    }});
}

/// Something of its streams is not there: the server notices it, too.
void StreamWriter::lost(const Session& session) {
  board_->close(*session, End::kCut);
}

void StreamWriter::over(const Session& session) {
  steps_.push_back({{"SREM", keys_.sessions(), keys_.member(session->who)}});
  nudges_ = true;
  const std::lock_guard lock(board_->mutex);
  session->end = End::kOver;
  session->queue.clear();
}

/// So that the other connections see that Redis is there, and nothing is left when we are not.
void StreamWriter::live() {
  steps_.push_back({{"PUBLISH", keys_.alive(process_), "1"}});
  steps_.push_back({{"PEXPIRE", keys_.nudges(process_), std::string(kLastMillis)}});
}

Answer<> StreamWriter::perform() {
  std::vector<Step> steps = std::exchange(steps_, {});
  if (std::exchange(nudges_, false)) {
    steps.push_back({{"XADD", keys_.nudges(process_), "MAXLEN", "1", "*", "n", "1"}});
    steps.push_back({{"PEXPIRE", keys_.nudges(process_), std::string(kLastMillis)}});
  }
  std::vector<redis::Words> commands;
  commands.reserve(steps.size());
  for (Step& one : steps) commands.push_back(std::move(one.words));
  const auto answers = connection_.ask_all(commands);
  if (!answers.has_value()) return std::unexpected(answers.error());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& answer = (*answers)[i];
    // OOM, READONLY, NOPERM: not of one socket.
    if (!answer.has_value() && steps[i].answered == nullptr) return std::unexpected(answer.error());
    if (steps[i].answered) steps[i].answered(answer);
  }
  return {};
}

}  // namespace cordyna::server
