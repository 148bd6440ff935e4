/// What waits to go out on one WebSocket: where any thread puts it, and the server's takes it.
///
/// Internal to this folder. Threads: sending: any; the rest: the server's.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/http/websocket.hpp"

namespace cordyna::server {

class WebSocketOutbox final : public WebSocket {
 public:
  struct Close {
    std::uint16_t code = 0;
    std::string reason;
  };

  /// `wake`: once for all that is put in until the next take(), on the thread that puts it in.
  WebSocketOutbox(std::size_t bytes_max, std::function<void()> wake)
      : bytes_max_(bytes_max), wake_(std::move(wake)) {}

  bool send(std::string text) override;
  void close(std::uint16_t code, std::string_view reason) override;
  [[nodiscard]] std::size_t queued_bytes() const override;

  /// All that waits; it counts until went_out(). `into` is empty.
  void take(std::vector<std::string>& into);
  void went_out(const std::string& text);
  /// What follows all that was taken.
  [[nodiscard]] std::optional<Close> close_asked() const;
  /// More was sent than may wait.
  [[nodiscard]] bool is_too_full() const;
  /// Nothing is sent any more.
  void shut();

 private:
  enum class State : std::uint8_t { kOpen, kClosing, kTooFull, kShut };
  [[nodiscard]] static std::size_t cost(const std::string& text);

  const std::size_t bytes_max_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  State state_ = State::kOpen;  ///< under the mutex, as all that follows
  std::vector<std::string> texts_;
  std::size_t bytes_ = 0;  ///< with what was taken and has not gone out
  bool woken_ = false;
  Close close_;
};

}  // namespace cordyna::server
