/// Messages as they travel: CloudEvents 1.0 in JSON, alone or as a list.
///
/// Pure. Threads: any. Source: docs/decisions/044-protocol-messages.md; CloudEvents 1.0.2, its JSON
/// format and batch.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "protocol/messages.hpp"
#include "shape/json_body.hpp"

namespace cordyna::protocol {

/// Who sends a message, and which it is.
struct Head {
  std::string id;            ///< made once, and the same each time that it is sent; 1 to 128 bytes
  std::string source;        ///< "urn:cordyna:ts:team-a/etl-1"; 1 to 256 bytes
  std::string subject;       ///< the attempt's name, where there is one
  std::string session;       ///< empty: none yet, or level 0
  std::uint64_t seq = 0;     ///< counts from 1 for a session and direction; 0: none
  std::string trace_parent;  ///< W3C Trace Context; empty: none
  Millis time = 0;           ///< for people alone: no timer goes by it; 0: none
};

struct Message {
  const MessageSpec* spec = nullptr;  ///< of the table
  Head head;
  shape::JsonBody data;  ///< checked against spec->data; what that does not name is ignored
};

/// What could not be taken. `id` and `type` as far as they could be read.
struct BadMessage {
  std::string id;
  std::string type;
  std::string code;  ///< malformed, too_large, unknown_type, wrong_direction, invalid
  std::vector<shape::Flaw> flaws;
};

using ReadMessage = std::variant<Message, BadMessage>;

/// One message, or a list of them, each read by itself. `text`: one within kMessageMax; at most
/// kBatchMax of them, within kListMax; what is not JSON at all, or too large, is one BadMessage.
/// `from`: kToCerebro or kToServer, what the reader takes.
[[nodiscard]] std::vector<ReadMessage> read_messages(std::string_view text, Direction from);

/// The same, a part of them at a time: what they mean is looked at only then.
class MessageReader {
 public:
  MessageReader(std::string_view text, Direction from);
  /// The next ones, at most so many.
  [[nodiscard]] std::vector<ReadMessage> next(std::size_t most);
  /// How many are left.
  [[nodiscard]] std::size_t left() const { return count_ - next_; }

 private:
  Direction from_;
  std::shared_ptr<const boost::json::value> whole_;  ///< null: it is `refused_`
  std::vector<ReadMessage> refused_;
  std::size_t count_ = 1;
  std::size_t next_ = 0;
};

/// One line. `data`: JSON of an object, as the spec says.
[[nodiscard]] std::string write_message(MessageKind kind, const Head& head, std::string_view data);

/// The data of a message.problem that tells of it, for whoever sent it.
[[nodiscard]] std::string problem_data(const BadMessage& bad, bool is_fatal);

}  // namespace cordyna::protocol
