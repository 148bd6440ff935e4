#include "server/http/mailbox.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace cordyna::server {

void Mailbox::post(std::move_only_function<void()> work) {
  const std::scoped_lock lock(mutex_);
  if (io_ == nullptr) return;
  works_.push_back(std::move(work));
  if (works_.size() > 1) return;  // the thread is told already
  boost::asio::post(*io_, [self = shared_from_this()] { self->run(); });
}

void Mailbox::run() {
  std::vector<std::move_only_function<void()>> works;
  {
    const std::scoped_lock lock(mutex_);
    works.swap(works_);
  }
  for (auto& work : works) work();
}

void Mailbox::close() {
  std::vector<std::move_only_function<void()>> dropped;  // goes without the lock
  const std::scoped_lock lock(mutex_);
  io_ = nullptr;
  dropped.swap(works_);
}

}  // namespace cordyna::server
