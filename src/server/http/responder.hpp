/// Brings one answer to its connection, from any thread, or says that it was dropped.
///
/// Internal to this folder. Threads: any, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "server/http/answer.hpp"
#include "server/http/mailbox.hpp"

namespace cordyna::server {

/// Who waits for an answer. Only the server's thread may hold one for longer than a look, and only
/// there it is destroyed.
class AnswerTaker {
 public:
  AnswerTaker() = default;
  AnswerTaker(const AnswerTaker&) = delete;
  AnswerTaker& operator=(const AnswerTaker&) = delete;
  virtual ~AnswerTaker() = default;
  /// `request`: which one of the connection; an answer to another than the current is dropped.
  virtual void take_answer(std::uint64_t request, Answer answer) = 0;
};

class Responder {
 public:
  Responder(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<AnswerTaker> taker,
            std::uint64_t request, const Asked& asked)
      : mailbox_(std::move(mailbox)), taker_(std::move(taker)), request_(request), asked_(asked) {}
  /// The guard: an answer that nobody gave, is one with 500.
  ~Responder();
  Responder(Responder&& other) noexcept = default;
  Responder& operator=(Responder&&) = delete;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// Makes the bytes, and compresses them, on the thread of the caller. A second call does nothing.
  void operator()(HttpResponse response);

 private:
  void bring(Answer answer);

  std::shared_ptr<Mailbox> mailbox_;  ///< null: called, or moved from
  std::weak_ptr<AnswerTaker> taker_;
  std::uint64_t request_;
  Asked asked_;
};

}  // namespace cordyna::server
