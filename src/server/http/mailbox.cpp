#include "server/http/mailbox.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace cordyna::server {

void Mailbox::post(std::move_only_function<void()> work) {
  const std::scoped_lock lock(mutex_);
  if (io_ != nullptr) boost::asio::post(*io_, std::move(work));
}

void Mailbox::close() {
  const std::scoped_lock lock(mutex_);
  io_ = nullptr;
}

}  // namespace cordyna::server
