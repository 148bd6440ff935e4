#include "input/file/stamp.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace cordyna::input {
namespace {

namespace json = boost::json;

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc();
}

bool read_text(const json::object& object, std::string_view key, std::string& text) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return false;
  text.assign(value->get_string().data(), value->get_string().size());
  return true;
}

template <class Number>
bool read_number(const json::object& object, std::string_view key, Number& number) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return false;
  boost::system::error_code error;
  number = value->to_number<Number>(error);
  return !error;
}

}  // namespace

std::string to_text(const KnownFile& known) {
  const Stamp& stamp = known.stamp;
  return fmt::format("{} {} {} {} {}", stamp.size, stamp.modified, stamp.changed, stamp.inode,
                     known.archived);
}

Result<KnownFile> parse_known_file(std::string_view text) {
  KnownFile known;
  std::string_view rest = text;
  if (take_number(rest, known.stamp.size) && take_number(rest, known.stamp.modified) &&
      take_number(rest, known.stamp.changed) && take_number(rest, known.stamp.inode) &&
      take_number(rest, known.archived) && rest.empty()) {
    return known;
  }
  return fail(ErrorCode::kCorrupt,
              fmt::format("what is known of a file cannot be read: {}", fit(printable(text), 60)));
}

std::string to_text(const FilePosition& position) {
  return fmt::format(R"({{"begun":{},"folder":{},"device":{},"told":{}}})",
                     json_string(position.begun), json_string(position.folder), position.device,
                     position.told);
}

Result<FilePosition> parse_file_position(std::string_view text) {
  FilePosition position;
  if (text.empty()) return position;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  if (object != nullptr && read_text(*object, "begun", position.begun) &&
      read_text(*object, "folder", position.folder) &&
      read_number(*object, "device", position.device) &&
      read_number(*object, "told", position.told)) {
    return position;
  }
  return fail(ErrorCode::kCorrupt, fmt::format("the position of the input is not one of files: {}",
                                               fit(printable(text), 100)));
}

}  // namespace cordyna::input
