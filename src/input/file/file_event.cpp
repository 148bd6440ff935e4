#include "input/file/file_event.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "input/file/names.hpp"

namespace cordyna::input {
namespace {

constexpr std::int64_t kNanosOfMilli = 1'000'000;

}  // namespace

Event event_of_file(const FileEvent& file) {
  Event event;
  event.location = shown_path(file.location);
  event.operation = file.operation;
  event.id = shown_path(file.path);
  event.at = EventTime(std::chrono::milliseconds(file.at));
  event.key = file.key;
  event.data =
      fmt::format(R"({{"path":{},"name":{},"folder":{},"size":{},"modified":"{}","inode":{})",
                  json_string(event.id), json_string(shown_path(name_in(file.path))),
                  json_string(shown_path(file.folder)), file.stamp.size,
                  format_timestamp(file.stamp.modified / kNanosOfMilli), file.stamp.inode);
  if (!file.sha256.empty()) event.data += fmt::format(R"(,"sha256":"{}")", file.sha256);
  if (!is_utf8(file.location) || !is_utf8(file.path)) {
    event.data += fmt::format(
        R"(,"base64":"{}","problem":"its path is not UTF-8: in texts %XX stands for such a byte, )"
        R"(and 'base64' has the bytes of 'location'")",
        base64(file.location));
  }
  event.data += '}';
  return event;
}

}  // namespace cordyna::input
