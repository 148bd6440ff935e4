#include "server/redis/stream_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <utility>

namespace cordyna::server {
namespace {

using End = StreamSession::End;
using redis::Answer;
using redis::Fault;
using redis::Reply;

constexpr std::string_view kCount = "16";  ///< entries of one stream at a time
constexpr std::string_view kBlock = "5000";
/// Where a few are read at a time: the others come soon.
constexpr std::string_view kShortBlock = "20";
constexpr std::chrono::milliseconds kHeardSoon{5};
/// Streams that are read at a time where all at once were too much.
constexpr std::size_t kFew = 16;
/// Bytes that lie in a stream: servers leave a few MiB, and then wait.
constexpr std::int64_t kStreamBytesMax = std::int64_t{64} << 20;
/// An id that far ahead was chosen by somebody: what follows it would come then, or never.
constexpr std::uint64_t kAheadMillis = 3'600'000;

/// The value of a field of an entry's list of names and values.
const std::string* field_of(const Reply& entry, std::string_view name) {
  if (entry.list.size() != 2) return nullptr;
  const std::vector<Reply>& pairs = entry.list[1].list;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (pairs[i].text == name) return &pairs[i + 1].text;
  }
  return nullptr;
}

std::uint64_t number_of(const std::string* text) {
  std::uint64_t number = 0;
  if (text == nullptr) return 0;
  std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace

StreamReader::StreamReader(const std::shared_ptr<Board>& board, const StreamSettings& settings,
                           const StreamCalls& calls, redis::Connection connection,
                           std::string_view process)
    : board_(board),
      settings_(settings),
      calls_(calls),
      connection_(std::move(connection)),
      keys_(settings.prefix),
      nudges_(keys_.nudges(process)) {}

Fault StreamReader::run() {
  while (const auto sessions = open_ones()) {
    auto done = read(*sessions);
    if (!done.has_value() && done.error().too_large) done = find_large(*sessions);
    if (!done.has_value()) return done.error();
  }
  return Fault{.error = {ErrorCode::kCancelled, "over"}};
}

std::optional<std::vector<StreamReader::Session>> StreamReader::open_ones() {
  std::vector<Session> open;
  std::vector<Session> over;
  {
    std::unique_lock lock(board_->mutex);
    // What was said is looked at soon, as a rule, and then there is more.
    board_->changed.wait_for(lock, kHeardSoon, [this] {
      return board_->is_over || std::ranges::none_of(board_->sessions, [](const auto& one) {
               return one.second->unheard > 0;
             });
    });
    if (board_->is_over) return std::nullopt;
    is_hurried_ = false;
    open.reserve(board_->sessions.size());
    for (auto at = board_->sessions.begin(); at != board_->sessions.end();) {
      const Session session = at->second;
      const bool is_over = session->end == End::kOver;
      if (is_over && session->is_live) over.push_back(session);
      at = is_over ? board_->sessions.erase(at) : std::next(at);
      if (is_over || !session->is_live || session->end == End::kCut) continue;
      if (session->unheard > 0) {
        is_hurried_ = true;
      } else {
        open.push_back(session);
      }
    }
  }
  for (const Session& session : over) session->peer->closed();
  if (is_careful_ && open.size() > kFew) {
    turn_ = (turn_ + kFew) % open.size();
    std::ranges::rotate(open, open.begin() + static_cast<std::ptrdiff_t>(turn_));
    open.resize(kFew);
  }
  return open;
}

Answer<> StreamReader::read(const std::vector<Session>& sessions) {
  std::vector<redis::Words> commands;
  redis::Words read{"XREAD", "COUNT", std::string(kCount)};
  if (!is_hurried_) {
    read.emplace_back("BLOCK");
    read.emplace_back(is_careful_ ? kShortBlock : kBlock);
  }
  read.emplace_back("STREAMS");
  read.push_back(nudges_);
  std::map<std::string, Session, std::less<>> by_key;
  for (const Session& session : sessions) {
    std::string key = keys_.events(session->who);
    if (!session->trim.empty()) {
      commands.push_back({"XTRIM", key, "MINID", std::exchange(session->trim, {})});
    }
    read.push_back(key);
    by_key.emplace(std::move(key), session);
  }
  read.push_back(nudged_);
  for (const Session& session : sessions) read.push_back(session->last);
  commands.push_back(std::move(read));
  const auto answers = connection_.ask_all(commands);
  if (!answers.has_value()) return std::unexpected(answers.error());
  const auto& found = answers->back();
  if (!found.has_value()) return std::unexpected(found.error());
  for (const Reply& stream : found->list) {
    if (stream.list.size() != 2) continue;
    const Reply& entries = stream.list[1];
    const auto session = by_key.find(stream.list[0].text);
    if (session != by_key.end()) {
      take(session->second, entries);
    } else if (!entries.list.empty() && !entries.list.back().list.empty()) {
      nudged_ = entries.list.back().list[0].text;
    }
  }
  return {};
}

Answer<> StreamReader::find_large(const std::vector<Session>& sessions) {
  auto again = redis::Connection::open(settings_.target);
  if (!again.has_value()) return std::unexpected(again.error());
  connection_ = *std::move(again);
  is_careful_ = true;
  std::vector<redis::Words> commands;
  commands.reserve(sessions.size());
  for (const Session& session : sessions) {
    commands.push_back({"MEMORY", "USAGE", keys_.events(session->who), "SAMPLES", "0"});
  }
  const auto sizes = connection_.ask_all(commands);
  if (!sizes.has_value()) return std::unexpected(sizes.error());
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const auto& size = (*sizes)[i];
    if (!size.has_value()) return std::unexpected(size.error());
    if (size->number > kStreamBytesMax) {
      tampered(*sessions[i], fmt::format("its stream has {} MiB", size->number >> 20));
    }
  }
  return {};
}

void StreamReader::take(const Session& session, const Reply& entries) {
  std::vector<std::string> frames;
  frames.reserve(entries.list.size());
  for (const Reply& entry : entries.list) {
    auto frame = frame_of(*session, entry);
    if (!frame.has_value()) break;
    frames.push_back(*std::move(frame));
  }
  if (frames.empty()) return;
  session->trim = after_entry(session->last);
  {
    const std::lock_guard lock(board_->mutex);
    session->unheard += frames.size();
  }
  for (std::string& frame : frames) {
    session->peer->received(std::move(frame),
                            [board = board_, session] { board->heard(*session); });
  }
}

std::optional<std::string> StreamReader::frame_of(StreamSession& session, const Reply& entry) {
  if (entry.list.empty()) return std::nullopt;
  const std::string& id = entry.list[0].text;
  const auto ahead = static_cast<std::uint64_t>(calls_.wall()) + kAheadMillis;
  if (entry_millis(id).value_or(0) > ahead) {
    tampered(session,
             fmt::format("an entry was added with the id {}, so that none could follow", id));
    return std::nullopt;
  }
  if (number_of(field_of(entry, "n")) != session.came + 1) {
    tampered(session, fmt::format("after frame {} one is missing: its stream was trimmed, or "
                                  "another one writes to it",
                                  session.came));
    return std::nullopt;
  }
  ++session.came;
  session.last = id;
  const std::string* const frame = field_of(entry, "ce");
  if (frame != nullptr && frame->size() <= settings_.frame_bytes) return *frame;
  board_->close(session, End::kCut);  // it says goodbye, or says too much
  return std::nullopt;
}

void StreamReader::tampered(StreamSession& session, const std::string& what) {
  board_->close(session, End::kCut);
  calls_.tampered(session.who, what);
}

}  // namespace cordyna::server
