#include "server/redis/stream_sockets.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.hpp"
#include "base/id.hpp"
#include "server/redis/stream_board.hpp"
#include "server/redis/stream_reader.hpp"
#include "server/redis/stream_writer.hpp"

namespace cordyna::server {
namespace {

using End = StreamSession::End;
using redis::Answer;
using redis::Connection;
using redis::Fault;
using redis::Reply;

constexpr Millis kIdle = 15'000;  ///< each connection hears something at least every five seconds
constexpr std::chrono::milliseconds kRetryMin{200};
constexpr std::chrono::milliseconds kRetryMax{15'000};
constexpr std::chrono::seconds kLastWait{2};

/// Readable from the first time on that somebody says so.
class Stop {
 public:
  Stop() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(fd_ >= 0); }
  ~Stop() { ::close(fd_); }
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  void raise() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof one);
  }

 private:
  int fd_;
};

bool is_message(const Reply& reply, std::string_view kind, std::size_t words) {
  return reply.list.size() == words && reply.list[0].text == kind;
}

}  // namespace

/// A time in which Redis is there: three connections, and a thread for each.
class Era {
 public:
  Era(const StreamSettings& settings, const StreamCalls& calls)
      : settings_(settings),
        calls_(calls),
        board_(std::make_shared<Board>(settings.queue_bytes)),
        process_(make_uuid7(0)),
        keys_(settings.prefix) {
    settings_.target.cancel_fd = stop_.get();
    settings_.target.idle_ms = kIdle;
  }

  /// Until Redis is not there, or it is stopped: why.
  Fault run() {
    auto listening = Connection::open(settings_.target);
    if (!listening.has_value()) return listening.error();
    auto writing = Connection::open(settings_.target);
    if (!writing.has_value()) return writing.error();
    auto reading = Connection::open(settings_.target);
    if (!reading.has_value()) return reading.error();
    if (const auto asked = subscribe(*listening); !asked.has_value()) return asked.error();
    StreamWriter writer(board_, settings_, calls_, *writing, process_);
    StreamReader reader(board_, settings_, calls_, *std::move(reading), process_);
    if (const auto begun = writer.begin(); !begun.has_value()) return begun.error();
    calls_.told(fmt::format("task servers may come over Redis {}", settings_.target.text()));
    is_up_ = true;
    std::thread writes([this, &writer] { end(writer.run()); });
    std::thread reads([this, &reader] { end(reader.run()); });
    end(listen(*listening));
    writes.join();
    reads.join();
    close_all();
    return *why_;
  }

  [[nodiscard]] bool is_up() const { return is_up_; }

  /// From another thread: what was sent goes out first.
  void stop() {
    settle();
    {
      // Nobody reads those that are left.
      const std::lock_guard lock(board_->mutex);
      for (const auto& [name, session] : board_->sessions) {
        if (session->end == End::kOpen) session->end = End::kCut;
      }
    }
    board_->wake();
    settle();
    end(Fault{.error = {ErrorCode::kCancelled, "stopped"}});
  }

 private:
  /// Waits until nothing has to go out, but not for long.
  void settle() {
    std::unique_lock lock(board_->mutex);
    board_->changed.wait_for(lock, kLastWait, [this] {
      if (board_->is_over) return true;
      return !board_->is_sending && std::ranges::all_of(board_->sessions, [](const auto& one) {
        const StreamSession& session = *one.second;
        return session.end == End::kOver || (session.end == End::kOpen && session.queue.empty());
      });
    });
  }

  void end(Fault why) {
    {
      const std::lock_guard lock(board_->mutex);
      if (!why_.has_value()) why_ = std::move(why);
      board_->is_over = true;
    }
    board_->wake();
    stop_.raise();
  }

  /// To who knocks, and to our own signs of life.
  Answer<> subscribe(Connection& connection) {
    auto asked = connection.ask({"SUBSCRIBE", keys_.alive(process_)});
    if (asked.has_value()) asked = connection.ask({"PSUBSCRIBE", keys_.knocks()});
    if (!asked.has_value()) return std::unexpected(asked.error());
    return {};
  }

  Fault listen(Connection& connection) {
    auto asked = connection.next();
    for (; asked.has_value(); asked = connection.next()) {
      if (!is_message(*asked, "pmessage", 4)) continue;
      auto who = keys_.of_knock(asked->list[2].text, asked->list[3].text);
      if (!who.has_value()) continue;
      const std::lock_guard lock(board_->mutex);
      // Those who are not answered knock again.
      if (board_->knocks.size() < settings_.team_sockets) board_->knocks.push_back(*std::move(who));
      board_->wake();
    }
    return asked.error();
  }

  void close_all() {
    std::map<std::string, std::shared_ptr<StreamSession>> left;
    {
      const std::lock_guard lock(board_->mutex);
      left.swap(board_->sessions);
      for (const auto& [name, session] : left) session->end = End::kOver;
    }
    for (const auto& [name, session] : left) {
      if (session->is_live) session->peer->closed();
    }
  }

  StreamSettings settings_;
  const StreamCalls& calls_;
  Stop stop_;
  std::shared_ptr<Board> board_;
  std::string process_;
  StreamKeys keys_;
  std::optional<Fault> why_;  // guarded by the board's mutex
  bool is_up_ = false;
};

class StreamSockets::Impl {
 public:
  Impl(StreamSettings settings, StreamCalls calls)
      : settings_(std::move(settings)), calls_(std::move(calls)), thread_([this] { work(); }) {}

  ~Impl() {
    std::shared_ptr<Era> era;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      era = era_;
    }
    changed_.notify_all();
    if (era != nullptr) era->stop();
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  void work() {
    auto delay = kRetryMin;
    std::string told;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      era_ = std::make_shared<Era>(settings_, calls_);
      lock.unlock();
      const Fault why = era_->run();
      const bool was_up = era_->is_up();
      lock.lock();
      if (stopping_) break;
      if (was_up) {
        delay = kRetryMin;
        told.clear();
      }
      if (told != why.error.message) {
        told = why.error.message;
        calls_.told(fmt::format("no task server can come over Redis {}: {}; it is tried again",
                                settings_.target.text(), told));
      }
      changed_.wait_for(lock, delay, [this] { return stopping_; });
      delay = std::min(delay * 2, kRetryMax);
    }
  }

  StreamSettings settings_;
  StreamCalls calls_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;     // guarded by mutex_
  std::shared_ptr<Era> era_;  // guarded by mutex_
  std::thread thread_;        // last: it uses the others
};

StreamSockets::StreamSockets(StreamSettings settings, StreamCalls calls)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(calls))) {}

StreamSockets::~StreamSockets() = default;

}  // namespace cordyna::server
