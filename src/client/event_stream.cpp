#include "client/event_stream.hpp"

#include <utility>

namespace cordyna::client {

Result<> EventStream::feed(std::string_view piece) {
  // A line ends with CR, LF or both; the two may come in different pieces.
  for (const char c : piece) {
    if (over_) return {};
    const bool second = after_cr_ && c == '\n';
    after_cr_ = c == '\r';
    if (second) continue;
    if (c != '\r' && c != '\n') {
      rest_ += c;
      if (rest_.size() + event_.data.size() > kEventBytesMax) {
        return fail(ErrorCode::kCorrupt, "the server sent an event without an end");
      }
      continue;
    }
    const std::string whole = std::exchange(rest_, {});
    line(whole);
  }
  return {};
}

void EventStream::line(std::string_view line) {
  if (line.empty()) {
    if (has_data_) {
      if (event_.type.empty()) event_.type = "message";
      over_ = !take_(event_);
    }
    event_.type.clear();
    event_.data.clear();
    has_data_ = false;
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") event_.type = value;
  if (name == "id" && !value.contains('\0')) event_.id = value;
  if (name != "data") return;
  if (has_data_) event_.data += '\n';
  event_.data += value;
  has_data_ = true;
}

}  // namespace cordyna::client
