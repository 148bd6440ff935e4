#include "process/data/file_kind.hpp"

#include <array>
#include <utility>

#include "base/words.hpp"

namespace cordyna::data {
namespace {

/// What comes instead of data: packed in a way that nobody reads here, or a page that says why not.
std::string foreign_kind(std::string_view front) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPacked{{
      {std::string_view("PK\x03\x04", 4), "a zip archive"},
      {std::string_view("BZh91AY&SY", 10), "packed with bzip2"},
      {std::string_view("\xfd"
                        "7zXZ",
                        5),
       "packed with xz"},
      {std::string_view("7z\xbc\xaf", 4), "a 7z archive"},
      {std::string_view("%PDF-", 5), "a PDF document"},
  }};
  for (const auto& [mark, kind] : kPacked) {
    if (front.starts_with(mark)) return std::string(kind);
  }
  if (front.starts_with("\xef\xbb\xbf")) front.remove_prefix(3);
  const std::size_t first = front.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  const std::string text = ascii_lower(front.substr(first, 20));
  if (text.starts_with("<!doctype html") || text.starts_with("<html")) return "an HTML page";
  return text.starts_with("<?xml") ? "an XML document" : "";
}

}  // namespace

FileKind kind_of_file(std::string_view front) {
  FileKind kind;
  if (front.starts_with("\x1f\x8b")) {
    kind.compression = "gzip";
  } else if (front.starts_with("\x28\xb5\x2f\xfd")) {
    kind.compression = "zstd";
  } else if (front.starts_with("PAR1")) {
    kind.format = FileFormat::kParquet;
  } else if (front.starts_with("\xff\xfe") || front.starts_with("\xfe\xff")) {
    kind.encoding = "utf-16";
  } else {
    const std::size_t first = front.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && front[first] == '{') kind.format = FileFormat::kJson;
    kind.foreign = foreign_kind(front);
  }
  return kind;
}

}  // namespace cordyna::data
