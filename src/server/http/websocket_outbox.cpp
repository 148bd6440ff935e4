#include "server/http/websocket_outbox.hpp"

#include <utility>

namespace cordyna::server {
namespace {

/// A control frame has 125 bytes, and the code takes two.
constexpr std::size_t kReasonBytesMax = 123;

/// RFC 6455, 7.4: 1004 to 1006 and 1015 are never sent.
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1013) ||
         (code >= 3000 && code <= 4999);
}

/// Of UTF-8, without half a character at the end.
std::string_view shortened(std::string_view text) {
  if (text.size() <= kReasonBytesMax) return text;
  std::size_t end = kReasonBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

/// A million empty messages are not nothing.
std::size_t WebSocketOutbox::cost(const std::string& text) {
  return text.size() + sizeof(std::string);
}

bool WebSocketOutbox::send(std::string text) {
  std::vector<std::string> dropped;  // goes without the lock
  bool tell = false;
  bool fits = false;
  {
    const std::scoped_lock lock(mutex_);
    if (state_ != State::kOpen) return false;
    const std::size_t bytes = cost(text);
    fits = bytes <= bytes_max_ && bytes_ <= bytes_max_ - bytes;
    if (fits) {
      texts_.push_back(std::move(text));
      bytes_ += bytes;
    } else {
      state_ = State::kTooFull;
      dropped.swap(texts_);
    }
    tell = !std::exchange(woken_, true) || !fits;
  }
  if (tell) wake_();
  return fits;
}

void WebSocketOutbox::close(std::uint16_t code, std::string_view reason) {
  {
    const std::scoped_lock lock(mutex_);
    if (state_ != State::kOpen) return;
    state_ = State::kClosing;
    close_.code = may_be_sent(code) ? code : static_cast<std::uint16_t>(CloseCode::kInternalError);
    close_.reason = shortened(reason);
    if (std::exchange(woken_, true)) return;
  }
  wake_();
}

std::size_t WebSocketOutbox::queued_bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

void WebSocketOutbox::take(std::vector<std::string>& into) {
  const std::scoped_lock lock(mutex_);
  into.swap(texts_);
  woken_ = false;
}

void WebSocketOutbox::went_out(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  if (state_ != State::kShut) bytes_ -= cost(text);
}

std::optional<WebSocketOutbox::Close> WebSocketOutbox::close_asked() const {
  const std::scoped_lock lock(mutex_);
  if (state_ != State::kClosing) return std::nullopt;
  return close_;
}

bool WebSocketOutbox::is_too_full() const {
  const std::scoped_lock lock(mutex_);
  return state_ == State::kTooFull;
}

void WebSocketOutbox::shut() {
  std::vector<std::string> dropped;  // goes without the lock
  const std::scoped_lock lock(mutex_);
  state_ = State::kShut;
  bytes_ = 0;
  dropped.swap(texts_);
}

}  // namespace cordyna::server
