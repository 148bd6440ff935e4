#include "process/data/file_kind.hpp"

namespace cordyna::data {

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
  }
  return kind;
}

}  // namespace cordyna::data
