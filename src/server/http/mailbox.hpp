/// The way to the server's thread from any other, which may be used also after the server has gone.
///
/// Internal to this folder. Threads: any, but for close() and own_thread_is_this().
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;  // NOLINT(readability-identifier-naming): the name is theirs
}

namespace cordyna::server {

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

  /// Runs it later, on the server's thread; after close() it is dropped here. What comes before the
  /// thread has looked goes with what is there: a commit that answers many wakes it once.
  void post(std::move_only_function<void()> work);
  /// The io_context is not touched any more.
  void close();

  void own_thread_is_this() { own_ = std::this_thread::get_id(); }
  [[nodiscard]] bool on_own_thread() const { return own_ == std::this_thread::get_id(); }

 private:
  void run();

  std::mutex mutex_;
  boost::asio::io_context* io_;                         ///< under the mutex; null: closed
  std::vector<std::move_only_function<void()>> works_;  ///< under the mutex
  std::atomic<std::thread::id> own_{};
};

}  // namespace cordyna::server
