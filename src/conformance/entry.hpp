/// What happened between the kit and the server under test, in the order in which it did.
///
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "protocol/envelope.hpp"
#include "protocol/messages.hpp"
#include "shape/json_body.hpp"

namespace cordyna::conformance {

enum class Sort : std::uint8_t {
  kOpened,   ///< a WebSocket
  kClosed,   ///< that WebSocket
  kRefused,  ///< a request that is none of the protocol
  kCame,     ///< a message of the server
  kBad,      ///< what should be one
  kSent,     ///< a message of the kit
};

struct Entry {
  Sort sort = Sort::kCame;
  std::size_t index = 0;  ///< in the record
  std::size_t link = 0;   ///< which connection, from 1; 0: HTTP without one
  Millis at = 0;          ///< of a clock that only goes forward
  protocol::MessageKind kind = protocol::MessageKind::kHello;  ///< of kCame and kSent
  protocol::Head head{};                                       ///< of both, too
  shape::JsonBody data{};                                      ///< of both, too
  std::string text{};  ///< of kBad and kRefused: what is wrong; of an unknown message sent: itself

  [[nodiscard]] bool is(protocol::MessageKind wanted) const {
    return sort == Sort::kCame && kind == wanted;
  }
  [[nodiscard]] bool is_sent(protocol::MessageKind wanted) const {
    return sort == Sort::kSent && text.empty() && kind == wanted;
  }
  /// Empty: it is of none.
  [[nodiscard]] std::string attempt() const { return data.text("attempt"); }
};

using Record = std::vector<Entry>;

/// "task.completed" of "cordyna.task.completed.v1".
[[nodiscard]] std::string_view short_type(protocol::MessageKind kind);

/// Completed, error or cancelled.
[[nodiscard]] bool is_end(protocol::MessageKind kind);
/// What is kept and sent again until it has its receipt.
[[nodiscard]] bool needs_receipt(protocol::MessageKind kind);
/// What a server says of one attempt.
[[nodiscard]] bool is_of_attempt(protocol::MessageKind kind);

/// One line for people: when, who, what.
[[nodiscard]] std::string entry_line(const Entry& entry, Millis begun);

/// Milliseconds of a clock that only goes forward.
[[nodiscard]] Millis steady_now();

}  // namespace cordyna::conformance
