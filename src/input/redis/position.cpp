#include "input/redis/position.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "base/base64.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"

namespace cordyna::input {
namespace {

namespace json = boost::json;

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// ["1-0",0,12]
std::optional<StreamMark> mark_of(const json::value& value) {
  const json::array* parts = value.if_array();
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_string() ||
      !(*parts)[1].is_int64() || !(*parts)[2].is_int64()) {
    return std::nullopt;
  }
  const json::string& text = (*parts)[0].get_string();
  const auto last = parse_entry_id({text.data(), text.size()});
  if (!last.has_value()) return std::nullopt;
  return StreamMark{*last, (*parts)[1].get_int64(), (*parts)[2].get_int64()};
}

}  // namespace

std::optional<EntryId> parse_entry_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  EntryId id;
  if (dash == std::string_view::npos || !read_number(text.substr(0, dash), id.ms) ||
      !read_number(text.substr(dash + 1), id.number)) {
    return std::nullopt;
  }
  return id;
}

std::string to_text(const EntryId& id) {
  return fmt::format("{}-{}", id.ms, id.number);
}

std::string to_text(const RedisPosition& position) {
  std::string streams;
  for (const auto& [name, mark] : position.streams) {
    // A name may be any bytes, and a position is UTF-8.
    streams += fmt::format(R"({}{}:["{}",{},{}])", streams.empty() ? "" : ",",
                           json_string(base64(name)), to_text(mark.last), mark.anew, mark.missed);
  }
  return fmt::format(R"({{"consumer":{},"streams":{{{}}}}})", json_string(position.consumer),
                     streams);
}

Result<RedisPosition> parse_redis_position(std::string_view text) {
  RedisPosition position;
  if (text.empty()) return position;
  const auto broken = [text] {
    return fail(ErrorCode::kCorrupt,
                fmt::format("the position of the input is not one of Redis: {}",
                            fit(printable(text), 100)));
  };
  boost::system::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  const json::value* consumer = object == nullptr ? nullptr : object->if_contains("consumer");
  const json::value* streams = object == nullptr ? nullptr : object->if_contains("streams");
  if (consumer == nullptr || !consumer->is_string() || streams == nullptr ||
      !streams->is_object()) {
    return broken();
  }
  position.consumer = std::string(consumer->get_string());
  for (const auto& [name, value] : streams->get_object()) {
    const auto bytes = from_base64(std::string_view(name.data(), name.size()));
    const auto mark = mark_of(value);
    if (!bytes.has_value() || !mark.has_value()) return broken();
    position.streams[*bytes] = *mark;
  }
  return position;
}

}  // namespace cordyna::input
