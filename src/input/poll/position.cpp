#include "input/poll/position.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace cordyna::input {
namespace {

namespace json = boost::json;

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

}  // namespace

std::string to_text(const PollPosition& position) {
  std::string out =
      fmt::format(R"({{"id":{},"events":{},"by":{},"begun":{})", json_string(position.id),
                  position.events, json_string(position.by), position.begun);
  if (position.cursor.has_value()) {
    // A number stands as text: what reads it again must not round it.
    out += fmt::format(R"(,"cursor":{},"number":{})", json_string(position.cursor->text),
                       position.cursor->is_number);
  }
  if (!position.tag.empty()) {
    out += fmt::format(R"(,"tag":{},"tag_of":{})", json_string(position.tag),
                       json_string(position.tag_of));
  }
  return out + "}";
}

Result<PollPosition> parse_poll_position(std::string_view text) {
  PollPosition position;
  if (text.empty()) return position;
  boost::system::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  const json::value* events = object == nullptr ? nullptr : object->if_contains("events");
  const json::value* begun = object == nullptr ? nullptr : object->if_contains("begun");
  if (events == nullptr || !events->is_int64() || begun == nullptr || !begun->is_bool() ||
      text_in(*object, "id").empty()) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("the position of the input is not one of a poll: {}",
                            fit(printable(text), 100)));
  }
  position.id = text_in(*object, "id");
  position.events = events->get_int64();
  position.by = text_in(*object, "by");
  position.begun = begun->get_bool();
  if (object->contains("cursor")) {
    const json::value* number = object->if_contains("number");
    position.cursor = {number != nullptr && number->is_bool() && number->get_bool(),
                       text_in(*object, "cursor")};
  }
  position.tag = text_in(*object, "tag");
  position.tag_of = text_in(*object, "tag_of");
  return position;
}

}  // namespace cordyna::input
