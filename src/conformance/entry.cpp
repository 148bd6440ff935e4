#include "conformance/entry.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <chrono>

#include "base/text.hpp"

namespace cordyna::conformance {

using protocol::MessageKind;

std::string_view short_type(MessageKind kind) {
  std::string_view type = protocol::message_spec(kind).type;
  type.remove_prefix(std::string_view("cordyna.").size());
  type.remove_suffix(std::string_view(".v1").size());
  return type;
}

bool is_end(MessageKind kind) {
  return kind == MessageKind::kCompleted || kind == MessageKind::kError ||
         kind == MessageKind::kCancelled;
}

bool needs_receipt(MessageKind kind) {
  return is_end(kind) || kind == MessageKind::kQueued || kind == MessageKind::kRejected;
}

bool is_of_attempt(MessageKind kind) {
  return needs_receipt(kind) || kind == MessageKind::kStarted || kind == MessageKind::kProgress ||
         kind == MessageKind::kLog || kind == MessageKind::kExtend;
}

std::string entry_line(const Entry& entry, Millis begun) {
  constexpr std::size_t kTextMax = 400;
  std::string what;
  switch (entry.sort) {
    case Sort::kOpened: what = "-- connection opened"; break;
    case Sort::kClosed: what = "-- connection closed"; break;
    case Sort::kRefused: what = "-- refused: " + entry.text; break;
    case Sort::kBad: what = "<- not a message: " + entry.text; break;
    case Sort::kCame:
    case Sort::kSent:
      what = entry.sort == Sort::kCame ? "<- " : "-> ";
      if (!entry.text.empty()) {
        what += entry.text;
        break;
      }
      what += fmt::format("{} id={}", short_type(entry.kind), entry.head.id);
      if (entry.head.seq != 0) what += fmt::format(" seq={}", entry.head.seq);
      if (entry.data.raw() != nullptr) what += " " + boost::json::serialize(*entry.data.raw());
      break;
  }
  return fmt::format("{:8.3f} #{} {}", static_cast<double>(entry.at - begun) / 1000, entry.link,
                     fit(printable(what), kTextMax));
}

Millis steady_now() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace cordyna::conformance
