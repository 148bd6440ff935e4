#include "server/http/responder.hpp"

namespace cordyna::server {

Responder::~Responder() {
  if (mailbox_ == nullptr) return;
  Answer dropped;
  dropped.wrong = "the request was dropped without an answer";
  bring(std::move(dropped));
}

void Responder::operator()(HttpResponse response) {
  if (mailbox_ == nullptr) return;
  bring(make_answer(std::move(response), asked_));
}

void Responder::bring(Answer answer) {
  const std::shared_ptr<Mailbox> mailbox = std::exchange(mailbox_, nullptr);
  // There it needs no way through the queue.
  if (mailbox->on_own_thread()) {
    const std::shared_ptr<AnswerTaker> taker = taker_.lock();
    if (taker != nullptr) taker->take_answer(request_, std::move(answer));
    return;
  }
  // The weak pointer is locked there, since the last owner destroys a socket.
  mailbox->post(
      [taker = std::move(taker_), request = request_, answer = std::move(answer)]() mutable {
        const std::shared_ptr<AnswerTaker> alive = taker.lock();
        if (alive != nullptr) alive->take_answer(request, std::move(answer));
      });
}

}  // namespace cordyna::server
