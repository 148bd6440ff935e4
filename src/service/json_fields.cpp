#include "service/json_fields.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/text.hpp"

namespace cordyna {

void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
  append_json(out, text);
}

void append_time(std::string& out, std::string_view key, Millis at) {
  if (at > 0) fmt::format_to(std::back_inserter(out), ",\"{}\":\"{}\"", key, format_timestamp(at));
}

}  // namespace cordyna
